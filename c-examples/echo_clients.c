/* Opens many connections to an echo server, has a line echoed on each, and keeps them all open.
 *
 *     echo_clients HOST PORT CAFILE COUNT
 *
 * HOST is an address; its certificate has to name it. Says "COUNT connections are open" and waits for the end of
 * standard input; then it closes them. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd;
    pyssl_conn *conn;
};

static void die(const char *doing) {
    fprintf(stderr, "echo_clients: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static pyssl_ctx *make_context(const char *cafile) {
    pyssl_ctx *ctx;

    if (pyssl_ctx_new_client(cafile, &ctx) != PYSSL_OK)
        die("trust");
    return ctx;
}

static int connect_to(const char *host, const char *port) {
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)atoi(port));
    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("echo_clients: connect");
        exit(1);
    }
    return fd;
}

static struct client open_one(pyssl_ctx *ctx, const char *host, const char *port, long number) {
    struct client client;
    char line[64], back[64];
    size_t len = (size_t)snprintf(line, sizeof line, "this is client %ld\n", number), sent, at = 0;

    client.fd = connect_to(host, port);
    if (pyssl_conn_new_fd(ctx, client.fd, &client.conn) != PYSSL_OK)
        die("connection");
    if (pyssl_conn_set_client(client.conn, host) != PYSSL_OK)
        die("host");
    if (pyssl_conn_send_all(client.conn, (const uint8_t *)line, len, &sent) != PYSSL_OK)
        die("send");
    while (at < len) {
        ptrdiff_t got = pyssl_conn_recv(client.conn, (uint8_t *)back + at, sizeof back - at, 0);
        if (got <= 0)
            die("receive");
        at += (size_t)got;
    }
    if (at != len || memcmp(line, back, len) != 0) {
        fputs("echo_clients: the echo is another\n", stderr);
        exit(1);
    }
    return client;
}

int main(int argc, char **argv) {
    struct rlimit limit;
    struct client *clients;
    pyssl_ctx *ctx;
    long count, i;
    int done;

    if (argc != 5 || (count = atol(argv[4])) <= 0) {
        fputs("usage: echo_clients HOST PORT CAFILE COUNT\n", stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    ctx = make_context(argv[3]);
    if ((clients = calloc((size_t)count, sizeof *clients)) == NULL)
        return 1;
    for (i = 0; i < count; i++)
        clients[i] = open_one(ctx, argv[1], argv[2], i);
    printf("%ld connections are open\n", count);
    fflush(stdout);

    while (getchar() != EOF)
        ;
    for (i = 0; i < count; i++) {
        pyssl_conn_shutdown(clients[i].conn, &done);
        pyssl_conn_free(clients[i].conn);
        close(clients[i].fd);
    }
    free(clients);
    pyssl_ctx_free(ctx);
    return 0;
}
