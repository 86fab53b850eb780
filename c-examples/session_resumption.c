/* Fetches a page over TLS and keeps the session in a file, from where the next run takes it up again.
 *
 *     session_resumption HOST PORT CAFILE SESSIONFILE
 *
 * Says "new session" or "resumed session" on standard error; the page goes to standard output. Whoever can read
 * SESSIONFILE can read what is sent, and whoever can write it can pose as the server: it is made with mode 0600. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <netdb.h>
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *doing) {
    fprintf(stderr, "session_resumption: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static int connect_to(const char *host, const char *port) {
    struct addrinfo hints = {0}, *found, *at;
    int fd = -1;

    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        fprintf(stderr, "session_resumption: no address of %s\n", host);
        exit(1);
    }
    for (at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    if (fd < 0) {
        perror("session_resumption: connect");
        exit(1);
    }
    return fd;
}

/* Offers the session of the last run. One that is not there, or not to be read, costs nothing but a full handshake. */
static void offer(pyssl_conn *conn, const char *path) {
    uint8_t bytes[16384];
    size_t len = 0;
    pyssl_session *session;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return;
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (pyssl_session_from_bytes(bytes, len, &session) != PYSSL_OK) {
        fprintf(stderr, "session_resumption: %s: %s\n", path, pyssl_error_message());
        return;
    }
    if (pyssl_conn_set_session(conn, session) != PYSSL_OK)
        die("session");
    pyssl_session_free(session);
}

/* Keeps the session. In TLS 1.3 its ticket comes after the handshake, so this is done when the page was read. */
static void keep(pyssl_conn *conn, const char *path) {
    uint8_t bytes[16384];
    size_t len;
    pyssl_session *session;
    int fd;

    if (pyssl_conn_session(conn, &session) != PYSSL_OK || session == NULL)
        return;
    if (pyssl_session_to_bytes(session, bytes, sizeof bytes, &len) != PYSSL_OK)
        die("session");
    pyssl_session_free(session);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0) {
        perror(path);
        exit(1);
    }
}

static void fetch(pyssl_conn *conn) {
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    uint8_t page[16384];
    size_t sent;
    ptrdiff_t got;

    if (pyssl_conn_send_all(conn, (const uint8_t *)request, sizeof request - 1, &sent) != PYSSL_OK)
        die("send");
    while ((got = pyssl_conn_recv(conn, page, sizeof page, 0)) > 0)
        fwrite(page, 1, (size_t)got, stdout);
    if (got != PYSSL_ERR_ZERO_RETURN)
        die("receive");
}

int main(int argc, char **argv) {
    pyssl_ctx *ctx;
    pyssl_conn *conn;
    int fd, done, resumed;

    if (argc != 5) {
        fputs("usage: session_resumption HOST PORT CAFILE SESSIONFILE\n", stderr);
        return 2;
    }
    if (pyssl_ctx_new_client(argv[3], &ctx) != PYSSL_OK)
        die("trust");
    fd = connect_to(argv[1], argv[2]);
    if (pyssl_conn_new_fd(ctx, fd, &conn) != PYSSL_OK)
        die("connection");
    if (pyssl_conn_set_client(conn, argv[1]) != PYSSL_OK)
        die("host");
    offer(conn, argv[4]);
    if (pyssl_conn_do_handshake(conn) != PYSSL_OK)
        die("handshake");
    if (pyssl_conn_session_reused(conn, &resumed) != PYSSL_OK)
        die("session");
    fprintf(stderr, "%s session\n", resumed ? "resumed" : "new");
    fetch(conn);
    keep(conn, argv[4]);
    pyssl_conn_shutdown(conn, &done);

    pyssl_conn_free(conn);
    pyssl_ctx_free(ctx);
    close(fd);
    return 0;
}
