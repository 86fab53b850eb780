/* Handshakes with a hostile peer that has keys: a server that changes its own messages, and a client that does so
 * towards a server with all callbacks. Whatever is changed, no handshake ends with a certificate that was not to be
 * trusted. */
#include "peer.h"

/* What the callbacks of one input do. */
struct script {
    struct input answers;
    pyssl_ctx *other; /* for the server name callback to switch to, or NULL */
    int accepts_all;  /* the verify callback overruled OpenSSL */
};

/* Inside a callback state may be read, and moving bytes is refused. */
static void try_inside(pyssl_conn *conn) {
    uint8_t byte;

    look_at_connection(conn);
    MUST(pyssl_conn_recv(conn, &byte, 1, 0) == PYSSL_ERR_BUSY);
    MUST(pyssl_conn_send(conn, &byte, 1) == PYSSL_ERR_BUSY);
}

static int on_verify(void *userdata, pyssl_conn *conn, pyssl_x509 *cert, int error, int depth, int ok) {
    struct script *script = userdata;
    uint8_t answer = take(&script->answers);

    (void)error;
    (void)depth;
    try_inside(conn);
    if (cert != NULL)
        look_at_certificate(cert);
    switch (answer & 7) {
    case 1:
        return 0;
    case 2:
        return -1;
    case 3:
        script->accepts_all = 1;
        return 1;
    default:
        return ok;
    }
}

static int on_info(void *userdata, pyssl_conn *conn, int where, int value) {
    struct script *script = userdata;
    char text[64];
    size_t count;

    (void)where;
    (void)value;
    fine(pyssl_conn_state_string(conn, text, sizeof text, &count));
    return take(&script->answers) == 0xff ? -1 : 0;
}

static int on_keylog(void *userdata, pyssl_conn *conn, const char *line) {
    struct script *script = userdata;

    (void)conn;
    MUST(strlen(line) > 10);
    return take(&script->answers) == 0xff ? -1 : 0;
}

static int on_servername(void *userdata, pyssl_conn *conn) {
    struct script *script = userdata;
    uint8_t answer = take(&script->answers);

    try_inside(conn);
    if (answer == 0xff)
        return -1;
    if (script->other != NULL)
        MUST(pyssl_conn_set_context(conn, script->other) == PYSSL_OK);
    return 0;
}

static ptrdiff_t on_alpn(void *userdata, pyssl_conn *conn, const uint8_t *offered, size_t len, uint8_t *room,
                         size_t size) {
    struct script *script = userdata;

    try_inside(conn);
    MUST(len >= 2 && size == 255 && offered[0] < len);
    switch (take(&script->answers) & 7) {
    case 1:
        return PYSSL_ALPN_REFUSE;
    case 2:
        return -1;
    case 3:
        return 0;
    case 4:
        return 256; /* more than there is room for */
    default:
        memcpy(room, offered + 1, offered[0]);
        return offered[0];
    }
}

static ptrdiff_t on_ocsp_asked(void *userdata, pyssl_conn *conn, uint8_t *room, size_t size) {
    struct script *script = userdata;
    uint8_t answer = take(&script->answers);

    try_inside(conn);
    if (answer == 0xff)
        return -1;
    memset(room, 0x30, answer < size ? answer : size);
    return answer;
}

static int on_ocsp_given(void *userdata, pyssl_conn *conn, const uint8_t *response, size_t len) {
    struct script *script = userdata;
    uint8_t sum = 0;

    try_inside(conn);
    while (len > 0)
        sum ^= response[--len];
    MUST(sum <= 0xff);
    switch (take(&script->answers) & 7) {
    case 1:
        return 0;
    case 2:
        return -1;
    default:
        return 1;
    }
}

/* Whether the peer shows this identity's certificate. */
static int shows(pyssl_conn *conn, enum identity who) {
    pyssl_x509 *peer, *wanted;
    static uint8_t a[8192], b[8192];
    size_t a_len = 0, b_len = 0;

    MUST(pyssl_conn_peer_certificate(conn, &peer) == PYSSL_OK);
    if (peer == NULL)
        return 0;
    wanted = identity_cert(who);
    MUST(pyssl_x509_dump(peer, PYSSL_FILETYPE_ASN1, a, sizeof a, &a_len) == PYSSL_OK);
    MUST(pyssl_x509_dump(wanted, PYSSL_FILETYPE_ASN1, b, sizeof b, &b_len) == PYSSL_OK);
    MUST(pyssl_x509_free(peer) == PYSSL_OK && pyssl_x509_free(wanted) == PYSSL_OK);
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static int version_of(uint8_t byte) { return byte & 1 ? TLS1_2_VERSION : TLS1_3_VERSION; }

/* A client that verifies chain and name. */
static pyssl_conn *verifying_client(pyssl_ctx *ctx) {
    pyssl_conn *conn;

    MUST(pyssl_conn_new(ctx, &conn) == PYSSL_OK && pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    MUST(pyssl_conn_set_tlsext_host_name(conn, (const uint8_t *)"seed.test", 9) == PYSSL_OK);
    MUST(pyssl_conn_set_verify_host(conn, "seed.test") == PYSSL_OK);
    MUST(pyssl_conn_set_alpn_protos(conn, (const uint8_t *)"\2h2\10http/1.1", 12) == PYSSL_OK);
    MUST(pyssl_conn_request_ocsp(conn) == PYSSL_OK);
    return conn;
}

/* After the handshake, data goes both ways, and the end is said. */
static void exchange(pyssl_conn *conn, struct peer *peer) {
    int done;

    (void)SSL_write(peer->ssl, "hello", 5);
    pump_from_peer(conn, peer);
    fine(pyssl_conn_recv(conn, scratch, sizeof scratch, 0));
    fine(pyssl_conn_send(conn, (const uint8_t *)"hello", 5));
    fine(pyssl_conn_shutdown(conn, &done));
    pump_to_peer(conn, peer);
    (void)SSL_read(peer->ssl, scratch, 100);
    look_at_connection(conn);
}

/* The server is trusted, for another name, or not at all; it resumes; it changes its messages as the rest of the input
 * says. */
void fuzz_hostile_server(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    uint8_t how = take(&input);
    enum identity who = (how >> 1 & 3) == 3 ? TRUSTED : (enum identity)(how >> 1 & 3);
    int rounds = how & 8 ? 2 : 1, with_callbacks = how & 16, round;
    struct script script = {take_bytes(&input, with_callbacks ? take(&input) & 31 : 0), NULL, 0};
    pyssl_ctx *ctx = client_ctx(PYSSL_TLS_CLIENT_METHOD);
    pyssl_session *session = NULL;

    if (with_callbacks) {
        MUST(pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, on_verify, &script, NULL) == PYSSL_OK);
        MUST(pyssl_ctx_set_info_callback(ctx, on_info, &script, NULL) == PYSSL_OK);
        MUST(pyssl_ctx_set_keylog_callback(ctx, on_keylog, &script, NULL) == PYSSL_OK);
        MUST(pyssl_ctx_set_ocsp_client_callback(ctx, on_ocsp_given, &script, NULL) == PYSSL_OK);
    }
    for (round = 0; round < rounds; round++) {
        pyssl_conn *conn = verifying_client(ctx);
        struct peer peer;

        if (session != NULL) {
            fine(pyssl_conn_set_session(conn, session));
            MUST(pyssl_session_free(session) == PYSSL_OK);
            session = NULL;
        }
        peer_open(&peer, 0, version_of(how), 1, who);
        if (round == rounds - 1)
            peer.changes = input;
        if (handshake_with_peer(conn, &peer) == PYSSL_OK) {
            MUST(script.accepts_all || (who == TRUSTED && shows(conn, TRUSTED)));
            exchange(conn, &peer);
        }
        fine(pyssl_conn_session(conn, &session));
        peer_close(&peer);
        MUST(pyssl_conn_free(conn) == PYSSL_OK);
    }
    if (session != NULL)
        MUST(pyssl_session_free(session) == PYSSL_OK);
    MUST(pyssl_ctx_free(ctx) == PYSSL_OK);
}

/* A server that demands certificates, with every callback; a client that changes its messages. In the first of two
 * rounds the client says no name, and the server, where the input says so, demands nothing: such a session is no way
 * around the demand of the second round, which the server name callback makes. */
void fuzz_mutual(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    uint8_t how = take(&input);
    int who = (int)(how >> 1 & 3) - 1; /* none, or one of TRUSTED, OTHER_NAME, EVIL */
    int rounds = how & 8 ? 2 : 1, open_at_first = how & 16, round;
    int demand = PYSSL_VERIFY_PEER | PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    struct script script = {take_bytes(&input, take(&input) & 31), NULL, 0};
    pyssl_ctx *ctx = server_ctx(PYSSL_TLS_SERVER_METHOD), *demanding = server_ctx(PYSSL_TLS_SERVER_METHOD);
    SSL_SESSION *session = NULL;

    MUST(pyssl_ctx_set_verify(demanding, demand, on_verify, &script, NULL) == PYSSL_OK);
    MUST(pyssl_ctx_set_verify(ctx, open_at_first ? 0 : demand, open_at_first ? NULL : on_verify, &script, NULL) ==
         PYSSL_OK);
    MUST(pyssl_ctx_set_info_callback(ctx, on_info, &script, NULL) == PYSSL_OK);
    MUST(pyssl_ctx_set_keylog_callback(ctx, on_keylog, &script, NULL) == PYSSL_OK);
    MUST(pyssl_ctx_set_servername_callback(ctx, on_servername, &script, NULL) == PYSSL_OK);
    MUST(pyssl_ctx_set_alpn_select_callback(ctx, on_alpn, &script, NULL) == PYSSL_OK);
    MUST(pyssl_ctx_set_ocsp_server_callback(ctx, on_ocsp_asked, &script, NULL) == PYSSL_OK);
    for (round = 0; round < rounds; round++) {
        pyssl_conn *conn;
        struct peer peer;

        script.other = open_at_first && round == rounds - 1 ? demanding : NULL;
        MUST(pyssl_conn_new(ctx, &conn) == PYSSL_OK && pyssl_conn_set_accept_state(conn) == PYSSL_OK);
        peer_open(&peer, 0, version_of(how), 0, who);
        SSL_set_alpn_protos(peer.ssl, (const unsigned char *)"\2h2\3foo", 7);
        if (session != NULL)
            (void)SSL_set_session(peer.ssl, session);
        SSL_SESSION_free(session);
        session = NULL;
        if (round == rounds - 1) {
            SSL_set_tlsext_host_name(peer.ssl, "seed.test");
            peer.changes = input;
        }
        if (handshake_with_peer(conn, &peer) == PYSSL_OK) {
            if (!(open_at_first && script.other == NULL) && !script.accepts_all)
                MUST((who == TRUSTED || who == OTHER_NAME) && shows(conn, (enum identity)who));
            exchange(conn, &peer);
        }
        session = SSL_get1_session(peer.ssl);
        peer_close(&peer);
        MUST(pyssl_conn_free(conn) == PYSSL_OK);
    }
    SSL_SESSION_free(session);
    MUST(pyssl_ctx_free(ctx) == PYSSL_OK && pyssl_ctx_free(demanding) == PYSSL_OK);
}
