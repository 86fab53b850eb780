/* Everything after the handshake: records of any type and content under the right keys, between the calls of this end,
 * as the input says; with DTLS also datagrams that are lost, doubled, late and damaged, from the first one on. What
 * this end receives is what the peer sent, in order (but for DTLS). */
#include "peer.h"

/* What the peer sent as data and this end has not received yet. */
static uint8_t sent[1 << 20];
static size_t sent_start, sent_end;
/* The stream cannot be followed any more: something else may come than what was sent. */
static int unknown;

static void note_sent(const uint8_t *bytes, size_t size) {
    if (sent_end + size > sizeof sent) {
        unknown = 1;
        return;
    }
    memcpy(sent + sent_end, bytes, size);
    sent_end += size;
}

static void receive(pyssl_conn *conn, size_t size, int flags) {
    ptrdiff_t count = pyssl_conn_recv(conn, scratch, size, flags);

    fine(count);
    if (count <= 0 || unknown)
        return;
    MUST((size_t)count <= size && (size_t)count <= sent_end - sent_start);
    MUST(memcmp(scratch, sent + sent_start, (size_t)count) == 0);
    if ((flags & PYSSL_MSG_PEEK) == 0)
        sent_start += (size_t)count;
}

static size_t number(struct input *input) {
    size_t byte = take(input);

    return byte < 128 ? byte : (byte - 127) * 160; /* up to 20,480 */
}

static void peer_acts(struct peer *peer, struct input *input) {
    uint8_t what = take(input), type = take(input);
    struct input bytes;

    switch (what % 7) {
    case 0: /* any record */
        bytes = take_bytes(input, number(input));
        type = type < 32 ? type : 20 + type % 5;
        if (bytes.size <= 16384 && peer_send_record(peer, type, bytes.data, bytes.size) &&
            type == SSL3_RT_APPLICATION_DATA)
            note_sent(bytes.data, bytes.size);
        break;
    case 1: { /* data */
        size_t count = number(input), written = 0;

        memset(scratch, type, count);
        if (SSL_write_ex(peer->ssl, scratch, count, &written))
            note_sent(scratch, written);
        break;
    }
    case 2:
        (void)SSL_key_update(peer->ssl, type & 1);
        (void)SSL_do_handshake(peer->ssl);
        break;
    case 3:
        (void)SSL_renegotiate(peer->ssl);
        (void)SSL_do_handshake(peer->ssl);
        break;
    case 4:
        if (SSL_is_server(peer->ssl))
            (void)SSL_new_session_ticket(peer->ssl);
        (void)SSL_do_handshake(peer->ssl);
        break;
    case 5:
        (void)SSL_read(peer->ssl, scratch, sizeof scratch);
        break;
    case 6:
        (void)SSL_shutdown(peer->ssl);
        break;
    }
}

static void this_end_acts(pyssl_conn *conn, struct input *input) {
    uint8_t what = take(input);
    size_t count, i;
    int number_out;
    uint64_t micros;

    switch (what % 11) {
    case 0:
    case 1:
        receive(conn, number(input), 0);
        break;
    case 2:
        receive(conn, number(input), PYSSL_MSG_PEEK);
        break;
    case 3:
        count = number(input);
        for (i = 0; i < count; i++)
            scratch[i] = (uint8_t)i;
        fine(pyssl_conn_send(conn, scratch, count));
        break;
    case 4:
        fine(pyssl_conn_key_update(conn, what >> 7));
        break;
    case 5:
        fine(pyssl_conn_renegotiate(conn, &number_out));
        break;
    case 6:
        fine(pyssl_conn_shutdown(conn, &number_out));
        break;
    case 7:
        look_at_connection(conn);
        break;
    case 8:
        fine(pyssl_conn_do_handshake(conn));
        break;
    case 9:
        fine(pyssl_conn_export_keying_material(conn, (const uint8_t *)"x", 1, NULL, 0, scratch, number(input)));
        fine(pyssl_conn_dtls_timeout(conn, &micros));
        fine(pyssl_conn_dtls_handle_timeout(conn, &number_out));
        break;
    case 10:
        if (what & 16)
            fine(pyssl_conn_bio_shutdown(conn));
        if (what & 32)
            fine(pyssl_conn_close(conn));
        break;
    }
}

static void begin(struct peer *peer, pyssl_conn **conn, int dtls, int version, int as_server) {
    static pyssl_ctx *contexts[2][2];
    int i;

    for (i = 0; contexts[1][1] == NULL;
         i++) /* all at once, for main.c counts what is left over after the first input */
        contexts[i >> 1][i & 1] = i & 1 ? server_ctx(i & 2 ? PYSSL_DTLS_SERVER_METHOD : PYSSL_TLS_SERVER_METHOD)
                                        : client_ctx(i & 2 ? PYSSL_DTLS_CLIENT_METHOD : PYSSL_TLS_CLIENT_METHOD);
    sent_start = sent_end = 0;
    unknown = 0;
    MUST(pyssl_conn_new(contexts[dtls][as_server], conn) == PYSSL_OK);
    if (as_server) {
        MUST(pyssl_conn_set_accept_state(*conn) == PYSSL_OK);
    } else {
        MUST(pyssl_conn_set_connect_state(*conn) == PYSSL_OK);
        MUST(pyssl_conn_set_verify_host(*conn, "seed.test") == PYSSL_OK);
    }
    peer_open(peer, dtls, version, !as_server, as_server ? -1 : TRUSTED);
}

void fuzz_established(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    uint8_t how = take(&input);
    struct peer peer;
    pyssl_conn *conn;
    int steps;

    begin(&peer, &conn, 0, how & 1 ? TLS1_2_VERSION : TLS1_3_VERSION, how >> 1 & 1);
    MUST(handshake_with_peer(conn, &peer) == PYSSL_OK);
    for (steps = 0; input.size > 0 && steps < 100; steps++) {
        if (input.data[0] & 1)
            peer_acts(&peer, &input);
        else
            this_end_acts(conn, &input);
        if ((how & 4) == 0 || take(&input) & 1) {
            pump_from_peer(conn, &peer);
            pump_to_peer(conn, &peer);
        }
    }
    peer_close(&peer);
    MUST(pyssl_conn_free(conn) == PYSSL_OK);
}

/* ---- DTLS. */

/* Hands a datagram over as the input says; `held` keeps one that is to be late. */
static void carry(pyssl_conn *conn, struct peer *peer, struct input *input, int to_peer) {
    static uint8_t held[2][2048];
    static size_t held_len[2];
    uint8_t bytes[2048], how;
    ptrdiff_t count;
    int times;

    if (conn == NULL) { /* a new input */
        held_len[0] = held_len[1] = 0;
        return;
    }
    for (;;) {
        count = to_peer ? pyssl_conn_bio_read(conn, bytes, sizeof bytes) : BIO_read(peer->out, bytes, sizeof bytes);
        if (count <= 0)
            return;
        how = take(input);
        times = 1;
        switch (how & 15) {
        case 1:
            times = 0;
            break;
        case 2:
            times = 2;
            break;
        case 3: /* after the next one */
            memcpy(held[to_peer], bytes, (size_t)count);
            held_len[to_peer] = (size_t)count;
            times = 0;
            break;
        case 4:
            count = how >> 4 < count ? how >> 4 : count;
            break;
        case 5:
            bytes[(size_t)take(input) % (size_t)count] ^= (uint8_t)(how | 1);
            break;
        case 6:
            bytes[((size_t)take(input) << 8 | take(input)) % (size_t)count] = take(input);
            break;
        }
        while (times-- > 0) {
            if (to_peer)
                (void)BIO_write(peer->in, bytes, (int)count);
            else
                fine(pyssl_conn_bio_write(conn, bytes, (size_t)count));
        }
        if (held_len[to_peer] > 0 && (how & 15) != 3) {
            if (to_peer)
                (void)BIO_write(peer->in, held[1], (int)held_len[1]);
            else
                fine(pyssl_conn_bio_write(conn, held[0], held_len[0]));
            held_len[to_peer] = 0;
        }
    }
}

void fuzz_dtls(const uint8_t *data, size_t size) {
    struct input input = {data, size}, road;
    uint8_t how = take(&input);
    struct peer peer;
    pyssl_conn *conn;
    int steps, taken;

    begin(&peer, &conn, 1, 0, how >> 1 & 1);
    unknown = 1; /* datagrams may be lost and doubled */
    carry(NULL, NULL, NULL, 0);
    MUST(pyssl_conn_set_ciphertext_mtu(conn, 600 + take(&input) * 4, &taken) == PYSSL_OK);
    road = take_bytes(&input, how & 4 ? take(&input) & 63 : 0);
    if (how & 8)
        peer.changes = take_bytes(&input, take(&input));
    for (steps = 0; steps < 10; steps++) {
        fine(pyssl_conn_do_handshake(conn));
        carry(conn, &peer, &road, 1);
        (void)peer_handshake(&peer);
        carry(conn, &peer, &road, 0);
    }
    for (steps = 0; input.size > 0 && steps < 100; steps++) {
        if (input.data[0] & 1)
            peer_acts(&peer, &input);
        else
            this_end_acts(conn, &input);
        carry(conn, &peer, how & 16 ? &input : &road, 1);
        carry(conn, &peer, how & 16 ? &input : &road, 0);
    }
    peer_close(&peer);
    MUST(pyssl_conn_free(conn) == PYSSL_OK);
}
