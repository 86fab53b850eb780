/* Connections over a pair of functions: two joined back to back, and functions that misbehave. */
#include "made.h"

#include <pthread.h>

/* A pipe of a fixed size, one direction. What reads finds "later" when it is empty, what writes when it is full. */
typedef struct {
    uint8_t bytes[4096];
    size_t begin, len;
    int ended;
} pipe_t;

/* One end: where it reads, where it writes, and what it is told to do wrong. */
typedef struct {
    pipe_t *in, *out;
    intptr_t wrong_read, wrong_write; /* returned in place of the truth when not 0 */
    size_t most;                      /* bytes moved by one call; 0 is no limit */
    pyssl_conn *calls;                /* called back into from inside */
    pyssl_status answer;              /* what that gave */
    size_t as_fiber;                  /* by another fiber, which receives and sends */
    ptrdiff_t sent;                   /* what its send gave */
    int closes, frees, destroyed;
} end_t;

static size_t fiber;

static size_t this_fiber(void) { return fiber; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static void misbehave(end_t *end) {
    uint8_t byte = 0;
    pyssl_conn *conn = end->calls;
    if (conn == NULL)
        return;
    end->calls = NULL;
    if (end->as_fiber != 0) {
        fiber = end->as_fiber;
        end->answer = (pyssl_status)pyssl_conn_recv(conn, &byte, 1, 0);
        end->sent = pyssl_conn_send(conn, (const uint8_t *)"f", 1);
        fiber = 0;
        return;
    }
    end->answer = (pyssl_status)pyssl_conn_recv(conn, &byte, 1, 0);
    CHECK(pyssl_conn_send(conn, &byte, 1) == end->answer);
    CHECK(pyssl_conn_do_handshake(conn) == end->answer);
    if (end->closes)
        CHECK(pyssl_conn_close(conn) == PYSSL_OK);
    if (end->frees)
        CHECK(pyssl_conn_free(conn) == PYSSL_OK);
}

static intptr_t end_read(void *userdata, uint8_t *buffer, size_t size) {
    end_t *end = userdata;
    pipe_t *in = end->in;
    size_t taken = least(size, in->len), i;
    misbehave(end);
    if (end->wrong_read != 0)
        return end->wrong_read;
    if (taken == 0)
        return in->ended ? 0 : PYSSL_TRANSPORT_LATER;
    if (end->most != 0)
        taken = least(taken, end->most);
    for (i = 0; i < taken; i++)
        buffer[i] = in->bytes[(in->begin + i) % sizeof in->bytes];
    in->begin = (in->begin + taken) % sizeof in->bytes;
    in->len -= taken;
    return (intptr_t)taken;
}

static intptr_t end_write(void *userdata, const uint8_t *bytes, size_t len) {
    end_t *end = userdata;
    pipe_t *out = end->out;
    size_t taken = least(len, sizeof out->bytes - out->len), i;
    misbehave(end);
    if (end->wrong_write != 0)
        return end->wrong_write;
    if (taken == 0)
        return PYSSL_TRANSPORT_LATER;
    if (end->most != 0)
        taken = least(taken, end->most);
    for (i = 0; i < taken; i++)
        out->bytes[(out->begin + out->len + i) % sizeof out->bytes] = bytes[i];
    out->len += taken;
    return (intptr_t)taken;
}

static void end_destroy(void *userdata) { ((end_t *)userdata)->destroyed++; }

static pyssl_ctx *server_ctx, *client_ctx;

static void make_contexts(void) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("joined", key, NULL, NULL);
    pyssl_store *store = NULL;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &server_ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(server_ctx, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey(server_ctx, key) == PYSSL_OK);
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &client_ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_cert_store(client_ctx, &store) == PYSSL_OK);
    CHECK(pyssl_store_add_cert(store, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(client_ctx, PYSSL_VERIFY_PEER, NULL, NULL, NULL) == PYSSL_OK);
    CHECK(pyssl_store_free(store) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

/* Two connections whose transports lead to each other. */
typedef struct {
    pipe_t up, down;
    end_t near, far;
    pyssl_conn *client, *server;
} joined_t;

static pyssl_conn *conn_of(pyssl_ctx *ctx, end_t *end) {
    pyssl_transport transport;
    pyssl_conn *conn = NULL;
    transport.read = end_read;
    transport.write = end_write;
    transport.userdata = end;
    transport.destroy = end_destroy;
    CHECK(pyssl_conn_new_transport(ctx, &transport, &conn) == PYSSL_OK);
    return conn;
}

static joined_t *join(void) {
    joined_t *joined = calloc(1, sizeof *joined);
    CHECK(joined != NULL);
    joined->near.in = joined->far.out = &joined->down;
    joined->near.out = joined->far.in = &joined->up;
    joined->client = conn_of(client_ctx, &joined->near);
    joined->server = conn_of(server_ctx, &joined->far);
    CHECK(pyssl_conn_set_connect_state(joined->client) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(joined->server) == PYSSL_OK);
    return joined;
}

static int later(intptr_t status) { return status == PYSSL_ERR_WANT_READ || status == PYSSL_ERR_WANT_WRITE; }

static void shake(joined_t *joined) {
    int left = 500;
    pyssl_status client, server;
    do {
        client = pyssl_conn_do_handshake(joined->client);
        server = pyssl_conn_do_handshake(joined->server);
        CHECK(client == PYSSL_OK || later(client));
        CHECK(server == PYSSL_OK || later(server));
    } while ((client != PYSSL_OK || server != PYSSL_OK) && --left > 0);
    CHECK(left > 0);
}

static void part(joined_t *joined) {
    CHECK(pyssl_conn_free(joined->client) == PYSSL_OK);
    CHECK(pyssl_conn_free(joined->server) == PYSSL_OK);
    CHECK(joined->near.destroyed == 1 && joined->far.destroyed == 1);
    free(joined);
}

/* Sends len bytes and receives them at the other end, in what pieces the pipes allow. */
static void carry(joined_t *joined, pyssl_conn *from, pyssl_conn *to, size_t len) {
    uint8_t *data = malloc(len), *got = malloc(len);
    size_t sent = 0, received = 0, i;
    (void)joined;
    CHECK(data != NULL && got != NULL);
    for (i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 31 + i / 251);
    while (received < len) {
        intptr_t n;
        if (sent < len) {
            n = pyssl_conn_send(from, data + sent, len - sent);
            CHECK(n > 0 || later(n));
            sent += n > 0 ? (size_t)n : 0;
        }
        n = pyssl_conn_recv(to, got + received, len - received, 0);
        CHECK(n > 0 || later(n));
        received += n > 0 ? (size_t)n : 0;
    }
    CHECK(memcmp(data, got, len) == 0);
    free(data);
    free(got);
}

static void two_connections_joined_back_to_back_carry_every_byte(void) {
    size_t most[] = {0, 1, 7, 1000}, i;
    for (i = 0; i < sizeof most / sizeof *most; i++) {
        joined_t *joined = join();
        uint8_t byte;
        int done = 0;
        joined->near.most = most[i];
        joined->far.most = most[i];
        shake(joined);
        carry(joined, joined->client, joined->server, 100000);
        carry(joined, joined->server, joined->client, 40000);
        CHECK(pyssl_conn_shutdown(joined->client, &done) == PYSSL_OK && done == 0);
        CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == PYSSL_ERR_ZERO_RETURN);
        CHECK(pyssl_conn_shutdown(joined->server, &done) == PYSSL_OK && done == 1);
        part(joined);
    }
}

static void the_end_of_the_stream_is_told_from_close_notify(void) {
    joined_t *joined = join();
    uint8_t byte;
    shake(joined);
    joined->up.ended = 1;
    CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == PYSSL_ERR_EOF);
    part(joined);
}

static void says(const char *sentence) {
    if (strstr(pyssl_error_message(), sentence) == NULL) {
        fprintf(stderr, "expected: %s\nsaid: %s\n", sentence, pyssl_error_message());
        exit(1);
    }
}

static void what_breaks_the_contract_is_told_and_the_connection_goes_on(void) {
    joined_t *joined = join();
    uint8_t byte = 'x';
    intptr_t wrong[] = {-3, -100, INTPTR_MIN, 1 << 30, INTPTR_MAX, (intptr_t)0xffffffff};
    size_t i;
    shake(joined);
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        joined->far.wrong_read = wrong[i];
        CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == PYSSL_ERROR);
        says(wrong[i] < 0 ? "negative number that means nothing" : "more bytes than it was asked for");
        joined->near.wrong_write = wrong[i];
        CHECK(pyssl_conn_send(joined->client, &byte, 1) == PYSSL_ERROR);
        says(wrong[i] < 0 ? "negative number that means nothing" : "more bytes than it was asked for");
    }
    joined->far.wrong_read = joined->near.wrong_write = PYSSL_TRANSPORT_FAILED;
    CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == PYSSL_ERR_CALLBACK);
    CHECK(pyssl_conn_send(joined->client, &byte, 1) == PYSSL_ERR_CALLBACK);
    joined->far.wrong_read = joined->near.wrong_write = 0;
    /* The failed send is made again, with the same byte; it arrives once. */
    CHECK(pyssl_conn_send(joined->client, &byte, 1) == 1);
    CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == 1 && byte == 'x');
    CHECK(later(pyssl_conn_recv(joined->server, &byte, 1, 0)));
    carry(joined, joined->client, joined->server, 20000);
    part(joined);
}

static void a_call_back_into_the_connection_is_busy(void) {
    joined_t *joined = join();
    uint8_t byte = 0;
    shake(joined);
    joined->far.calls = joined->server;
    CHECK(later(pyssl_conn_recv(joined->server, &byte, 1, 0)));
    CHECK(joined->far.answer == PYSSL_ERR_BUSY);
    joined->near.calls = joined->client;
    CHECK(pyssl_conn_send(joined->client, &byte, 1) == 1);
    CHECK(joined->near.answer == PYSSL_ERR_BUSY);
    says("called back into the connection");
    part(joined);
}

static void another_fiber_may_send_while_one_reads(void) {
    joined_t *joined = join();
    uint8_t byte = 0;
    shake(joined);
    CHECK(pyssl_set_fiber_fn(this_fiber) == PYSSL_OK);
    joined->far.as_fiber = 7;
    joined->far.calls = joined->server;
    CHECK(later(pyssl_conn_recv(joined->server, &byte, 1, 0)));
    CHECK(joined->far.answer == PYSSL_ERR_BUSY && joined->far.sent == 1);
    CHECK(pyssl_conn_recv(joined->client, &byte, 1, 0) == 1 && byte == 'f');
    /* Two that write at once are one too many. */
    joined->near.as_fiber = 7;
    joined->near.calls = joined->client;
    CHECK(pyssl_conn_send(joined->client, &byte, 1) == 1);
    CHECK(joined->near.sent == PYSSL_ERR_BUSY);
    CHECK(pyssl_set_fiber_fn(NULL) == PYSSL_OK);
    part(joined);
}

static void a_transport_may_close_and_free_its_own_connection(void) {
    joined_t *joined = join();
    uint8_t byte = 0;
    shake(joined);
    joined->far.calls = joined->server;
    joined->far.closes = 1;
    CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) < 0);
    CHECK(pyssl_conn_recv(joined->server, &byte, 1, 0) == PYSSL_ERR_CLOSED);
    joined->near.calls = joined->client;
    joined->near.frees = 1;
    CHECK(pyssl_conn_recv(joined->client, &byte, 1, 0) < 0);
    CHECK(joined->near.destroyed == 1);
    CHECK(pyssl_conn_recv(joined->client, &byte, 1, 0) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_conn_free(joined->client) == PYSSL_ERR_HANDLE);
    joined->client = NULL;
    part(joined);
}

/* A transport whose read does not return before it is told to. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int reading, released;
    pyssl_conn *conn;
    pyssl_status answer;
} silent_t;

static intptr_t silent_read(void *userdata, uint8_t *buffer, size_t size) {
    silent_t *silent = userdata;
    (void)buffer, (void)size;
    pthread_mutex_lock(&silent->lock);
    silent->reading++;
    pthread_cond_broadcast(&silent->change);
    while (!silent->released)
        pthread_cond_wait(&silent->change, &silent->lock);
    pthread_mutex_unlock(&silent->lock);
    return PYSSL_TRANSPORT_LATER;
}

static intptr_t silent_write(void *userdata, const uint8_t *bytes, size_t len) {
    (void)userdata, (void)bytes;
    return (intptr_t)len;
}

static void *handshake(void *userdata) {
    silent_t *silent = userdata;
    silent->answer = pyssl_conn_do_handshake(silent->conn);
    return NULL;
}

static void *second_handshake(void *userdata) {
    pyssl_conn *conn = userdata;
    return (void *)(intptr_t)pyssl_conn_do_handshake(conn);
}

static void a_transport_that_blocks_holds_up_nobody_who_closes(void) {
    silent_t silent = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, NULL, 0};
    pyssl_transport transport = {silent_read, silent_write, NULL, NULL};
    pthread_t inside, waiting;
    void *answer;
    transport.userdata = &silent;
    CHECK(pyssl_conn_new_transport(client_ctx, &transport, &silent.conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(silent.conn) == PYSSL_OK);
    CHECK(pthread_create(&inside, NULL, handshake, &silent) == 0);
    pthread_mutex_lock(&silent.lock);
    while (silent.reading == 0)
        pthread_cond_wait(&silent.change, &silent.lock);
    pthread_mutex_unlock(&silent.lock);
    CHECK(pthread_create(&waiting, NULL, second_handshake, silent.conn) == 0);
    CHECK(pyssl_conn_close(silent.conn) == PYSSL_OK);
    /* The one that waits for its turn ends at once; the one inside when its read returns. */
    CHECK(pthread_join(waiting, &answer) == 0);
    CHECK((intptr_t)answer == PYSSL_ERR_CLOSED);
    pthread_mutex_lock(&silent.lock);
    silent.released = 1;
    pthread_cond_broadcast(&silent.change);
    pthread_mutex_unlock(&silent.lock);
    CHECK(pthread_join(inside, NULL) == 0);
    CHECK(silent.answer < 0);
    CHECK(silent.reading == 1);
    CHECK(pyssl_conn_do_handshake(silent.conn) == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_free(silent.conn) == PYSSL_OK);
}

static void wrong_arguments_leave_nothing_behind(void) {
    end_t end;
    pyssl_transport transport = {NULL, end_write, NULL, end_destroy};
    pyssl_conn *conn = NULL;
    memset(&end, 0, sizeof end);
    transport.userdata = &end;
    CHECK(pyssl_conn_new_transport(client_ctx, NULL, &conn) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_new_transport(client_ctx, &transport, &conn) == PYSSL_ERR_ARGUMENT && end.destroyed == 1);
    transport.read = end_read;
    transport.write = NULL;
    CHECK(pyssl_conn_new_transport(client_ctx, &transport, &conn) == PYSSL_ERR_ARGUMENT && end.destroyed == 2);
    transport.write = end_write;
    CHECK(pyssl_conn_new_transport(NULL, &transport, &conn) == PYSSL_ERR_HANDLE && end.destroyed == 3);
    CHECK(pyssl_conn_new_transport(client_ctx, &transport, NULL) == PYSSL_ERR_ARGUMENT && end.destroyed == 4);
    CHECK(pyssl_conn_keep(NULL, &end, end_destroy) == PYSSL_ERR_HANDLE && end.destroyed == 5);
}

static void what_is_kept_goes_with_the_connection(void) {
    end_t kept;
    pyssl_conn *conn = NULL;
    memset(&kept, 0, sizeof kept);
    CHECK(pyssl_conn_new(client_ctx, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_keep(conn, &kept, end_destroy) == PYSSL_OK);
    CHECK(pyssl_conn_keep(conn, &kept, end_destroy) == PYSSL_OK);
    CHECK(pyssl_conn_keep(conn, &kept, NULL) == PYSSL_OK);
    CHECK(pyssl_conn_close(conn) == PYSSL_OK && kept.destroyed == 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && kept.destroyed == 2);
    CHECK(pyssl_conn_keep(conn, &kept, end_destroy) == PYSSL_ERR_HANDLE && kept.destroyed == 3);
}

int main(void) {
    make_contexts();
    RUN(two_connections_joined_back_to_back_carry_every_byte);
    RUN(the_end_of_the_stream_is_told_from_close_notify);
    RUN(what_breaks_the_contract_is_told_and_the_connection_goes_on);
    RUN(a_call_back_into_the_connection_is_busy);
    RUN(another_fiber_may_send_while_one_reads);
    RUN(a_transport_may_close_and_free_its_own_connection);
    RUN(a_transport_that_blocks_holds_up_nobody_who_closes);
    RUN(wrong_arguments_leave_nothing_behind);
    RUN(what_is_kept_goes_with_the_connection);
    CHECK(pyssl_ctx_free(server_ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client_ctx) == PYSSL_OK);
    CHECK(pyssl_handle_count() == 0);
    return 0;
}
