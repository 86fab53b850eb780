/* fork() beside handlers of the program's own (pthread_atfork) that take a lock under which other threads call the
 * library: it is held up for a second at the most. */
#include "pair.h"

#include <sys/wait.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Which of the handlers are in use, and whether the one that waits has come to the lock. */
static int waits, calls, preparing;

static void prepare_early(void) {
    if (__atomic_load_n(&calls, __ATOMIC_ACQUIRE))
        CHECK(pyssl_handle_count() < 1000);
    if (__atomic_load_n(&waits, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&preparing, 1, __ATOMIC_RELEASE);
        CHECK(pthread_mutex_lock(&lock) == 0);
    }
}

static void over_early(void) {
    if (__atomic_load_n(&calls, __ATOMIC_ACQUIRE))
        CHECK(pyssl_handle_count() < 1000);
    if (__atomic_load_n(&waits, __ATOMIC_ACQUIRE))
        CHECK(pthread_mutex_unlock(&lock) == 0);
}

/* Before the library is initialised, which registers its own handlers then: they prepare before these. */
static void register_early(void) { CHECK(pthread_atfork(prepare_early, over_early, over_early) == 0); }
__attribute__((section(".preinit_array"), used)) static void (*const at_start)(void) = register_early;

static int waits_late;

static void prepare_late(void) {
    if (__atomic_load_n(&waits_late, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&preparing, 1, __ATOMIC_RELEASE);
        CHECK(pthread_mutex_lock(&lock) == 0);
    }
}

static void over_late(void) {
    if (__atomic_load_n(&waits_late, __ATOMIC_ACQUIRE))
        CHECK(pthread_mutex_unlock(&lock) == 0);
}

static pthread_barrier_t has_lock;

/* Calls the library under the program's lock, from the moment a handler waits for that. */
static void *calls_under_the_lock(void *unused) {
    int i;
    (void)unused;
    CHECK(pthread_mutex_lock(&lock) == 0);
    pthread_barrier_wait(&has_lock);
    while (!__atomic_load_n(&preparing, __ATOMIC_ACQUIRE))
        milliseconds_pass(1);
    for (i = 0; i < 3; i++)
        CHECK(pyssl_pkey_free(made_key()) == PYSSL_OK);
    CHECK(pthread_mutex_unlock(&lock) == 0);
    return NULL;
}

/* How long the fork takes; the child uses the library, too. */
static double time_of_a_fork(void) {
    double begun = seconds();
    int status;
    pid_t pid;
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(20);
        CHECK(pyssl_pkey_free(made_key()) == PYSSL_OK);
        raise(SIGKILL);
    }
    begun = seconds() - begun;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return begun;
}

static double fork_beside(int *handler) {
    pthread_t thread;
    double took;
    preparing = 0;
    CHECK(pthread_barrier_init(&has_lock, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, calls_under_the_lock, NULL) == 0);
    pthread_barrier_wait(&has_lock);
    __atomic_store_n(handler, 1, __ATOMIC_RELEASE);
    alarm(60);
    took = time_of_a_fork();
    alarm(0);
    __atomic_store_n(handler, 0, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, NULL) == 0);
    return took;
}

static void a_fork_takes_a_second_beside_a_handler_from_before_the_library(void) {
    double took = fork_beside(&waits);
    printf("%.2f s\n", took);
    CHECK(took < 10); /* a second, and what a busy machine needs for three keys */
}

static void a_fork_is_not_held_up_beside_a_handler_from_after_the_library(void) {
    double took = fork_beside(&waits_late);
    printf("%.2f s\n", took);
    CHECK(took < 0.95); /* a fork that is held up goes ahead after a second */
}

static void a_handler_may_call_the_library(void) {
    double took;
    calls = 1;
    took = time_of_a_fork();
    calls = 0;
    CHECK(took < 0.95);
}

/* ---- calls that pump bytes, which a fork waits for as for any other */

static int over;

static void *pumps(void *conn) {
    uint8_t bytes[16] = {0};
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        CHECK(pyssl_conn_bio_write(conn, bytes, 1) == 1);
        CHECK(pyssl_conn_bio_read(conn, bytes, sizeof bytes) < 0);
    }
    return NULL;
}

static int forks = 200;

static void a_fork_never_comes_in_the_middle_of_a_pump(void) {
    pyssl_ctx *ctx;
    pyssl_conn *conn;
    pthread_t threads[2];
    int i, status;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK && pyssl_conn_new(ctx, &conn) == PYSSL_OK);
    for (i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, pumps, conn) == 0);
    for (i = 0; i < forks; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(20);
            CHECK(pyssl_conn_adopt_after_fork(conn) == PYSSL_OK);
            raise(SIGKILL);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && pyssl_ctx_free(ctx) == PYSSL_OK);
}

int main(int count, char **arguments) {
    CHECK(pthread_atfork(prepare_late, over_late, over_late) == 0);
    if (count > 1 && strcmp(arguments[1], "short") == 0)
        forks = 5;
    RUN(a_fork_takes_a_second_beside_a_handler_from_before_the_library);
    RUN(a_fork_is_not_held_up_beside_a_handler_from_after_the_library);
    RUN(a_handler_may_call_the_library);
    RUN(a_fork_never_comes_in_the_middle_of_a_pump);
    return 0;
}
