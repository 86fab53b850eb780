/* tls.h on libssl, as a program uses it by its manual: memory BIOs, an empty error queue before each operation. */
#include "tls.h"
#include "worker.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

const char *peer_version(void) { return OpenSSL_version(OPENSSL_VERSION); }

static void fail(const char *doing) {
    char why[256];

    ERR_error_string_n(ERR_get_error(), why, sizeof why);
    die(doing, why);
}

peer_context *peer_context_new(const char *certificate, const char *key, const char *trust, int release) {
    SSL_CTX *ctx = SSL_CTX_new(trust ? TLS_client_method() : TLS_server_method());

    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION))
        fail("context");
    if (certificate && SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
        fail(certificate);
    if (key && SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
        fail(key);
    if (trust) {
        if (SSL_CTX_load_verify_locations(ctx, trust, NULL) != 1)
            fail(trust);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    }
    if (release)
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    return (peer_context *)ctx;
}

void peer_context_free(peer_context *context) { SSL_CTX_free((SSL_CTX *)context); }

peer *peer_new(peer_context *context, int server, int fd) {
    SSL *ssl = SSL_new((SSL_CTX *)context);

    if (!ssl)
        fail("connection");
    if (fd < 0)
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    else
        SSL_set_fd(ssl, fd);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return (peer *)ssl;
}

void peer_free(peer *connection) { SSL_free((SSL *)connection); }

static long outcome(peer *connection, int done, const char *doing) {
    if (done > 0)
        return done;
    switch (SSL_get_error((SSL *)connection, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return PEER_LATER;
    default:
        fail(doing);
        return 0;
    }
}

long peer_handshake(peer *connection) {
    ERR_clear_error();
    long done = outcome(connection, SSL_do_handshake((SSL *)connection), "handshake");
    return done > 0 ? 0 : done;
}

long peer_send(peer *connection, const void *data, size_t len) {
    ERR_clear_error();
    return outcome(connection, SSL_write((SSL *)connection, data, (int)len), "send");
}

long peer_recv(peer *connection, void *room, size_t size) {
    ERR_clear_error();
    return outcome(connection, SSL_read((SSL *)connection, room, (int)size), "receive");
}

long peer_take(peer *connection, void *room, size_t size) {
    int taken = BIO_read(SSL_get_wbio((SSL *)connection), room, (int)size);
    return taken > 0 ? taken : PEER_LATER;
}

long peer_give(peer *connection, const void *data, size_t len) {
    int given = BIO_write(SSL_get_rbio((SSL *)connection), data, (int)len);
    if (given <= 0)
        fail("give");
    return given;
}
