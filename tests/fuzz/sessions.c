/* Sessions as bytes, and what they are worth: a session of a trusted server, changed as the input says, is read and
 * offered on connections with the same rules and with others. */
#include "peer.h"

static pyssl_conn *client(pyssl_ctx *ctx, const char *host, pyssl_session *session) {
    pyssl_conn *conn;

    MUST(pyssl_conn_new(ctx, &conn) == PYSSL_OK && pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    MUST(pyssl_conn_set_verify_host(conn, host) == PYSSL_OK);
    if (session != NULL)
        fine(pyssl_conn_set_session(conn, session));
    return conn;
}

/* A handshake with a peer of this identity. Returns whether it is good; the session it ends with goes to `bytes`. */
static int connects(pyssl_ctx *ctx, int version, const char *host, enum identity who, pyssl_session *offered,
                    uint8_t *bytes, size_t *len) {
    pyssl_conn *conn = client(ctx, host, offered);
    pyssl_session *session = NULL;
    struct peer peer;
    int good;

    peer_open(&peer, 0, version, 1, who);
    good = handshake_with_peer(conn, &peer) == PYSSL_OK;
    if (good) {
        (void)SSL_write(peer.ssl, "x", 1);
        pump_from_peer(conn, &peer);
        fine(pyssl_conn_recv(conn, scratch, 1, 0)); /* and the tickets before it */
    }
    if (bytes != NULL) {
        MUST(good && pyssl_conn_session(conn, &session) == PYSSL_OK && session != NULL);
        MUST(pyssl_session_to_bytes(session, bytes, *len, len) == PYSSL_OK);
        MUST(pyssl_session_free(session) == PYSSL_OK);
    }
    (void)SSL_shutdown(peer.ssl);
    peer_close(&peer);
    MUST(pyssl_conn_free(conn) == PYSSL_OK);
    return good;
}

static pyssl_ctx *ctx;
/* Of both versions. */
static uint8_t real[2][16384];
static size_t real_len[2];

static void begin(void) {
    int i;

    if (ctx != NULL)
        return;
    ctx = client_ctx(PYSSL_TLS_CLIENT_METHOD);
    for (i = 0; i < 2; i++) {
        real_len[i] = sizeof real[i];
        MUST(connects(ctx, i ? TLS1_2_VERSION : TLS1_3_VERSION, "seed.test", TRUSTED, NULL, real[i], &real_len[i]));
    }
}

/* What was read is written, and read and written again the same. */
static void write_again(pyssl_session *session) {
    static uint8_t once[65536], twice[65536];
    size_t once_len, twice_len;
    pyssl_session *again;

    if (!fine(pyssl_session_to_bytes(session, once, sizeof once, &once_len)))
        return;
    if (!fine(pyssl_session_from_bytes(once, once_len, &again)))
        return; /* OpenSSL writes sessions with odd versions or ciphers that it does not read */
    MUST(pyssl_session_to_bytes(again, twice, sizeof twice, &twice_len) == PYSSL_OK);
    MUST(once_len == twice_len && memcmp(once, twice, once_len) == 0);
    MUST(pyssl_session_free(again) == PYSSL_OK);
}

void fuzz_session(const uint8_t *data, size_t size) {
    pyssl_session *session;
    int64_t made, timeout;

    begin();
    if (!fine(pyssl_session_from_bytes(data, size, &session)))
        return;
    fine(pyssl_session_id(session, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_session_times(session, &made, &timeout));
    write_again(session);
    /* No server knows it: whatever it says of itself, a server that is not to be trusted is refused. */
    MUST(!connects(ctx, size > 0 && data[size - 1] & 1 ? TLS1_2_VERSION : TLS1_3_VERSION, "seed.test", EVIL, session,
                   NULL, NULL));
    MUST(pyssl_session_free(session) == PYSSL_OK);
}

void fuzz_session_rules(const uint8_t *data, size_t size) {
    static uint8_t bytes[16384 + 512];
    struct input input = {data, size}, more;
    uint8_t how = take(&input);
    int old = how & 1, version = old ? TLS1_2_VERSION : TLS1_3_VERSION;
    pyssl_session *session;
    size_t len, at;

    begin();
    len = real_len[old];
    memcpy(bytes, real[old], len);

    /* As it is, it is no way to a server of another name. */
    MUST(pyssl_session_from_bytes(bytes, len, &session) == PYSSL_OK);
    MUST(connects(ctx, version, "seed.test", TRUSTED, session, NULL, NULL));
    MUST(!connects(ctx, version, "other.test", TRUSTED, session, NULL, NULL));
    MUST(pyssl_session_free(session) == PYSSL_OK);

    while (input.size > 0) {
        uint8_t what = take(&input);

        at = ((size_t)take(&input) << 8 | take(&input)) % len;
        switch (what % 4) {
        case 0:
            bytes[at] ^= take(&input) | 1;
            break;
        case 1:
            bytes[at] = take(&input);
            break;
        case 2:
            len = at > 0 ? at : 1;
            break;
        case 3:
            more = take_bytes(&input, take(&input));
            if (more.size > sizeof bytes - len)
                more.size = sizeof bytes - len;
            memmove(bytes + at + more.size, bytes + at, len - at);
            memcpy(bytes + at, more.data, more.size);
            len += more.size;
            break;
        }
    }
    if (!fine(pyssl_session_from_bytes(bytes, len, &session)))
        return;
    write_again(session);
    (void)connects(ctx, version, "seed.test", TRUSTED, session, NULL, NULL);
    (void)connects(ctx, version, "other.test", TRUSTED, session, NULL, NULL);
    MUST(pyssl_session_free(session) == PYSSL_OK);
}
