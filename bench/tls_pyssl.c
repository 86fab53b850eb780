/* tls.h on libpyssl. */
#include "tls.h"
#include "worker.h"
#include <pyssl.h>

const char *peer_version(void) { return pyssl_openssl_version(PYSSL_OPENSSL_VERSION); }

static void must(pyssl_status status, const char *doing) {
    if (status != PYSSL_OK)
        die(doing, pyssl_error_message());
}

peer_context *peer_context_new(const char *certificate, const char *key, const char *trust, int release) {
    pyssl_ctx *ctx;

    (void)release; /* libpyssl sees to that by itself */
    must(pyssl_ctx_new(trust ? PYSSL_TLS_CLIENT_METHOD : PYSSL_TLS_SERVER_METHOD, &ctx), "context");
    must(pyssl_ctx_set_min_proto_version(ctx, 0x0304), "version");
    if (certificate)
        must(pyssl_ctx_use_certificate_chain_file(ctx, certificate), "certificate");
    if (key)
        must(pyssl_ctx_use_privatekey_file(ctx, key, PYSSL_FILETYPE_PEM, NULL, NULL), "key");
    if (trust) {
        must(pyssl_ctx_load_verify_locations(ctx, trust, NULL), "trust");
        must(pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, NULL, NULL, NULL), "verify");
    }
    return (peer_context *)ctx;
}

void peer_context_free(peer_context *context) { must(pyssl_ctx_free((pyssl_ctx *)context), "free"); }

peer *peer_new(peer_context *context, int server, int fd) {
    pyssl_conn *conn;

    if (fd < 0)
        must(pyssl_conn_new((pyssl_ctx *)context, &conn), "connection");
    else
        must(pyssl_conn_new_fd((pyssl_ctx *)context, fd, &conn), "connection");
    must(server ? pyssl_conn_set_accept_state(conn) : pyssl_conn_set_connect_state(conn), "connection");
    return (peer *)conn;
}

void peer_free(peer *connection) { must(pyssl_conn_free((pyssl_conn *)connection), "free"); }

static long outcome(ptrdiff_t done, const char *doing) {
    if (done >= 0)
        return (long)done;
    if (done != PYSSL_ERR_WANT_READ && done != PYSSL_ERR_WANT_WRITE)
        die(doing, pyssl_error_message());
    return PEER_LATER;
}

long peer_handshake(peer *connection) {
    return outcome(pyssl_conn_do_handshake((pyssl_conn *)connection), "handshake");
}

long peer_send(peer *connection, const void *data, size_t len) {
    return outcome(pyssl_conn_send((pyssl_conn *)connection, data, len), "send");
}

long peer_recv(peer *connection, void *room, size_t size) {
    return outcome(pyssl_conn_recv((pyssl_conn *)connection, room, size, 0), "receive");
}

long peer_take(peer *connection, void *room, size_t size) {
    return outcome(pyssl_conn_bio_read((pyssl_conn *)connection, room, size), "take");
}

long peer_give(peer *connection, const void *data, size_t len) {
    return outcome(pyssl_conn_bio_write((pyssl_conn *)connection, data, len), "give");
}
