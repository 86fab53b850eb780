/* Threads that are cancelled (pthread_cancel), or end (pthread_exit), inside the library and its callbacks. */
#include "pair.h"

#include <sys/wait.h>

static pthread_barrier_t barrier;

static void *receives(void *conn) {
    uint8_t byte;
    ptrdiff_t got = pyssl_conn_recv(conn, &byte, 1, 0);
    CHECK(got == PYSSL_ERR_CLOSED || got == PYSSL_ERR_TIMEOUT || got == PYSSL_ERR_ZERO_RETURN);
    pthread_testcancel();
    CHECK(!"the thread was not cancelled after the call");
    return NULL;
}

static void is_cancelled(pthread_t thread) {
    void *result;
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

/* The thread waits in recv, is cancelled there, and goes on waiting. */
static pthread_t cancelled_in_recv(pyssl_conn *conn) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, receives, conn) == 0);
    milliseconds_pass(50);
    CHECK(pthread_cancel(thread) == 0);
    milliseconds_pass(50);
    CHECK(pthread_kill(thread, 0) == 0);
    return thread;
}

static void a_blocked_call_is_ended_by_close_not_by_cancellation(void) {
    pair p;
    pthread_t thread;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    thread = cancelled_in_recv(p.conn[1]);
    CHECK(pyssl_conn_close(p.conn[1]) == PYSSL_OK);
    is_cancelled(thread);
    close_pair(&p);
}

static void a_blocked_call_is_ended_by_shutdown_and_the_connection_goes_on(void) {
    pair p;
    pthread_t thread;
    uint8_t room[10];
    int done;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    thread = cancelled_in_recv(p.conn[1]);
    CHECK(pyssl_conn_shutdown(p.conn[1], &done) == PYSSL_OK);
    is_cancelled(thread);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"whole", 5) == 5);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 5);
    close_pair(&p);
}

static void a_blocked_call_is_ended_by_a_timeout(void) {
    pair p;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    CHECK(pyssl_conn_set_timeout(p.conn[1], 200) == PYSSL_OK);
    is_cancelled(cancelled_in_recv(p.conn[1]));
    close_pair(&p);
}

/* ---- in callbacks */

static int meets_a_cancellation_point(void *unused, pyssl_conn *conn, int where, int value) {
    static int once;
    (void)unused, (void)conn, (void)where, (void)value;
    if (!once++) {
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        milliseconds_pass(1);
        pthread_testcancel();
    }
    return 0;
}

static void *shakes_hands(void *conn) {
    handshake_thread(conn);
    pthread_testcancel();
    CHECK(!"the thread was not cancelled after the call");
    return NULL;
}

static void a_callback_is_not_cancelled(void) {
    pair p;
    pthread_t thread, other;
    uint8_t room[10];
    open_pair(&p, TLS1_3, DESCRIPTOR);
    CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
    CHECK(pyssl_conn_set_info_callback(p.conn[1], meets_a_cancellation_point, NULL, NULL) == PYSSL_OK);
    CHECK(pthread_create(&other, NULL, handshake_thread, p.conn[0]) == 0);
    CHECK(pthread_create(&thread, NULL, shakes_hands, p.conn[1]) == 0);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_cancel(thread) == 0);
    pthread_barrier_wait(&barrier);
    is_cancelled(thread);
    CHECK(pthread_join(other, NULL) == 0);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"whole", 5) == 5);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 5);
    close_pair(&p);
}

static int destroyed;

static void meets_one_too(void *unused) {
    (void)unused;
    milliseconds_pass(1);
    pthread_testcancel();
    destroyed = 1;
}

static int info(void *unused, pyssl_conn *conn, int where, int value) {
    (void)unused, (void)conn, (void)where, (void)value;
    return 0;
}

static void *frees(void *ctx) {
    CHECK(pthread_cancel(pthread_self()) == 0);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
    CHECK(destroyed);
    pthread_testcancel();
    return NULL;
}

static void a_destructor_is_not_cancelled(void) {
    pyssl_ctx *ctx;
    pthread_t thread;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_info_callback(ctx, info, NULL, meets_one_too) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, frees, ctx) == 0);
    is_cancelled(thread);
}

/* A thread that had cancellation off keeps it so. */
static void the_threads_own_state_stays_as_it_was(void) {
    int state;
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL) == 0);
    CHECK(pyssl_pkey_free(made_key()) == PYSSL_OK);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0 && state == PTHREAD_CANCEL_DISABLE);
    CHECK(pyssl_pkey_free(made_key()) == PYSSL_OK);
    CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0 && state == PTHREAD_CANCEL_ENABLE);
}

/* ---- a thread that ends inside of a callback */

static int ends_its_thread(void *unused, pyssl_conn *conn, int where, int value) {
    (void)unused, (void)conn, (void)where, (void)value;
    __atomic_store_n(&destroyed, 2, __ATOMIC_RELEASE);
    pthread_exit(NULL);
}

static void *never_comes_back(void *conn) {
    pyssl_conn_do_handshake(conn);
    CHECK(!"a call went on after pthread_exit()");
    return NULL;
}

/* Last, for the thread and what its call has in use stay until the process ends. */
static void a_thread_that_ends_in_a_callback_stays_there(void) {
    pair p;
    pthread_t thread;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    CHECK(pyssl_conn_set_info_callback(p.conn[1], ends_its_thread, NULL, NULL) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, never_comes_back, p.conn[1]) == 0);
    while (__atomic_load_n(&destroyed, __ATOMIC_ACQUIRE) != 2)
        milliseconds_pass(1);
    milliseconds_pass(50);
    CHECK(pthread_kill(thread, 0) == 0);
    CHECK(pyssl_pkey_free(made_key()) == PYSSL_OK);
    printf("ok %s\n", __func__);
    fflush(NULL);
    raise(SIGKILL);
}

int main(void) {
    int status;
    pid_t pid;
    alarm(60);
    RUN(a_blocked_call_is_ended_by_close_not_by_cancellation);
    RUN(a_blocked_call_is_ended_by_shutdown_and_the_connection_goes_on);
    RUN(a_blocked_call_is_ended_by_a_timeout);
    RUN(a_callback_is_not_cancelled);
    RUN(a_destructor_is_not_cancelled);
    RUN(the_threads_own_state_stays_as_it_was);
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        a_thread_that_ends_in_a_callback_stays_there();
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return 0;
}
