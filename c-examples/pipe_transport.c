/* TLS through the standard input and output of a command, as through ssh's ProxyCommand: a transport of one's own.
 *
 *     pipe_transport CAFILE HOST COMMAND [ARGUMENT...]
 *
 * What the program reads from its standard input goes to the peer at the other end of the command, which has to show
 * a certificate for HOST; what the peer sends goes to standard output, until it says goodbye. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pyssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct pipes {
    pid_t command;
    int from, to;
};

static void die(const char *doing) {
    fprintf(stderr, "pipe_transport: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

/* The transport: blocking, so there is no PYSSL_TRANSPORT_LATER. */
static ptrdiff_t read_pipe(void *userdata, uint8_t *buffer, size_t size) {
    struct pipes *pipes = userdata;
    ssize_t got;

    while ((got = read(pipes->from, buffer, size)) < 0 && errno == EINTR)
        ;
    return got >= 0 ? (ptrdiff_t)got : PYSSL_TRANSPORT_FAILED;
}

static ptrdiff_t write_pipe(void *userdata, const uint8_t *bytes, size_t len) {
    struct pipes *pipes = userdata;
    ssize_t put;

    while ((put = write(pipes->to, bytes, len)) < 0 && errno == EINTR)
        ;
    return put >= 0 ? (ptrdiff_t)put : PYSSL_TRANSPORT_FAILED;
}

/* Called once, when the connection needs the pipes no longer. */
static void close_pipes(void *userdata) {
    struct pipes *pipes = userdata;

    close(pipes->from);
    close(pipes->to);
    waitpid(pipes->command, NULL, 0);
    free(pipes);
}

static struct pipes *start(char **command) {
    struct pipes *pipes = malloc(sizeof *pipes);
    int in[2], out[2];

    if (pipes == NULL || pipe(in) != 0 || pipe(out) != 0 || (pipes->command = fork()) < 0) {
        perror("pipe_transport: start");
        exit(1);
    }
    if (pipes->command == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[0]), close(in[1]), close(out[0]), close(out[1]);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(in[0]), close(out[1]);
    pipes->to = in[1];
    pipes->from = out[0];
    return pipes;
}

static pyssl_conn *connect_through(struct pipes *pipes, const char *cafile, const char *host) {
    pyssl_transport transport = {read_pipe, write_pipe, pipes, close_pipes};
    pyssl_ctx *ctx;
    pyssl_conn *conn;

    if (pyssl_ctx_new_client(cafile, &ctx) != PYSSL_OK)
        die("trust");
    if (pyssl_conn_new_transport(ctx, &transport, &conn) != PYSSL_OK)
        die("connection");
    pyssl_ctx_free(ctx); /* the connection keeps what it needs of it */
    if (pyssl_conn_set_client(conn, host) != PYSSL_OK)
        die("host");
    if (pyssl_conn_do_handshake(conn) != PYSSL_OK)
        die("handshake");
    return conn;
}

int main(int argc, char **argv) {
    uint8_t buffer[16384];
    pyssl_conn *conn;
    ptrdiff_t got;
    size_t len, sent;
    int done;

    if (argc < 4) {
        fputs("usage: pipe_transport CAFILE HOST COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a command that ended early is an error of write() */
    conn = connect_through(start(argv + 3), argv[1], argv[2]);
    while ((len = fread(buffer, 1, sizeof buffer, stdin)) > 0)
        if (pyssl_conn_send_all(conn, buffer, len, &sent) != PYSSL_OK)
            die("send");
    if (pyssl_conn_shutdown(conn, &done) != PYSSL_OK) /* no more from here; the peer may still answer */
        die("shutdown");
    while ((got = pyssl_conn_recv(conn, buffer, sizeof buffer, 0)) > 0)
        fwrite(buffer, 1, (size_t)got, stdout);
    if (got != PYSSL_ERR_ZERO_RETURN)
        die("receive");
    pyssl_conn_free(conn);
    return 0;
}
