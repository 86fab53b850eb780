/* One connection, many threads: every byte in order, no hang, and what close() and shutdown() do to those who wait.
 * PYSSL_SOAK=60 makes the load last that many seconds in place of 5; the argument "short", one. */
#include "pair.h"
#include "waiting.h"

#include <errno.h>

enum { MOST = 256 << 10 };
static int is_short;

/* ---- the load */

typedef struct {
    pair *p;
    int end, version, nonblocking;
    /* how much this end writes, and reads */
    size_t to_write, to_read;
    unsigned random;
} task;

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Byte number `at` of what an end writes. */
static uint8_t stream_byte(int end, size_t at) {
    return (uint8_t)(at * 131 + (at >> 8) * 17 + (at >> 16) + (size_t)end);
}

/* True when the call is to be made again. Another thread may take what this one waits for: hence the short wait. */
static int again(task *t, ptrdiff_t status) {
    struct pollfd wait = {t->p->fd[t->end], POLLIN, 0};
    if (!t->nonblocking || (status != PYSSL_ERR_WANT_READ && status != PYSSL_ERR_WANT_WRITE))
        return 0;
    if (status == PYSSL_ERR_WANT_WRITE)
        wait.events = POLLOUT;
    poll(&wait, 1, 5);
    return 1;
}

static void fail(const task *t, const char *what, ptrdiff_t status) {
    fprintf(stderr, "%s (TLS %x, end %d, %s): %ld: %s\n", what, (unsigned)t->version, t->end,
            t->nonblocking ? "non-blocking" : "blocking", (long)status, pyssl_error_message());
    exit(1);
}

/* New keys (TLS 1.3) or another handshake (TLS 1.2), now and then. */
static void disturb(task *t) {
    unsigned chance = next_random(&t->random) % 8;
    int asked;
    if (t->version == TLS1_3 && chance < 2)
        CHECK(pyssl_conn_key_update(t->p->conn[t->end], (int)chance) == PYSSL_OK);
    if (t->version == TLS1_2 && chance == 0 && t->end == 0)
        CHECK(pyssl_conn_renegotiate(t->p->conn[t->end], &asked) == PYSSL_OK);
}

static void write_piece(task *t, const uint8_t *piece, size_t len) {
    size_t done = 0, sent;
    ptrdiff_t status;
    if (next_random(&t->random) % 2) {
        while (done < len) {
            status = pyssl_conn_send_all(t->p->conn[t->end], piece + done, len - done, &sent);
            done += sent;
            if (status != PYSSL_OK && !again(t, status))
                fail(t, "send_all", status);
        }
        return;
    }
    while (done < len) {
        status = pyssl_conn_send(t->p->conn[t->end], piece + done, len - done);
        if (status > 0)
            done += (size_t)status;
        else if (!again(t, status))
            fail(t, "send", status);
    }
}

static size_t piece_size(unsigned *random) {
    /* as many small ones as large ones */
    size_t size = (size_t)1 << next_random(random) % 19;
    return 1 + next_random(random) % size;
}

static void *writer(void *argument) {
    task *t = argument;
    uint8_t *piece = malloc(MOST);
    size_t at = 0, len, i;
    while (at < t->to_write) {
        len = piece_size(&t->random);
        len = len > t->to_write - at ? t->to_write - at : len;
        for (i = 0; i < len; i++)
            piece[i] = stream_byte(t->end, at + i);
        write_piece(t, piece, len);
        at += len;
        disturb(t);
    }
    free(piece);
    return NULL;
}

static void *reader(void *argument) {
    task *t = argument;
    uint8_t *room = malloc(MOST);
    size_t at = 0, i;
    ptrdiff_t got;
    while (at < t->to_read) {
        got = pyssl_conn_recv(t->p->conn[t->end], room, piece_size(&t->random), 0);
        if (got < 0 && again(t, got))
            continue;
        if (got <= 0)
            fail(t, "recv", got);
        for (i = 0; i < (size_t)got; i++)
            CHECK(room[i] == stream_byte(!t->end, at + i));
        at += (size_t)got;
    }
    free(room);
    return NULL;
}

typedef struct {
    pair *p;
    volatile int over;
} watch;

/* The thread that asks for state. */
static void *watcher(void *argument) {
    watch *w = argument;
    size_t pending;
    int wants;
    while (!__atomic_load_n(&w->over, __ATOMIC_ACQUIRE)) {
        CHECK(pyssl_conn_pending(w->p->conn[0], &pending) == PYSSL_OK);
        CHECK(pyssl_conn_want(w->p->conn[1], &wants) == PYSSL_OK);
        milliseconds_pass(1);
    }
    return NULL;
}

/* Four threads that move bytes and one that asks, from the first byte of the handshake on, or right after it. */
static size_t load_round(unsigned *random, int version, int nonblocking, transport_kind kind) {
    pair p;
    size_t amount[2];
    task tasks[4];
    pthread_t threads[5];
    watch w = {&p, 0};
    int i;
    open_pair(&p, version, kind);
    if (next_random(random) % 2)
        shake_hands(&p);
    for (i = 0; i < 2; i++) {
        amount[i] = 1 + next_random(random) % (2 << 20);
        if (nonblocking)
            set_nonblocking(p.fd[i]);
    }
    CHECK(pthread_create(&threads[4], NULL, watcher, &w) == 0);
    for (i = 0; i < 4; i++) {
        task t = {&p, i / 2, version, nonblocking, amount[i / 2], amount[!(i / 2)], next_random(random)};
        tasks[i] = t;
        CHECK(pthread_create(&threads[i], NULL, i % 2 ? reader : writer, &tasks[i]) == 0);
    }
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    __atomic_store_n(&w.over, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(threads[4], NULL) == 0);
    close_pair(&p);
    return amount[0] + amount[1];
}

static void every_byte_arrives_in_order_under_load(void) {
    unsigned random = (unsigned)time(NULL), rounds = 0;
    double until = seconds() + (is_short ? 1 : soak_seconds());
    size_t bytes = 0;
    printf("seed %u\n", random);
    fflush(stdout);
    do {
        int version = rounds % 2 ? TLS1_2 : TLS1_3, nonblocking = rounds / 2 % 2;
        bytes += load_round(&random, version, nonblocking, rounds / 4 % 2 ? FUNCTIONS : DESCRIPTOR);
        rounds++;
    } while (seconds() < until || rounds < 8);
    printf("%u connections, %lu MB\n", rounds, (unsigned long)(bytes >> 20));
}

/* ---- readers and writers do not hold each other up */

typedef struct {
    pyssl_conn *conn;
    ptrdiff_t result;
    double ended;
    int number; /* sys_errno of the failure */
} call;

static void note_end(call *c) {
    pyssl_error error;
    pyssl_error_last(&error);
    c->number = error.sys_errno;
    c->ended = seconds();
}

static void *blocked_reader(void *argument) {
    call *c = argument;
    uint8_t room[1024];
    do
        c->result = pyssl_conn_recv(c->conn, room, sizeof room, 0);
    while (c->result > 0);
    note_end(c);
    return NULL;
}

static void *blocked_writer(void *argument) {
    call *c = argument;
    static const uint8_t much[1 << 20];
    size_t sent;
    do
        c->result = pyssl_conn_send_all(c->conn, much, sizeof much, &sent);
    while (c->result == PYSSL_OK);
    note_end(c);
    return NULL;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The times of 2,000 sends, sorted. */
static void time_sends(pyssl_conn *conn, double *took, size_t count) {
    static const uint8_t bytes[1000];
    size_t i;
    for (i = 0; i < count; i++) {
        double begun = seconds();
        CHECK(pyssl_conn_send(conn, bytes, sizeof bytes) == (ptrdiff_t)sizeof bytes);
        took[i] = seconds() - begun;
    }
    qsort(took, count, sizeof *took, by_size);
}

enum { SENDS = 2000 };

static void sends_beside_a_reader(int peer_talks, transport_kind kind) {
    pair p;
    pthread_t threads[3];
    double took[SENDS];
    int attempt;
    open_pair(&p, TLS1_3, kind);
    shake_hands(&p);
    call here = {p.conn[1], 0, 0, 0}, there = {p.conn[0], 0, 0, 0}, talk = {p.conn[0], 0, 0, 0};
    CHECK(pthread_create(&threads[0], NULL, blocked_reader, &here) == 0);
    CHECK(pthread_create(&threads[1], NULL, blocked_reader, &there) == 0);
    if (peer_talks)
        CHECK(pthread_create(&threads[2], NULL, blocked_writer, &talk) == 0);
    milliseconds_pass(50);
    /* Who stands in another's way always does; a machine that was busy with something else is not, five times over. */
    for (attempt = 0; attempt == 0 || (attempt < 5 && took[SENDS * 99 / 100] >= 0.05); attempt++)
        time_sends(p.conn[1], took, SENDS);
    printf("send beside a reader %s (%s): p50 %.3f ms, p99 %.3f ms, longest %.3f ms\n",
           peer_talks ? "whose peer never stops" : "on a silent peer", kind == FUNCTIONS ? "functions" : "descriptor",
           took[SENDS / 2] * 1e3, took[SENDS * 99 / 100] * 1e3, took[SENDS - 1] * 1e3);
    CHECK(took[SENDS * 99 / 100] < 0.05);
    CHECK(pyssl_conn_close(p.conn[0]) == PYSSL_OK && pyssl_conn_close(p.conn[1]) == PYSSL_OK);
    shutdown(p.fd[0], SHUT_RDWR);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    if (peer_talks)
        CHECK(pthread_join(threads[2], NULL) == 0);
    close_pair(&p);
}

static void a_blocked_reader_does_not_delay_a_writer(void) {
    sends_beside_a_reader(0, DESCRIPTOR);
    sends_beside_a_reader(0, FUNCTIONS);
}

static void a_busy_reader_does_not_starve_a_writer(void) {
    sends_beside_a_reader(1, DESCRIPTOR);
    sends_beside_a_reader(1, FUNCTIONS);
}

/* ---- the end */

static pyssl_status end_by_close(pyssl_conn *conn) { return pyssl_conn_close(conn); }

static pyssl_status end_by_shutdown(pyssl_conn *conn) {
    int done;
    /* The peer takes nothing, so the close_notify has to wait too. */
    CHECK(pyssl_conn_set_timeout(conn, 100) == PYSSL_OK);
    CHECK(pyssl_conn_shutdown(conn, &done) == PYSSL_ERR_TIMEOUT);
    return PYSSL_OK;
}

/* A reader and a writer, both blocked, when a third thread ends the connection. */
static void ends_both(pyssl_status (*end)(pyssl_conn *), int version) {
    pair p;
    pthread_t threads[2];
    double begun;
    open_pair(&p, version, DESCRIPTOR);
    shake_hands(&p);
    call reading = {p.conn[1], 0, 0, 0}, writing = {p.conn[1], 0, 0, 0};
    CHECK(pthread_create(&threads[0], NULL, blocked_reader, &reading) == 0);
    CHECK(pthread_create(&threads[1], NULL, blocked_writer, &writing) == 0);
    others_wait(2);
    CHECK(reading.ended == 0 && writing.ended == 0);
    begun = seconds();
    CHECK(end(p.conn[1]) == PYSSL_OK);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    CHECK(reading.result == PYSSL_ERR_CLOSED && writing.result == PYSSL_ERR_CLOSED);
    CHECK(reading.number == (end == end_by_shutdown ? ESHUTDOWN : 0) && writing.number == reading.number);
    CHECK(reading.ended - begun < 20 && writing.ended - begun < 20);
    if (end == pyssl_conn_free)
        CHECK(pyssl_conn_new_fd(p.ctx[1], p.fd[1], &p.conn[1]) == PYSSL_OK);
    close_pair(&p);
}

static void close_ends_a_reader_and_a_writer_that_wait(void) {
    ends_both(end_by_close, TLS1_2);
    ends_both(end_by_close, TLS1_3);
}

static void shutdown_ends_a_reader_and_a_writer_that_wait(void) {
    ends_both(end_by_shutdown, TLS1_2);
    ends_both(end_by_shutdown, TLS1_3);
}

static void freeing_the_handle_ends_a_reader_and_a_writer_that_wait(void) { ends_both(pyssl_conn_free, TLS1_3); }

static void what_the_peer_still_sends_after_a_shutdown_can_be_received(void) {
    pair p;
    pthread_t thread;
    uint8_t room[10];
    int done;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    call reading = {p.conn[1], 0, 0, 0};
    CHECK(pthread_create(&thread, NULL, blocked_reader, &reading) == 0);
    others_wait(1);
    CHECK(pyssl_conn_shutdown(p.conn[1], &done) == PYSSL_OK && done == 0);
    CHECK(pthread_join(thread, NULL) == 0 && reading.result == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"late", 4) == 4);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 4);
    CHECK(memcmp(room, "late", 4) == 0);
    close_pair(&p);
}

/* ---- two writers */

typedef struct {
    pyssl_conn *conn;
    const uint8_t *bytes;
    ptrdiff_t result;
} one_send;

static void *send_once(void *argument) {
    one_send *s = argument;
    s->result = pyssl_conn_send(s->conn, s->bytes, 5000);
    return NULL;
}

static void send_on_another_thread(one_send *s) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, send_once, s) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Reads all that comes; counts the bytes of each writer. */
static void drain(pyssl_conn *conn, size_t counts[3]) {
    uint8_t room[16384];
    ptrdiff_t got, i;
    while ((got = pyssl_conn_recv(conn, room, sizeof room, 0)) > 0)
        for (i = 0; i < got; i++)
            counts[room[i]]++;
    CHECK(got == PYSSL_ERR_WANT_READ);
}

/* What one thread was told to send again is not taken for sent when another one sends. */
static void a_send_begun_by_one_thread_is_not_ended_by_another(void) {
    pair p;
    static uint8_t ones[5000], twos[5000];
    size_t counts[3] = {0, 0, 0}, sent = 0;
    memset(ones, 1, sizeof ones);
    memset(twos, 2, sizeof twos);
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    set_nonblocking(p.fd[0]);
    set_nonblocking(p.fd[1]);
    one_send first = {p.conn[1], ones, 0}, second = {p.conn[1], twos, 0};
    do {
        first.result = pyssl_conn_send(p.conn[1], ones, sizeof ones);
        sent += first.result > 0;
    } while (first.result > 0);
    CHECK(first.result == PYSSL_ERR_WANT_WRITE);
    drain(p.conn[0], counts);
    send_on_another_thread(&second);
    CHECK(second.result == 5000);
    CHECK(pyssl_conn_send(p.conn[1], ones, sizeof ones) == 5000);
    drain(p.conn[0], counts);
    CHECK(counts[1] == (sent + 1) * 5000 && counts[2] == 5000);
    close_pair(&p);
}

/* Another thread's bytes are a message of their own, even when they are the same. */
static void the_same_bytes_of_another_thread_are_its_own(void) {
    pair p;
    static uint8_t ones[5000];
    size_t counts[3] = {0, 0, 0}, sent = 0;
    memset(ones, 1, sizeof ones);
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    set_nonblocking(p.fd[0]);
    set_nonblocking(p.fd[1]);
    one_send first = {p.conn[1], ones, 0};
    while ((first.result = pyssl_conn_send(p.conn[1], ones, sizeof ones)) > 0)
        sent++;
    drain(p.conn[0], counts);
    send_on_another_thread(&first);
    CHECK(first.result == 5000);
    drain(p.conn[0], counts);
    CHECK(counts[1] == (sent + 2) * 5000);
    CHECK(pyssl_conn_send(p.conn[1], ones, sizeof ones) == 5000);
    drain(p.conn[0], counts);
    CHECK(counts[1] == (sent + 2) * 5000);
    close_pair(&p);
}

/* ---- a thread that ends where it cannot */

static int ends_its_thread(void *userdata, pyssl_conn *conn, int where, int value) {
    (void)userdata, (void)conn, (void)where, (void)value;
    pthread_exit(NULL);
}

static void *handshake_that_does_not_return(void *conn) {
    pyssl_conn_do_handshake(conn);
    return conn;
}

/* It stays in the callback, whose callers' frames hold locks and half-done work; the process goes on and ends. */
static void a_thread_that_ends_in_a_callback_stays_there(void) {
    pair p;
    pthread_t thread;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    CHECK(pyssl_conn_set_info_callback(p.conn[1], ends_its_thread, NULL, NULL) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, handshake_that_does_not_return, p.conn[1]) == 0);
    CHECK(pthread_detach(thread) == 0);
    others_wait(1);
    close_pair(&p);
}

int main(int count, char **arguments) {
    is_short = count > 1 && strcmp(arguments[1], "short") == 0;
    RUN(a_blocked_reader_does_not_delay_a_writer);
    RUN(a_busy_reader_does_not_starve_a_writer);
    RUN(close_ends_a_reader_and_a_writer_that_wait);
    RUN(shutdown_ends_a_reader_and_a_writer_that_wait);
    RUN(freeing_the_handle_ends_a_reader_and_a_writer_that_wait);
    RUN(what_the_peer_still_sends_after_a_shutdown_can_be_received);
    RUN(a_send_begun_by_one_thread_is_not_ended_by_another);
    RUN(the_same_bytes_of_another_thread_are_its_own);
    RUN(every_byte_arrives_in_order_under_load);
    if (!is_short) /* valgrind would call lost what the thread has */
        RUN(a_thread_that_ends_in_a_callback_stays_there);
    return 0;
}
