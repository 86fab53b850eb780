/* A program of the release whose header it is compiled with: structures that it allocates, callbacks, objects, and a
 * handshake in memory. test_abi.sh runs it with today's library. */
#include "../c/check.h"

static int destroyed;

static void destroy(void *userdata) {
    CHECK(userdata == &destroyed);
    destroyed++;
}

static ptrdiff_t never(void *userdata, uint8_t *buffer, size_t size) {
    (void)buffer, (void)size;
    CHECK(userdata == &destroyed);
    return PYSSL_TRANSPORT_LATER;
}

static ptrdiff_t everything(void *userdata, const uint8_t *bytes, size_t len) {
    CHECK(userdata == &destroyed && bytes != NULL);
    return (ptrdiff_t)len;
}

static void structures_have_the_size_that_the_program_knows(void) {
    struct {
        pyssl_error error;
        unsigned char after[64];
    } room;
    struct {
        pyssl_error_entry entry;
        unsigned char after[64];
    } entry;
    int64_t value;
    size_t i;

    memset(&room, 0xa5, sizeof room);
    memset(&entry, 0xa5, sizeof entry);
    CHECK(pyssl_constant("PYSSL_NO_SUCH_THING", &value) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_error_last(&room.error) == PYSSL_OK && room.error.status == PYSSL_ERR_ABSENT);
    CHECK(pyssl_x509_load(PYSSL_FILETYPE_ASN1, (const uint8_t *)"no", 2, (pyssl_x509 **)&value) == PYSSL_ERROR);
    CHECK(pyssl_error_entry_at(0, &entry.entry) == PYSSL_OK && entry.entry.code != 0);
    for (i = 0; i < sizeof room.after; i++)
        CHECK(room.after[i] == 0xa5 && entry.after[i] == 0xa5);
}

static void transports_and_destructors_are_called(void) {
    pyssl_transport transport = {never, everything, &destroyed, destroy};
    pyssl_ctx *ctx;
    pyssl_conn *conn;

    CHECK(pyssl_ctx_new(PYSSL_TLS_CLIENT_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_conn_new_transport(ctx, &transport, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pyssl_conn_do_handshake(conn) == PYSSL_ERR_WANT_READ);
    CHECK(destroyed == 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && destroyed == 1);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
}

static pyssl_x509 *self_signed(pyssl_pkey *key) {
    pyssl_x509 *cert;
    pyssl_name *name;

    CHECK(pyssl_pkey_generate_ec(key, "prime256v1") == PYSSL_OK);
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_subject(cert, &name) == PYSSL_OK);
    CHECK(pyssl_name_set(name, "CN", (const uint8_t *)"then", 4) == PYSSL_OK);
    CHECK(pyssl_x509_set_issuer(cert, name) == PYSSL_OK);
    CHECK(pyssl_name_free(name) == PYSSL_OK);
    CHECK(pyssl_x509_set_version(cert, 2) == PYSSL_OK);
    CHECK(pyssl_x509_set_serial(cert, (const uint8_t *)"\1", 1) == PYSSL_OK);
    CHECK(pyssl_x509_adjust_not_before(cert, -60) == PYSSL_OK && pyssl_x509_adjust_not_after(cert, 3600) == PYSSL_OK);
    CHECK(pyssl_x509_set_pubkey(cert, key) == PYSSL_OK && pyssl_x509_sign(cert, key, "sha256") == PYSSL_OK);
    return cert;
}

static void carry(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[16384];
    ptrdiff_t len;

    while ((len = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)len) == len);
    CHECK(len == PYSSL_ERR_WANT_READ);
}

static void two_ends_talk_in_memory(void) {
    pyssl_ctx *ctx;
    pyssl_conn *client, *server;
    pyssl_pkey *key;
    pyssl_x509 *cert;
    pyssl_status at_client, at_server;
    uint8_t got[8];
    int round;

    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
    cert = self_signed(key);
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK && pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    CHECK(pyssl_conn_new(ctx, &client) == PYSSL_OK && pyssl_conn_set_connect_state(client) == PYSSL_OK);
    CHECK(pyssl_conn_new(ctx, &server) == PYSSL_OK && pyssl_conn_set_accept_state(server) == PYSSL_OK);
    for (round = 0, at_client = at_server = PYSSL_ERR_WANT_READ; round < 10; round++) {
        at_client = pyssl_conn_do_handshake(client);
        carry(client, server);
        at_server = pyssl_conn_do_handshake(server);
        carry(server, client);
    }
    CHECK(at_client == PYSSL_OK && at_server == PYSSL_OK);
    CHECK(pyssl_conn_send(client, (const uint8_t *)"hello", 5) == 5);
    carry(client, server);
    CHECK(pyssl_conn_recv(server, got, sizeof got, 0) == 5 && memcmp(got, "hello", 5) == 0);
    CHECK(pyssl_conn_free(client) == PYSSL_OK && pyssl_conn_free(server) == PYSSL_OK);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK && pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_ERR_HANDLE);
}

int main(void) {
    RUN(structures_have_the_size_that_the_program_knows);
    RUN(transports_and_destructors_are_called);
    RUN(two_ends_talk_in_memory);
    return 0;
}
