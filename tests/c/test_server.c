/* A server's rules: sessions that are resumed only under the rules that they were made under, and its certificates. */
#include "made.h"

enum { TLS1_2 = 0x0303, TLS1_3 = 0x0304 };

#define DEMAND (PYSSL_VERIFY_PEER | PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT)

typedef struct {
    pyssl_conn *client, *server;
    pyssl_status client_status, server_status;
} ends;

static pyssl_ctx *new_ctx(int version, pyssl_x509 *cert, pyssl_pkey *key) {
    pyssl_ctx *ctx = NULL;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_max_proto_version(ctx, version) == PYSSL_OK);
    if (cert) {
        CHECK(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK);
        CHECK(pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    }
    return ctx;
}

static pyssl_ctx *new_server(int version) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("server", key, NULL, NULL);
    pyssl_ctx *ctx = new_ctx(version, cert, key);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    return ctx;
}

static void pump(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[4096];
    ptrdiff_t count;
    while ((count = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)count) == count);
    CHECK(count == PYSSL_ERR_WANT_READ);
}

static ends new_ends(pyssl_ctx *client, pyssl_ctx *server, pyssl_session *session) {
    ends both = {NULL, NULL, PYSSL_ERR_WANT_READ, PYSSL_ERR_WANT_READ};
    CHECK(pyssl_conn_new(client, &both.client) == PYSSL_OK && pyssl_conn_new(server, &both.server) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(both.client) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(both.server) == PYSSL_OK);
    CHECK(pyssl_conn_set_tlsext_host_name(both.client, (const uint8_t *)"a.test", 6) == PYSSL_OK);
    if (session)
        CHECK(pyssl_conn_set_session(both.client, session) == PYSSL_OK);
    return both;
}

static void shake(ends *both) {
    uint8_t byte;
    int round;
    for (round = 0; round < 6; round++) {
        if (both->client_status == PYSSL_ERR_WANT_READ)
            both->client_status = pyssl_conn_do_handshake(both->client);
        pump(both->client, both->server);
        if (both->server_status == PYSSL_ERR_WANT_READ)
            both->server_status = pyssl_conn_do_handshake(both->server);
        pump(both->server, both->client);
    }
    if (both->client_status == PYSSL_OK) /* session tickets, alerts */
        both->client_status = (pyssl_status)pyssl_conn_recv(both->client, &byte, 1, 0);
}

static int reused(ends *both) {
    int reused = -1;
    CHECK(pyssl_conn_session_reused(both->server, &reused) == PYSSL_OK);
    return reused;
}

static void free_ends(ends *both) {
    CHECK(pyssl_conn_free(both->client) == PYSSL_OK && pyssl_conn_free(both->server) == PYSSL_OK);
}

/* The client's session, of a connection that ends as it should. */
static pyssl_session *session_of(ends *both) {
    pyssl_session *session = NULL;
    int done;
    CHECK(both->server_status == PYSSL_OK && both->client_status == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_session(both->client, &session) == PYSSL_OK);
    CHECK(pyssl_conn_shutdown(both->client, &done) == PYSSL_OK);
    free_ends(both);
    return session;
}

static pyssl_session *new_session(pyssl_ctx *client, pyssl_ctx *server) {
    ends both = new_ends(client, server, NULL);
    shake(&both);
    return session_of(&both);
}

static int reason_is(const char *reason) {
    pyssl_error error;
    return pyssl_error_last(&error) == PYSSL_OK && strstr(error.message, reason) != NULL;
}

/* What a server name callback does. */
typedef struct {
    pyssl_ctx *to;
    int calls;
    char name[32];
} move;

static int on_servername(void *userdata, pyssl_conn *conn) {
    move *move = userdata;
    size_t len;
    move->calls++;
    CHECK(pyssl_conn_servername(conn, (uint8_t *)move->name, sizeof move->name - 1, &len) == PYSSL_OK);
    move->name[len] = '\0';
    return move->to == NULL || pyssl_conn_set_context(conn, move->to) == PYSSL_OK ? 0 : -1;
}

static ptrdiff_t on_alpn(void *userdata, pyssl_conn *conn, const uint8_t *offered, size_t len, uint8_t *room,
                         size_t size) {
    CHECK(len == 2 && offered[1] == 'x' && size >= 1);
    if (*(int *)userdata)
        CHECK(pyssl_conn_set_verify(conn, DEMAND, NULL, NULL, NULL) == PYSSL_OK);
    room[0] = 'x';
    return 1;
}

static void resumes(pyssl_ctx *client, pyssl_ctx *server, pyssl_session *session) {
    ends both = new_ends(client, server, session);
    shake(&both);
    CHECK(both.server_status == PYSSL_OK && reused(&both) == 1);
    CHECK(pyssl_session_free(session_of(&both)) == PYSSL_OK);
}

static void a_name_that_demands_a_certificate_resumes_no_session_without_one(int version) {
    pyssl_ctx *client = new_ctx(version, NULL, NULL), *server = new_server(version), *other = new_server(version);
    pyssl_session *session;
    move move = {NULL, 0, ""};
    ends both;
    int mode;
    CHECK(pyssl_ctx_set_servername_callback(server, on_servername, &move, NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(other, DEMAND, NULL, NULL, NULL) == PYSSL_OK);
    session = new_session(client, server);
    resumes(client, server, session);
    move.to = other;
    move.name[0] = '\0';
    both = new_ends(client, server, session);
    shake(&both);
    CHECK(both.server_status == PYSSL_ERROR && reused(&both) == 0);
    CHECK(pyssl_conn_verify_mode(both.server, &mode) == PYSSL_OK && mode == DEMAND);
    CHECK(move.calls == 3 && strcmp(move.name, "a.test") == 0);
    free_ends(&both);
    CHECK(pyssl_session_free(session) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK && pyssl_ctx_free(server) == PYSSL_OK);
    CHECK(pyssl_ctx_free(other) == PYSSL_OK);
}

static void a_demand_after_the_session_was_chosen_ends_the_connection(int version) {
    pyssl_ctx *client = new_ctx(version, NULL, NULL), *server = new_server(version);
    int demands = 0;
    pyssl_session *session;
    ends both;
    CHECK(pyssl_ctx_set_alpn_protos(client, (const uint8_t *)"\1x", 2) == PYSSL_OK);
    CHECK(pyssl_ctx_set_alpn_select_callback(server, on_alpn, &demands, NULL) == PYSSL_OK);
    session = new_session(client, server);
    resumes(client, server, session);
    demands = 1;
    both = new_ends(client, server, session);
    shake(&both);
    CHECK(reused(&both) == 1);
    CHECK(both.server_status == PYSSL_ERROR && both.client_status == PYSSL_ERROR);
    CHECK(reason_is("alert"));
    CHECK(pyssl_conn_do_handshake(both.server) == PYSSL_ERROR);
    CHECK(reason_is("resumed a session that has no client certificate"));
    free_ends(&both);
    CHECK(pyssl_session_free(session) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK && pyssl_ctx_free(server) == PYSSL_OK);
}

static void a_server_that_verifies_resumes_without_a_session_id(int version) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("client", key, NULL, NULL), *peer = NULL;
    pyssl_ctx *client = new_ctx(version, cert, key), *server = new_server(version);
    pyssl_store *store = NULL;
    pyssl_session *session;
    ends both;
    CHECK(pyssl_ctx_cert_store(server, &store) == PYSSL_OK && pyssl_store_add_cert(store, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(server, DEMAND, NULL, NULL, NULL) == PYSSL_OK);
    session = new_session(client, server);
    resumes(client, server, session);
    /* and not once it trusts somebody else */
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    cert = made_cert("another", key, NULL, NULL);
    CHECK(pyssl_store_add_cert(store, cert) == PYSSL_OK);
    both = new_ends(client, server, session);
    shake(&both);
    CHECK(both.server_status == PYSSL_OK && reused(&both) == 0);
    CHECK(pyssl_conn_peer_certificate(both.server, &peer) == PYSSL_OK && peer != NULL);
    free_ends(&both);
    CHECK(pyssl_x509_free(peer) == PYSSL_OK && pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    CHECK(pyssl_session_free(session) == PYSSL_OK && pyssl_store_free(store) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK && pyssl_ctx_free(server) == PYSSL_OK);
}

static int first_version = TLS1_2;

static void sessions(void) {
    int version;
    for (version = first_version; version <= TLS1_3; version++) {
        a_name_that_demands_a_certificate_resumes_no_session_without_one(version);
        a_demand_after_the_session_was_chosen_ends_the_connection(version);
        a_server_that_verifies_resumes_without_a_session_id(version);
    }
}

static int set_mode_in_turn(int first, int second) {
    pyssl_ctx *client = new_ctx(TLS1_2, NULL, NULL), *server = new_server(TLS1_2), *other = new_server(TLS1_2);
    move move = {other, 0, ""};
    ends both;
    int mode;
    CHECK(pyssl_ctx_set_servername_callback(server, on_servername, &move, NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(server, first, NULL, NULL, NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(other, second, NULL, NULL, NULL) == PYSSL_OK);
    both = new_ends(client, server, NULL);
    shake(&both);
    CHECK(pyssl_conn_verify_mode(both.server, &mode) == PYSSL_OK);
    free_ends(&both);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK && pyssl_ctx_free(server) == PYSSL_OK);
    CHECK(pyssl_ctx_free(other) == PYSSL_OK);
    return mode;
}

static void the_verify_mode_is_the_stricter_of_both_contexts(void) {
    const int once = PYSSL_VERIFY_PEER | PYSSL_VERIFY_CLIENT_ONCE;
    CHECK(set_mode_in_turn(PYSSL_VERIFY_NONE, DEMAND) == DEMAND);
    CHECK(set_mode_in_turn(DEMAND, PYSSL_VERIFY_NONE) == DEMAND);
    CHECK(set_mode_in_turn(once, PYSSL_VERIFY_PEER) == PYSSL_VERIFY_PEER);
    CHECK(set_mode_in_turn(once, once) == once);
}

/* The common name that a server shows, as a number. */
static int shown(pyssl_ctx *server) {
    pyssl_ctx *client = new_ctx(TLS1_3, NULL, NULL);
    ends both = new_ends(client, server, NULL);
    pyssl_x509 *cert = NULL;
    pyssl_name *name = NULL;
    char text[8] = {0};
    size_t len;
    shake(&both);
    CHECK(both.server_status == PYSSL_OK && pyssl_conn_peer_certificate(both.client, &cert) == PYSSL_OK);
    CHECK(pyssl_x509_subject(cert, &name) == PYSSL_OK);
    CHECK(pyssl_name_get(name, "CN", text, sizeof text - 1, &len) == PYSSL_OK);
    CHECK(pyssl_name_free(name) == PYSSL_OK && pyssl_x509_free(cert) == PYSSL_OK);
    free_ends(&both);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK);
    return atoi(text);
}

static void a_new_certificate_waits_for_its_key(void) {
    pyssl_pkey *keys[2] = {made_key(), made_key()};
    pyssl_x509 *certs[2] = {made_cert("1", keys[0], NULL, NULL), made_cert("2", keys[1], NULL, NULL)};
    pyssl_ctx *server = new_ctx(TLS1_3, certs[0], keys[0]), *empty = new_ctx(TLS1_3, NULL, NULL);
    int at;
    CHECK(shown(server) == 1);
    CHECK(pyssl_ctx_use_certificate(server, certs[1]) == PYSSL_OK);
    CHECK(shown(server) == 1);
    CHECK(pyssl_ctx_check_privatekey(server) == PYSSL_ERROR && reason_is("waits for its private key"));
    CHECK(pyssl_ctx_use_privatekey(server, keys[0]) == PYSSL_ERROR);
    CHECK(pyssl_ctx_use_privatekey(server, keys[1]) == PYSSL_OK);
    CHECK(pyssl_ctx_check_privatekey(server) == PYSSL_OK && shown(server) == 2);
    /* a lone key is not dropped for a certificate of another one */
    CHECK(pyssl_ctx_use_privatekey(empty, keys[0]) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(empty, certs[1]) == PYSSL_ERROR);
    CHECK(pyssl_ctx_use_certificate(empty, certs[0]) == PYSSL_OK && shown(empty) == 1);
    CHECK(pyssl_ctx_free(server) == PYSSL_OK && pyssl_ctx_free(empty) == PYSSL_OK);
    for (at = 0; at < 2; at++)
        CHECK(pyssl_x509_free(certs[at]) == PYSSL_OK && pyssl_pkey_free(keys[at]) == PYSSL_OK);
}

static void a_server_does_ephemeral_diffie_hellman_by_default(void) {
    const char *suite = "DHE-RSA-AES128-GCM-SHA256";
    pyssl_pkey *key = NULL;
    pyssl_x509 *cert;
    pyssl_ctx *client = new_ctx(TLS1_2, NULL, NULL), *server;
    ends both;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK && pyssl_pkey_generate_rsa(key, 2048) == PYSSL_OK);
    cert = made_cert("server", key, NULL, NULL);
    server = new_ctx(TLS1_2, cert, key);
    CHECK(pyssl_ctx_set_cipher_list(client, (const uint8_t *)suite, strlen(suite)) == PYSSL_OK);
    CHECK(pyssl_ctx_set_groups(client, (const uint8_t *)"X25519", 6) == PYSSL_OK);
    both = new_ends(client, server, NULL);
    shake(&both);
    CHECK(both.server_status == PYSSL_OK);
    free_ends(&both);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK && pyssl_ctx_free(server) == PYSSL_OK);
}

int main(int argc, char **argv) {
    int is_short = argc > 1 && strcmp(argv[1], "short") == 0; /* under valgrind */
    if (is_short)
        first_version = TLS1_3;
    RUN(sessions);
    RUN(the_verify_mode_is_the_stricter_of_both_contexts);
    RUN(a_new_certificate_waits_for_its_key);
    if (!is_short)
        RUN(a_server_does_ephemeral_diffie_hellman_by_default);
    return 0;
}
