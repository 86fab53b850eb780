/* Serves a page over TLS, to one client after the other.
 *
 *     tls_server PORT CERTFILE KEYFILE [CAFILE [COUNT]]
 *
 * PORT 0 takes a free one; the first line of standard output tells which. With CAFILE a client must show a certificate
 * that chains to it. Ends after COUNT clients, or never. One failed client is reported and does not end the program. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ends the program with the library's own words. */
static void die(const char *doing) {
    fprintf(stderr, "tls_server: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static int listen_on(unsigned short port) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("tls_server: listen");
        exit(1);
    }
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* Who this server is, and whom it lets in. */
static pyssl_ctx *make_context(const char *certfile, const char *keyfile, const char *cafile) {
    pyssl_ctx *ctx;

    if (pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) != PYSSL_OK)
        die("context");
    if (pyssl_ctx_use_certificate_chain_file(ctx, certfile) != PYSSL_OK)
        die("certificate");
    if (pyssl_ctx_use_privatekey_file(ctx, keyfile, PYSSL_FILETYPE_PEM, NULL, NULL) != PYSSL_OK)
        die("private key");
    if (pyssl_ctx_check_privatekey(ctx) != PYSSL_OK)
        die("private key");
    if (cafile != NULL) {
        int mode = PYSSL_VERIFY_PEER | PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
        if (pyssl_ctx_load_verify_locations(ctx, cafile, NULL) != PYSSL_OK)
            die("trust");
        if (pyssl_ctx_set_verify(ctx, mode, NULL, NULL, NULL) != PYSSL_OK)
            die("verify");
    }
    return ctx;
}

/* Reads up to the empty line that ends a request's header. 0, or -1 when the client did not send one. */
static int read_request(pyssl_conn *conn) {
    char request[8192];
    size_t len = 0;

    while (len < sizeof request - 1) {
        intptr_t got = pyssl_conn_recv(conn, (uint8_t *)request + len, sizeof request - 1 - len, 0);
        if (got <= 0)
            return -1;
        len += (size_t)got;
        request[len] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL)
            return 0;
    }
    return -1;
}

/* What the client is shown: how it is connected, and as whom. */
static int send_page(pyssl_conn *conn) {
    char version[32], cipher[64], subject[512] = "nobody", page[1024];
    size_t len, sent;
    pyssl_x509 *cert;
    pyssl_name *name;
    int size, done;

    if (pyssl_conn_version_name(conn, version, sizeof version, &len) != PYSSL_OK ||
        pyssl_conn_cipher_name(conn, cipher, sizeof cipher, &len) != PYSSL_OK ||
        pyssl_conn_peer_certificate(conn, &cert) != PYSSL_OK)
        return -1;
    if (cert != NULL && pyssl_x509_subject(cert, &name) == PYSSL_OK) {
        pyssl_name_oneline(name, subject, sizeof subject, &len);
        pyssl_name_free(name);
    }
    pyssl_x509_free(cert);
    size = snprintf(page, sizeof page,
                    "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
                    "Hello from libpyssl %s.\nYou speak %s with %s, as %s.\n",
                    pyssl_version(), version, cipher, subject);
    if (pyssl_conn_send_all(conn, (const uint8_t *)page, (size_t)size, &sent) != PYSSL_OK)
        return -1;
    return pyssl_conn_shutdown(conn, &done) == PYSSL_OK ? 0 : -1;
}

static void serve(pyssl_ctx *ctx, int fd) {
    pyssl_conn *conn;

    if (pyssl_conn_new_fd(ctx, fd, &conn) != PYSSL_OK)
        die("connection");
    pyssl_conn_set_timeout(conn, 10000); /* nobody may keep the others waiting for longer */
    pyssl_conn_set_accept_state(conn);
    if (pyssl_conn_do_handshake(conn) != PYSSL_OK || read_request(conn) != 0 || send_page(conn) != 0)
        fprintf(stderr, "tls_server: a client was not served: %s\n", pyssl_error_message());
    pyssl_conn_free(conn);
}

int main(int argc, char **argv) {
    pyssl_ctx *ctx;
    int listener, count;

    if (argc < 4 || argc > 6) {
        fputs("usage: tls_server PORT CERTFILE KEYFILE [CAFILE [COUNT]]\n", stderr);
        return 2;
    }
    ctx = make_context(argv[2], argv[3], argc > 4 && argv[4][0] != '\0' ? argv[4] : NULL);
    listener = listen_on((unsigned short)atoi(argv[1]));
    for (count = argc > 5 ? atoi(argv[5]) : -1; count != 0; count -= count > 0) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) {
            perror("tls_server: accept");
            continue;
        }
        serve(ctx, fd);
        close(fd);
    }
    close(listener);
    pyssl_ctx_free(ctx);
    return 0;
}
