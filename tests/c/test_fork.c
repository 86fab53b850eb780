/* fork() while other threads are in the middle of handshakes, and connections that a child inherits.
 * PYSSL_FORKS=1000 makes it that many forks in place of a hundred; the argument "short", five. */
#include "pair.h"

#include <sys/wait.h>

static int is_short;
static pyssl_ctx *ctxs[2];

/* Carries what one end has written to the other. */
static void carry(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[16384];
    ptrdiff_t len;
    while ((len = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)len) == len);
}

/* A handshake and a few bytes, in memory. */
static void whole_connection(pyssl_ctx *server_side, pyssl_ctx *client_side) {
    pyssl_conn *server, *client;
    pyssl_status status;
    uint8_t room[16];
    CHECK(pyssl_conn_new(server_side, &server) == PYSSL_OK && pyssl_conn_new(client_side, &client) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(server) == PYSSL_OK && pyssl_conn_set_connect_state(client) == PYSSL_OK);
    do {
        status = pyssl_conn_do_handshake(client);
        CHECK(status == PYSSL_OK || status == PYSSL_ERR_WANT_READ);
        carry(client, server);
        status = pyssl_conn_do_handshake(server);
        CHECK(status == PYSSL_OK || status == PYSSL_ERR_WANT_READ);
        carry(server, client);
    } while (status != PYSSL_OK);
    CHECK(pyssl_conn_send(client, (const uint8_t *)"hello", 5) == 5);
    carry(client, server);
    CHECK(pyssl_conn_recv(server, room, sizeof room, 0) == 5 && memcmp(room, "hello", 5) == 0);
    CHECK(pyssl_conn_free(server) == PYSSL_OK && pyssl_conn_free(client) == PYSSL_OK);
}

/* Ends a child that is content: without the usual way out, where valgrind would call leaked what only the parent's
 * threads hold. */
static void end_well(void) {
    fflush(NULL);
    raise(SIGKILL);
}

/* What the child does must not take longer than 20 seconds. */
static pid_t start_child(void (*body)(pair *), pair *p) {
    pid_t pid;
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(20);
        body(p);
        end_well();
    }
    return pid;
}

static void end_child(pid_t pid) {
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, "the child hung\n");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ---- a child's own connections, while the parent's threads work */

static int over, at_work;

static void until_over(void (*work)(void)) {
    work();
    __atomic_fetch_add(&at_work, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
        work();
}

static void connect_once(void) { whole_connection(ctxs[0], ctxs[1]); }

static void *hand_shaker(void *unused) {
    (void)unused;
    until_over(connect_once);
    return NULL;
}

/* Certificates, keys and contexts: other locks than a handshake's. */
static void make(void) { CHECK(pyssl_ctx_free(server_ctx()) == PYSSL_OK); }

static void *maker(void *unused) {
    (void)unused;
    until_over(make);
    return NULL;
}

/* Two threads, so that the child's locks are contended too. */
static void *child_thread(void *contexts) {
    pyssl_ctx **mine = contexts;
    whole_connection(mine[0], mine[1]);
    return NULL;
}

static void a_new_connection(pair *unused) {
    pyssl_ctx *mine[2] = {server_ctx(), NULL};
    pthread_t thread;
    (void)unused;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &mine[1]) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, child_thread, mine) == 0);
    whole_connection(mine[0], mine[1]);
    CHECK(pthread_join(thread, NULL) == 0);
    /* The parent's contexts serve as well. */
    whole_connection(ctxs[0], ctxs[1]);
}

static void a_child_makes_connections_while_the_parents_threads_shake_hands(void) {
    int i, forks = is_short ? 5 : getenv("PYSSL_FORKS") ? atoi(getenv("PYSSL_FORKS")) : 100;
    double took = 0, longest = 0, begun;
    pthread_t threads[4];
    ctxs[0] = server_ctx();
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctxs[1]) == PYSSL_OK);
    __atomic_store_n(&over, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&at_work, 0, __ATOMIC_RELEASE);
    for (i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, i < 3 ? hand_shaker : maker, NULL) == 0);
    /* From here on they are in the library or between two calls. What starts a thread allocates, and with GCC 12 a
     * child inherits AddressSanitizer's allocator locked by whoever was in it (glibc's it inherits unlocked). */
    while (__atomic_load_n(&at_work, __ATOMIC_ACQUIRE) < 4)
        milliseconds_pass(1);
    for (i = 0; i < forks; i++) {
        pid_t pid;
        begun = seconds();
        pid = start_child(a_new_connection, NULL);
        begun = seconds() - begun;
        took += begun;
        longest = begun > longest ? begun : longest;
        end_child(pid);
    }
    __atomic_store_n(&over, 1, __ATOMIC_RELEASE);
    for (i = 0; i < 4; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(pyssl_ctx_free(ctxs[0]) == PYSSL_OK && pyssl_ctx_free(ctxs[1]) == PYSSL_OK);
    printf("%d forks beside four busy threads: %.2f ms each, longest %.2f ms\n", forks, took / forks * 1e3,
           longest * 1e3);
}

/* ---- inherited connections */

static void uses_the_parents(pair *p) {
    uint8_t room[10];
    size_t pending;
    int done;
    CHECK(pyssl_conn_recv(p->conn[1], room, sizeof room, 0) == PYSSL_ERR_CLOSED);
    CHECK(strstr(pyssl_error_message(), "belongs to the parent process") != NULL);
    CHECK(pyssl_conn_send(p->conn[1], room, 1) == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_do_handshake(p->conn[1]) == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_shutdown(p->conn[1], &done) == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_pending(p->conn[1], &pending) == PYSSL_OK);
    CHECK(pyssl_conn_free(p->conn[1]) == PYSSL_OK);
}

static void an_inherited_connection_is_refused_and_the_parents_goes_on(void) {
    pair p;
    uint8_t room[10];
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    end_child(start_child(uses_the_parents, &p));
    CHECK(pyssl_conn_adopt_after_fork(p.conn[1]) == PYSSL_OK);
    CHECK(pyssl_conn_send(p.conn[1], (const uint8_t *)"parent", 6) == 6);
    CHECK(pyssl_conn_recv(p.conn[0], room, sizeof room, 0) == 6);
    close_pair(&p);
}

static void *waits_for_ever(void *conn) {
    uint8_t room[10];
    ptrdiff_t got = pyssl_conn_recv(conn, room, sizeof room, 0);
    CHECK(got == PYSSL_ERR_CLOSED || got == PYSSL_ERR_EOF);
    return NULL;
}

static void adopts(pair *p) {
    pthread_t thread;
    uint8_t room[10];
    CHECK(pyssl_conn_adopt_after_fork(p->conn[1]) == PYSSL_OK);
    CHECK(pyssl_conn_send(p->conn[1], (const uint8_t *)"child", 5) == 5);
    CHECK(pyssl_conn_recv(p->conn[1], room, sizeof room, 0) == 6 && memcmp(room, "answer", 6) == 0);
    /* Its own threads wake each other. */
    CHECK(pthread_create(&thread, NULL, waits_for_ever, p->conn[1]) == 0);
    milliseconds_pass(50);
    CHECK(pyssl_conn_close(p->conn[1]) == PYSSL_OK);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* The parent's thread still waits in recv on it: that is no operation in the middle. */
static void an_inherited_connection_can_be_adopted(void) {
    pair p;
    uint8_t room[10];
    pthread_t thread;
    pid_t pid;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    CHECK(pthread_create(&thread, NULL, waits_for_ever, p.conn[1]) == 0);
    milliseconds_pass(50);
    pid = start_child(adopts, &p);
    CHECK(pyssl_conn_close(p.conn[1]) == PYSSL_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pyssl_conn_recv(p.conn[0], room, sizeof room, 0) == 5 && memcmp(room, "child", 5) == 0);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"answer", 6) == 6);
    end_child(pid);
    close_pair(&p);
}

/* ---- forks from inside callbacks */

static pid_t forked = -1;

static int forks_once(void *unused, pyssl_conn *conn, int where, int value) {
    size_t pending;
    (void)unused, (void)where, (void)value;
    if (forked == -1) {
        forked = fork();
        CHECK(forked >= 0);
        if (forked == 0)
            alarm(20);
    }
    CHECK(pyssl_conn_pending(conn, &pending) == PYSSL_OK);
    return 0;
}

static void a_fork_in_a_callback_leaves_the_operation_to_the_parent(void) {
    pair p;
    pthread_t other;
    uint8_t room[10];
    forked = -1;
    fflush(NULL);
    open_pair(&p, TLS1_3, DESCRIPTOR);
    CHECK(pyssl_conn_set_info_callback(p.conn[1], forks_once, NULL, NULL) == PYSSL_OK);
    CHECK(pthread_create(&other, NULL, handshake_thread, p.conn[0]) == 0);
    if (pyssl_conn_do_handshake(p.conn[1]) != PYSSL_OK || forked == 0) {
        CHECK(forked == 0 && pyssl_conn_do_handshake(p.conn[1]) == PYSSL_ERR_CLOSED);
        CHECK(pyssl_conn_adopt_after_fork(p.conn[1]) == PYSSL_ERR_BUSY);
        end_well();
    }
    CHECK(pthread_join(other, NULL) == 0);
    end_child(forked);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"whole", 5) == 5);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 5);
    close_pair(&p);
}

static pthread_barrier_t in_callback, may_return;

static int stays(void *unused, pyssl_conn *conn, int where, int value) {
    static int stayed;
    (void)unused, (void)conn, (void)where, (void)value;
    if (!stayed++) {
        pthread_barrier_wait(&in_callback);
        pthread_barrier_wait(&may_return);
    }
    return 0;
}

static void looks_at_what_a_callback_holds(pair *p) {
    size_t pending;
    a_new_connection(p);
    CHECK(pyssl_conn_pending(p->conn[1], &pending) == PYSSL_OK);
    CHECK(pyssl_conn_adopt_after_fork(p->conn[1]) == PYSSL_ERR_BUSY);
    CHECK(strstr(pyssl_error_message(), "in the middle") != NULL);
    CHECK(pyssl_conn_free(p->conn[1]) == PYSSL_OK);
}

/* A thread that stays in a callback holds no fork up, as one that waits for Python's GIL must not. */
static void a_thread_in_a_callback_holds_no_fork_up(void) {
    pair p;
    pthread_t threads[2];
    double begun;
    pid_t pid;
    ctxs[0] = server_ctx();
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctxs[1]) == PYSSL_OK);
    CHECK(pthread_barrier_init(&in_callback, NULL, 2) == 0 && pthread_barrier_init(&may_return, NULL, 2) == 0);
    open_pair(&p, TLS1_3, DESCRIPTOR);
    CHECK(pyssl_conn_set_info_callback(p.conn[1], stays, NULL, NULL) == PYSSL_OK);
    CHECK(pthread_create(&threads[0], NULL, handshake_thread, p.conn[0]) == 0);
    CHECK(pthread_create(&threads[1], NULL, handshake_thread, p.conn[1]) == 0);
    pthread_barrier_wait(&in_callback);
    begun = seconds();
    pid = start_child(looks_at_what_a_callback_holds, &p);
    CHECK(seconds() - begun < 0.95); /* a fork that is held up goes ahead after a second */
    end_child(pid);
    pthread_barrier_wait(&may_return);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    close_pair(&p);
    CHECK(pyssl_ctx_free(ctxs[0]) == PYSSL_OK && pyssl_ctx_free(ctxs[1]) == PYSSL_OK);
}

int main(int count, char **arguments) {
    is_short = count > 1 && strcmp(arguments[1], "short") == 0;
    RUN(an_inherited_connection_is_refused_and_the_parents_goes_on);
    RUN(an_inherited_connection_can_be_adopted);
    RUN(a_fork_in_a_callback_leaves_the_operation_to_the_parent);
    RUN(a_thread_in_a_callback_holds_no_fork_up);
    RUN(a_child_makes_connections_while_the_parents_threads_shake_hands);
    return 0;
}
