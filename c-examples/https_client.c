/* https_client HOST PORT [CAFILE]: fetches / from a server that it verifies, by CAFILE or by what the system trusts. */
#define _POSIX_C_SOURCE 200809L
#include <netdb.h>
#include <pyssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

static int failed(const char *what, const char *why) { return fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *at, *all;
    struct timeval limit = {10, 0};
    uint8_t page[16384];
    pyssl_ctx *ctx;
    pyssl_conn *tls;
    ptrdiff_t got;
    int fd, error;
    if (argc < 3)
        return failed("usage", "https_client HOST PORT [CAFILE]");
    size_t sent, len = (size_t)snprintf((char *)page, sizeof page, "GET / HTTP/1.0\r\nHost: %.255s\r\n\r\n", argv[1]);
    if ((error = getaddrinfo(argv[1], argv[2], &hints, &all)) != 0)
        return failed(argv[1], gai_strerror(error));
    for (error = -1, at = all; at != NULL && error != 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* for connect() */
        error = connect(fd, at->ai_addr, at->ai_addrlen);
    }
    freeaddrinfo(all);
    if (error != 0)
        return perror("connect"), 1;
    if (pyssl_ctx_new_client(argv[3], &ctx) || pyssl_conn_new_fd(ctx, fd, &tls) ||
        pyssl_conn_set_client(tls, argv[1]) || pyssl_conn_set_timeout(tls, 10000))
        return failed("TLS", pyssl_error_message());
    if (pyssl_conn_send_all(tls, page, len, &sent)) /* does the handshake */
        return failed("send", pyssl_error_message());
    while ((got = pyssl_conn_recv(tls, page, sizeof page, 0)) > 0)
        fwrite(page, 1, (size_t)got, stdout);
    return got == PYSSL_ERR_ZERO_RETURN ? 0 : failed("receive", pyssl_error_message());
}
