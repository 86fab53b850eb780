/* The framing of records: a connection on a socket, or on a pair of functions, whose bytes come in pieces of any size,
 * with bytes between them that are none of the peer's. No more is taken from a socket than the record in progress
 * needs, and what is received is what the peer sent. */
#include "peer.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The road between the two ends. */
static struct input pieces; /* how long each piece is, and what comes between */
static uint8_t wire[1 << 18];
static size_t wire_start, wire_end;
static int clean; /* nothing but the peer's bytes came */

static void fill_wire(struct peer *peer) {
    int count;

    if (wire_start == wire_end)
        wire_start = wire_end = 0;
    while (wire_end < sizeof wire && (count = BIO_read(peer->out, wire + wire_end, (int)(sizeof wire - wire_end))) > 0)
        wire_end += (size_t)count;
}

static ptrdiff_t read_fn(void *userdata, uint8_t *buffer, size_t size) {
    size_t count = take(&pieces), have = wire_end - wire_start;

    (void)userdata;
    if (count == 0xff)
        return PYSSL_TRANSPORT_FAILED;
    if (count == 0xfe && pieces.size > 0)
        return 0;
    if (count == 0)
        count = size;
    if (count > size)
        count = size;
    if (count > have)
        count = have;
    if (count == 0)
        return PYSSL_TRANSPORT_LATER;
    memcpy(buffer, wire + wire_start, count);
    wire_start += count;
    return (ptrdiff_t)count;
}

static ptrdiff_t write_fn(void *userdata, const uint8_t *bytes, size_t len) {
    struct peer *peer = userdata;
    size_t count = take(&pieces);

    if (count == 0xff)
        return PYSSL_TRANSPORT_FAILED;
    if (count == 0xfe && pieces.size > 0)
        return PYSSL_TRANSPORT_LATER;
    if (count == 0 || count > len)
        count = len;
    MUST(BIO_write(peer->in, bytes, (int)count) == (int)count);
    return (ptrdiff_t)count;
}

static int unread(int fd) {
    int count = 0;

    MUST(ioctl(fd, FIONREAD, &count) == 0);
    return count;
}

/* Moves what is on the wire into the socket, one piece of it, and what the socket has for the peer. */
static void carry(struct peer *peer, int fd) {
    uint8_t bytes[20000], how = take(&pieces);
    size_t count = how & 0x7f, have;
    ssize_t moved;

    if (how & 0x80) { /* bytes that the peer never sent */
        struct input junk = take_bytes(&pieces, count);

        if (junk.size > 0 && send(fd, junk.data, junk.size, MSG_DONTWAIT) > 0)
            clean = 0;
    }
    have = wire_end - wire_start;
    if (count == 0 || how & 0x80)
        count = have;
    else if (count >= 64)
        count = (count - 60) * 256;
    if (count > have)
        count = have;
    if (count > 0) {
        moved = send(fd, wire + wire_start, count, MSG_DONTWAIT);
        if (moved > 0)
            wire_start += (size_t)moved;
    }
    while ((moved = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        (void)BIO_write(peer->in, bytes, (int)moved);
}

void fuzz_records(const uint8_t *data, size_t size) {
    static pyssl_ctx *ctx;
    static const char line[] = "This is what the peer sends, again and again.";
    pyssl_transport transport = {read_fn, write_fn, NULL, NULL};
    struct input input = {data, size};
    uint8_t how = take(&input);
    int on_socket = how & 2, ends[2] = {-1, -1}, round, said = 0, ready = 0;
    size_t received = 0, total = 0;
    struct peer peer;
    pyssl_conn *conn;
    ptrdiff_t count;

    if (ctx == NULL)
        ctx = client_ctx(PYSSL_TLS_CLIENT_METHOD);
    pieces = input;
    wire_start = wire_end = 0;
    clean = 1;
    peer_open(&peer, 0, how & 1 ? TLS1_2_VERSION : TLS1_3_VERSION, 1, TRUSTED);
    transport.userdata = &peer;
    if (on_socket) {
        MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
        MUST(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
        MUST(pyssl_conn_new_fd(ctx, ends[0], &conn) == PYSSL_OK);
    } else {
        MUST(pyssl_conn_new_transport(ctx, &transport, &conn) == PYSSL_OK);
    }
    MUST(pyssl_conn_set_connect_state(conn) == PYSSL_OK && pyssl_conn_set_verify_host(conn, "seed.test") == PYSSL_OK);
    for (round = 0; round < 1200; round++) {
        if (round == 200)
            pieces.size = 0; /* the rest comes at once */
        if (on_socket)
            carry(&peer, ends[1]);
        if (!ready) {
            ready = fine(pyssl_conn_do_handshake(conn));
        } else {
            size_t most = 1 + (how >> 2) * 8;

            count = pyssl_conn_recv(conn, scratch, most, 0);
            fine(count);
            if (count > 0) {
                size_t i;

                MUST((size_t)count <= most && received + (size_t)count <= total);
                for (i = 0; i < (size_t)count; i++, received++)
                    MUST(scratch[i] == (uint8_t)line[received % sizeof line]);
                fine(pyssl_conn_pending(conn, &scratch_len));
            } else if (count != PYSSL_ERR_WANT_READ && count != PYSSL_ERR_WANT_WRITE) {
                break;
            }
            fine(pyssl_conn_send(conn, scratch, 3));
        }
        if (peer_handshake(&peer) && said++ < 8 && SSL_write(peer.ssl, line, sizeof line) > 0)
            total += sizeof line;
        (void)SSL_read(peer.ssl, scratch, sizeof scratch);
        fill_wire(&peer);
        if (pieces.size == 0 && received == total && ready && round > 30)
            break;
    }
    if (clean && on_socket) {
        /* Nothing stood in the way: all of it arrived, and a record that waits in the socket is whole. */
        MUST(ready && received == total);
        MUST(SSL_write(peer.ssl, line, sizeof line) > 0 && SSL_write(peer.ssl, line, sizeof line) > 0);
        fill_wire(&peer);
        MUST(send(ends[1], wire + wire_start, wire_end - wire_start, MSG_DONTWAIT) == (ssize_t)(wire_end - wire_start));
        while ((count = pyssl_conn_recv(conn, scratch, sizeof line, 0)) == PYSSL_ERR_WANT_READ)
            ;
        MUST(count == (ptrdiff_t)sizeof line && unread(ends[0]) >= (int)sizeof line);
    }
    MUST(pyssl_conn_free(conn) == PYSSL_OK);
    peer_close(&peer);
    if (on_socket)
        MUST(close(ends[0]) == 0 && close(ends[1]) == 0);
}
