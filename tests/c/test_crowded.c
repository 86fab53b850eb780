/* What holds on a connection where threads meet at its lock, so that its socket is used outside of it. */
#include "pair.h"

#include <sched.h>

static int rounds = 60;

/* A thread that asks for state again and again: the others have to wait for the lock now and then. */
typedef struct {
    pyssl_conn *conn;
    pthread_t thread;
    int over;
} crowd;

static void *asks(void *argument) {
    crowd *c = argument;
    size_t pending;
    while (!__atomic_load_n(&c->over, __ATOMIC_SEQ_CST)) {
        CHECK(pyssl_conn_pending(c->conn, &pending) == PYSSL_OK);
        sched_yield(); /* valgrind, which runs a thread at a time, would come to no other */
    }
    return NULL;
}

static void gather(crowd *c, pyssl_conn *conn) {
    c->conn = conn;
    c->over = 0;
    CHECK(pthread_create(&c->thread, NULL, asks, c) == 0);
}

static void disperse(crowd *c) {
    __atomic_store_n(&c->over, 1, __ATOMIC_SEQ_CST);
    CHECK(pthread_join(c->thread, NULL) == 0);
}

/* A connection whose end 1 has met a crowd, and remembers it for a while. */
static void open_crowded(pair *p) {
    static uint8_t message[3000], room[4000];
    crowd c[2];
    int i;
    open_pair(p, TLS1_3, DESCRIPTOR);
    shake_hands(p);
    for (i = 0; i < 2; i++)
        gather(&c[i], p->conn[1]);
    for (i = 0; i < 10 * rounds; i++) {
        CHECK(pyssl_conn_send(p->conn[0], message, sizeof message) == (ptrdiff_t)sizeof message);
        CHECK(pyssl_conn_recv(p->conn[1], room, sizeof room, 0) == (ptrdiff_t)sizeof message);
    }
    for (i = 0; i < 2; i++)
        disperse(&c[i]);
}

static void what_was_said_of_a_shutdown_is_heard(void) {
    pair p;
    uint8_t room[100];
    open_crowded(&p);
    CHECK(pyssl_conn_set_shutdown(p.conn[1], 2 /* SSL_RECEIVED_SHUTDOWN */) == PYSSL_OK);
    CHECK(pyssl_conn_set_timeout(p.conn[1], 5000) == PYSSL_OK);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == PYSSL_ERR_ZERO_RETURN);
    close_pair(&p);
}

/* Answers once it has received so much. */
typedef struct {
    pyssl_conn *conn;
    size_t expected;
} answering;

static void *answers(void *argument) {
    const answering *a = argument;
    static uint8_t room[16384];
    size_t received = 0;
    while (received < a->expected) {
        ptrdiff_t got = pyssl_conn_recv(a->conn, room, sizeof room, 0);
        CHECK(got > 0);
        received += (size_t)got;
    }
    CHECK(pyssl_conn_send(a->conn, (const uint8_t *)"answer", 6) == 6);
    return NULL;
}

static void what_a_send_could_not_get_rid_of_goes_before_a_receive_waits(void) {
    static const uint8_t message[16384];
    pair p;
    answering a;
    pthread_t thread;
    uint8_t room[100];
    ptrdiff_t sent;
    open_crowded(&p);
    a.conn = p.conn[0];
    a.expected = sizeof message;
    CHECK(pyssl_conn_set_timeout(p.conn[1], 100) == PYSSL_OK);
    while ((sent = pyssl_conn_send(p.conn[1], message, sizeof message)) > 0)
        a.expected += (size_t)sent;
    CHECK(sent == PYSSL_ERR_TIMEOUT);
    CHECK(pyssl_conn_set_timeout(p.conn[1], 10000) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, answers, &a) == 0);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 6);
    CHECK(pthread_join(thread, NULL) == 0);
    close_pair(&p);
}

/* Raises when an alert comes. */
static int raises_on_alert(void *armed, pyssl_conn *conn, int where, int value) {
    enum { READ_ALERT = 0x4004 };
    (void)conn;
    (void)value;
    return __atomic_load_n((int *)armed, __ATOMIC_SEQ_CST) && (where & READ_ALERT) == READ_ALERT ? -1 : 0;
}

typedef struct {
    pyssl_conn *conn;
    int messages, ended;
} receivers;

static void *receives_to_the_end(void *argument) {
    receivers *r = argument;
    uint8_t room[4000];
    while (pyssl_conn_recv(r->conn, room, sizeof room, 0) > 0)
        __atomic_add_fetch(&r->messages, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&r->ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* Both receivers hear of the end, whichever of them has the bytes in hand that lead to it. */
static void a_callback_that_raises_ends_every_receiver(void) {
    static const uint8_t message[3000];
    int round, i, both;
    for (round = 0; round < rounds; round++) {
        pair p;
        crowd c[2];
        pthread_t threads[2];
        int armed = 0;
        receivers r = {NULL, 0, 0};
        open_pair(&p, TLS1_3, DESCRIPTOR);
        r.conn = p.conn[1];
        CHECK(pyssl_conn_set_info_callback(p.conn[1], raises_on_alert, &armed, NULL) == PYSSL_OK);
        shake_hands(&p);
        for (i = 0; i < 2; i++) {
            gather(&c[i], p.conn[1]);
            CHECK(pthread_create(&threads[i], NULL, receives_to_the_end, &r) == 0);
        }
        for (i = 0; i < 60; i++)
            CHECK(pyssl_conn_send(p.conn[0], message, sizeof message) == (ptrdiff_t)sizeof message);
        while (__atomic_load_n(&r.messages, __ATOMIC_SEQ_CST) < 60)
            sched_yield();
        __atomic_store_n(&armed, 1, __ATOMIC_SEQ_CST);
        CHECK(pyssl_conn_shutdown(p.conn[0], &both) == PYSSL_OK);
        for (i = 0; i < 2; i++) {
            CHECK(pthread_join(threads[i], NULL) == 0);
            disperse(&c[i]);
        }
        CHECK(r.ended == 2);
        close_pair(&p);
    }
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "short") == 0)
        rounds = 2;
    RUN(what_was_said_of_a_shutdown_is_heard);
    RUN(what_a_send_could_not_get_rid_of_goes_before_a_receive_waits);
    RUN(a_callback_that_raises_ends_every_receiver);
    return 0;
}
