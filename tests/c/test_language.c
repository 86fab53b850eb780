/* A language whose runtime ends: its functions are called on the thread that ended it and nowhere else. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int destroyed, looked_on, may_go_on;

static void pass(long milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void destroy(void *userdata) {
    (void)userdata;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_SEQ_CST);
}

static int info(void *userdata, pyssl_conn *conn, int where, int value) {
    (void)userdata, (void)conn, (void)where, (void)value;
    __atomic_add_fetch(&looked_on, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&may_go_on, __ATOMIC_SEQ_CST))
        pass(1);
    return 0;
}

static pyssl_ctx *context(void) {
    pyssl_ctx *ctx;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_info_callback(ctx, info, NULL, destroy) == PYSSL_OK);
    return ctx;
}

/* Runs the info callback, on a client that begins its handshake. */
static void begin(pyssl_ctx *ctx) {
    pyssl_conn *conn;
    CHECK(pyssl_conn_new(ctx, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pyssl_conn_do_handshake(conn) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK);
}

static void *begin_on_a_thread(void *ctx) {
    begin(ctx);
    return NULL;
}

static void *free_on_a_thread(void *ctx) {
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
    return NULL;
}

static void scene(void) {
    uint64_t number = 0, other = 0;
    pyssl_ctx *first, *second, *third;
    pthread_t within, late, frees;
    CHECK(pyssl_language_new(NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_language_new(&number) == PYSSL_OK && pyssl_language_new(&other) == PYSSL_OK);
    CHECK(number != 0 && other != 0 && number != other);
    CHECK(pyssl_language_add_function(number, (void (*)(void))destroy) == PYSSL_OK);
    CHECK(pyssl_language_add_function(number, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_language_add_function(0, (void (*)(void))destroy) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_language_end(0) == PYSSL_ERR_ARGUMENT && pyssl_language_end(UINT64_MAX) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_language_end(other) == 0);
    first = context(), second = context(), third = context();

    /* A call that is under way as the language ends is counted until it is over. */
    CHECK(pthread_create(&within, NULL, begin_on_a_thread, first) == 0);
    while (!__atomic_load_n(&looked_on, __ATOMIC_SEQ_CST))
        pass(1);
    CHECK(pyssl_language_end(number) == 1);

    /* A thread that comes later stays outside, and its destructors are passed over. */
    CHECK(pthread_create(&late, NULL, begin_on_a_thread, second) == 0);
    pass(200);
    CHECK(__atomic_load_n(&looked_on, __ATOMIC_SEQ_CST) == 1);
    CHECK(pthread_create(&frees, NULL, free_on_a_thread, third) == 0);
    CHECK(pthread_join(frees, NULL) == 0);
    CHECK(__atomic_load_n(&destroyed, __ATOMIC_SEQ_CST) == 0);

    /* The thread that ended it may call; the other one is kept too, at its next call. */
    __atomic_store_n(&may_go_on, 1, __ATOMIC_SEQ_CST);
    while (pyssl_language_end(number) != 0)
        pass(1);
    third = context();
    begin(third);
    CHECK(__atomic_load_n(&looked_on, __ATOMIC_SEQ_CST) > 1);
    CHECK(pyssl_ctx_free(third) == PYSSL_OK && __atomic_load_n(&destroyed, __ATOMIC_SEQ_CST) == 1);
}

/* In a child, for two threads stay in the library. */
int main(void) {
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        scene();
        raise(SIGKILL); /* valgrind would look for leaks at an exit */
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    puts("ok");
    return 0;
}
