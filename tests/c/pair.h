/* Two ends of a connection over a socketpair, for tests with threads and processes. */
#ifndef PAIR_H
#define PAIR_H

#include "made.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TLS1_2 = 0x0303, TLS1_3 = 0x0304 };

typedef enum { DESCRIPTOR, FUNCTIONS } transport_kind;

/* index 0 is the server */
typedef struct {
    pyssl_ctx *ctx[2];
    pyssl_conn *conn[2];
    int fd[2];
} pair;

static inline pyssl_ctx *server_ctx(void) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);
    pyssl_ctx *ctx;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    return ctx;
}

/* A transport of functions: a socket, in disguise. */
static inline ptrdiff_t socket_result(ssize_t moved) {
    if (moved >= 0)
        return moved;
    return errno == EAGAIN || errno == EWOULDBLOCK ? PYSSL_TRANSPORT_LATER : PYSSL_TRANSPORT_FAILED;
}

static inline ptrdiff_t socket_read(void *fd, uint8_t *buffer, size_t size) {
    return socket_result(recv(*(int *)fd, buffer, size, 0));
}

static inline ptrdiff_t socket_write(void *fd, const uint8_t *bytes, size_t len) {
    return socket_result(send(*(int *)fd, bytes, len, MSG_NOSIGNAL));
}

static inline void put_conn(pair *p, int end, transport_kind kind) {
    pyssl_transport functions = {socket_read, socket_write, &p->fd[end], NULL};
    if (kind == FUNCTIONS)
        CHECK(pyssl_conn_new_transport(p->ctx[end], &functions, &p->conn[end]) == PYSSL_OK);
    else
        CHECK(pyssl_conn_new_fd(p->ctx[end], p->fd[end], &p->conn[end]) == PYSSL_OK);
    if (end == 0)
        CHECK(pyssl_conn_set_accept_state(p->conn[end]) == PYSSL_OK);
    else
        CHECK(pyssl_conn_set_connect_state(p->conn[end]) == PYSSL_OK);
}

static inline void open_pair(pair *p, int version, transport_kind kind) {
    int end;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p->fd) == 0);
    p->ctx[0] = server_ctx();
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &p->ctx[1]) == PYSSL_OK);
    for (end = 0; end < 2; end++) {
        CHECK(pyssl_ctx_set_min_proto_version(p->ctx[end], version) == PYSSL_OK);
        CHECK(pyssl_ctx_set_max_proto_version(p->ctx[end], version) == PYSSL_OK);
        put_conn(p, end, kind);
    }
}

static inline void close_pair(pair *p) {
    int end;
    for (end = 0; end < 2; end++) {
        CHECK(pyssl_conn_free(p->conn[end]) == PYSSL_OK);
        CHECK(pyssl_ctx_free(p->ctx[end]) == PYSSL_OK);
        close(p->fd[end]);
    }
}

static inline void set_nonblocking(int fd) { CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0); }

static inline void *handshake_thread(void *conn) {
    CHECK(pyssl_conn_do_handshake(conn) == PYSSL_OK);
    return NULL;
}

/* Both ends at once: their descriptors block. */
static inline void shake_hands(pair *p) {
    pthread_t other;
    CHECK(pthread_create(&other, NULL, handshake_thread, p->conn[0]) == 0);
    handshake_thread(p->conn[1]);
    CHECK(pthread_join(other, NULL) == 0);
}

static inline void milliseconds_pass(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* How long the long tests take: PYSSL_SOAK seconds, else 5. */
static inline double soak_seconds(void) {
    const char *given = getenv("PYSSL_SOAK");
    return given ? atof(given) : 5;
}

#endif
