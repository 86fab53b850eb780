/* Fetches a page over TLS and shows what the connection is made of.
 *
 *     tls_client HOST PORT CAFILE [PATH [CERTFILE KEYFILE]]
 *
 * The page goes to standard output, the report to standard error. The server's chain is verified against CAFILE, and
 * its names against HOST, a DNS name or an address; with CERTFILE and KEYFILE the client shows a certificate of its
 * own. Ends with 0 when a whole page came. */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ends the program with the library's own words. */
static void die(const char *doing) {
    fprintf(stderr, "tls_client: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static int connect_to(const char *host, const char *port) {
    struct addrinfo hints = {0}, *found, *at;
    int fd = -1, failure;

    hints.ai_socktype = SOCK_STREAM;
    failure = getaddrinfo(host, port, &hints, &found);
    if (failure != 0) {
        fprintf(stderr, "tls_client: %s: %s\n", host, gai_strerror(failure));
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
        perror("tls_client: connect");
        exit(1);
    }
    return fd;
}

/* Whom to trust, and who this client is. */
static pyssl_ctx *make_context(const char *cafile, const char *certfile, const char *keyfile) {
    pyssl_ctx *ctx;

    if (pyssl_ctx_new_client(cafile, &ctx) != PYSSL_OK)
        die("trust");
    if (certfile != NULL) {
        if (pyssl_ctx_use_certificate_chain_file(ctx, certfile) != PYSSL_OK)
            die("certificate");
        if (pyssl_ctx_use_privatekey_file(ctx, keyfile, PYSSL_FILETYPE_PEM, NULL, NULL) != PYSSL_OK)
            die("private key");
    }
    return ctx;
}

static void report(pyssl_conn *conn) {
    char version[32], cipher[64], group[64], subject[512];
    size_t len;
    pyssl_x509 *cert;
    pyssl_name *name;

    if (pyssl_conn_version_name(conn, version, sizeof version, &len) != PYSSL_OK ||
        pyssl_conn_cipher_name(conn, cipher, sizeof cipher, &len) != PYSSL_OK)
        die("report");
    if (pyssl_conn_group_name(conn, group, sizeof group, &len) != PYSSL_OK)
        strcpy(group, "none"); /* TLS 1.2 may do without */
    if (pyssl_conn_peer_certificate(conn, &cert) != PYSSL_OK || pyssl_x509_subject(cert, &name) != PYSSL_OK ||
        pyssl_name_oneline(name, subject, sizeof subject, &len) != PYSSL_OK)
        die("peer certificate");
    fprintf(stderr, "protocol %s\ncipher   %s\ngroup    %s\npeer     %s\n", version, cipher, group, subject);
    pyssl_name_free(name);
    pyssl_x509_free(cert);
}

/* A page ends with the connection (HTTP/1.0); only the server's close_notify tells that it is whole. */
static size_t fetch(pyssl_conn *conn, const char *host, const char *path) {
    char request[1024];
    uint8_t page[16384];
    size_t sent, total = 0;
    intptr_t got;
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);

    if (len < 0 || (size_t)len >= sizeof request) {
        fputs("tls_client: the path is too long\n", stderr);
        exit(1);
    }
    if (pyssl_conn_send_all(conn, (const uint8_t *)request, (size_t)len, &sent) != PYSSL_OK)
        die("send");
    while ((got = pyssl_conn_recv(conn, page, sizeof page, 0)) > 0) {
        fwrite(page, 1, (size_t)got, stdout);
        total += (size_t)got;
    }
    if (got != PYSSL_ERR_ZERO_RETURN)
        die("receive");
    return total;
}

int main(int argc, char **argv) {
    pyssl_ctx *ctx;
    pyssl_conn *conn;
    int fd, done;

    if (argc != 4 && argc != 5 && argc != 7) {
        fputs("usage: tls_client HOST PORT CAFILE [PATH [CERTFILE KEYFILE]]\n", stderr);
        return 2;
    }
    ctx = make_context(argv[3], argc > 5 ? argv[5] : NULL, argc > 6 ? argv[6] : NULL);
    fd = connect_to(argv[1], argv[2]);
    if (pyssl_conn_new_fd(ctx, fd, &conn) != PYSSL_OK)
        die("connection");
    if (pyssl_conn_set_client(conn, argv[1]) != PYSSL_OK)
        die("host");
    if (pyssl_conn_do_handshake(conn) != PYSSL_OK)
        die("handshake");
    report(conn);
    fprintf(stderr, "bytes    %zu\n", fetch(conn, argv[1], argc > 4 ? argv[4] : "/"));
    pyssl_conn_shutdown(conn, &done); /* the page is whole; whether the goodbye arrives changes nothing */

    pyssl_conn_free(conn);
    pyssl_ctx_free(ctx);
    close(fd);
    return 0;
}
