/* Destructors of userdata run once, before the call that lets go of it returns, and without any lock of the library
 * held: they may call the library, and wait for threads that do. */
#include "pair.h"

#include <sys/wait.h>

static int destroyed;

/* What a destructor calls. */
typedef struct {
    pyssl_conn *conn;
    pyssl_ctx *ctx;
    pyssl_store_ctx *store_ctx;
} calls;

static void *call_all(void *made) {
    const calls *its = made;
    int mode;
    if (its->conn != NULL) {
        pyssl_ctx *ctx;
        size_t pending;
        CHECK(pyssl_conn_pending(its->conn, &pending) == PYSSL_OK);
        CHECK(pyssl_conn_context(its->conn, &ctx) == PYSSL_OK && pyssl_ctx_free(ctx) == PYSSL_OK);
    }
    if (its->ctx != NULL) {
        CHECK(pyssl_ctx_verify_mode(its->ctx, &mode) == PYSSL_OK);
        CHECK(pyssl_ctx_set_info_callback(its->ctx, NULL, NULL, NULL) == PYSSL_OK);
    }
    if (its->store_ctx != NULL)
        CHECK(pyssl_store_ctx_verify(its->store_ctx, NULL) < 0);
    return NULL;
}

/* By itself, and by a thread that it waits for: a lock that the first has would keep the second waiting. */
static void destroy(void *made) {
    pthread_t thread;
    call_all(made);
    CHECK(pthread_create(&thread, NULL, call_all, made) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    destroyed++;
}

static int verify(void *made, pyssl_conn *conn, pyssl_x509 *cert, int error, int depth, int ok) {
    (void)made, (void)conn, (void)error, (void)depth, (void)ok;
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    return 1;
}

static int info(void *made, pyssl_conn *conn, int where, int value) {
    (void)made, (void)conn, (void)where, (void)value;
    return 0;
}

static int keylog(void *made, pyssl_conn *conn, const char *line) {
    (void)made, (void)conn, (void)line;
    return 0;
}

static int servername(void *made, pyssl_conn *conn) {
    (void)made, (void)conn;
    return 0;
}

static pyssl_ctx *new_ctx(void) {
    pyssl_ctx *ctx;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    return ctx;
}

static void a_connection_lets_go_of_its_context(void) {
    pyssl_ctx *first = new_ctx(), *second = new_ctx();
    pyssl_conn *conn;
    calls made = {NULL, second, NULL};
    CHECK(pyssl_ctx_set_verify(first, PYSSL_VERIFY_PEER, verify, &made, destroy) == PYSSL_OK);
    CHECK(pyssl_ctx_set_keylog_callback(first, keylog, &made, destroy) == PYSSL_OK);
    CHECK(pyssl_ctx_set_servername_callback(first, servername, &made, destroy) == PYSSL_OK);
    CHECK(pyssl_conn_new(first, &conn) == PYSSL_OK);
    CHECK(pyssl_ctx_free(first) == PYSSL_OK);
    made.conn = conn;
    destroyed = 0;
    CHECK(pyssl_conn_set_context(conn, second) == PYSSL_OK);
    CHECK(destroyed >= 2); /* the verify callback may stay with the connection */
    CHECK(pyssl_conn_set_verify(conn, PYSSL_VERIFY_PEER, NULL, NULL, NULL) == PYSSL_OK);
    CHECK(destroyed == 3);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && pyssl_ctx_free(second) == PYSSL_OK);
}

static void a_verification_lets_go_of_its_store(void) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);
    pyssl_ctx *ctx = new_ctx();
    pyssl_store *of_ctx, *other;
    calls made = {NULL, NULL, NULL};
    destroyed = 0;
    CHECK(pyssl_ctx_cert_store(ctx, &of_ctx) == PYSSL_OK && pyssl_store_new(&other) == PYSSL_OK);
    CHECK(pyssl_store_ctx_new(of_ctx, cert, NULL, 0, &made.store_ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_info_callback(ctx, info, &made, destroy) == PYSSL_OK);
    CHECK(pyssl_store_free(of_ctx) == PYSSL_OK && pyssl_ctx_free(ctx) == PYSSL_OK);
    CHECK(destroyed == 0); /* the store keeps its context */
    CHECK(pyssl_store_ctx_set_store(made.store_ctx, other) == PYSSL_OK);
    CHECK(destroyed == 1);
    CHECK(pyssl_store_ctx_free(made.store_ctx) == PYSSL_OK && pyssl_store_free(other) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
}

static void setters_let_go_of_what_was_set_before_also_where_they_fail(void) {
    pyssl_ctx *ctx = new_ctx();
    pyssl_conn *conn;
    calls made = {NULL, ctx, NULL};
    int i;
    CHECK(pyssl_conn_new(ctx, &conn) == PYSSL_OK);
    made.conn = conn;
    for (i = 0; i < 2; i++) {
        destroyed = 0;
        CHECK(pyssl_ctx_set_verify(ctx, 1, verify, &made, destroy) == PYSSL_OK);
        CHECK(pyssl_ctx_set_keylog_callback(ctx, keylog, &made, destroy) == PYSSL_OK);
        CHECK(pyssl_ctx_set_servername_callback(ctx, servername, &made, destroy) == PYSSL_OK);
        CHECK(pyssl_conn_set_verify(conn, 1, verify, &made, destroy) == PYSSL_OK);
        CHECK(pyssl_conn_set_info_callback(conn, info, &made, destroy) == PYSSL_OK);
        CHECK(destroyed == (i == 0 ? 0 : 5));
    }
    destroyed = 0;
    CHECK(pyssl_ctx_set_verify(NULL, 1, verify, &made, destroy) == PYSSL_ERR_HANDLE && destroyed == 1);
    CHECK(strstr(pyssl_error_message(), "NULL") != NULL);
    CHECK(pyssl_conn_set_info_callback(NULL, info, &made, destroy) == PYSSL_ERR_HANDLE && destroyed == 2);
    CHECK(pyssl_conn_keep(NULL, &made, destroy) == PYSSL_ERR_HANDLE && destroyed == 3);
    CHECK(pyssl_conn_keep(conn, &made, destroy) == PYSSL_OK && destroyed == 3);
    made.conn = NULL;
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && destroyed == 6);
    made.ctx = NULL;
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK && destroyed == 9);
}

/* ---- in callbacks, which run under the lock of their connection */

static int lets_go(void *made, pyssl_conn *conn, int where, int value) {
    (void)where, (void)value;
    CHECK(pyssl_conn_set_info_callback(conn, info, made, destroy) == PYSSL_OK);
    CHECK(pyssl_conn_set_info_callback(conn, info, NULL, NULL) == PYSSL_OK);
    CHECK(destroyed == 0);
    return 0;
}

static void what_a_callback_lets_go_of_goes_when_the_call_is_over(void) {
    pair p;
    calls made = {NULL, NULL, NULL};
    open_pair(&p, TLS1_3, DESCRIPTOR);
    made.conn = p.conn[1];
    destroyed = 0;
    CHECK(pyssl_conn_set_info_callback(p.conn[1], lets_go, &made, NULL) == PYSSL_OK);
    set_nonblocking(p.fd[1]);
    CHECK(pyssl_conn_do_handshake(p.conn[1]) == PYSSL_ERR_WANT_READ);
    CHECK(destroyed > 0);
    close_pair(&p);
}

static int exits(void *made, pyssl_conn *conn, int where, int value) {
    lets_go(made, conn, where, value);
    exit(7);
}

static void a_callback_may_end_the_process(void) {
    pair p;
    calls made = {NULL, NULL, NULL};
    int status;
    pid_t pid;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    made.conn = p.conn[1];
    destroyed = 0;
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(20);
        CHECK(pyssl_conn_adopt_after_fork(p.conn[1]) == PYSSL_OK);
        CHECK(pyssl_conn_set_info_callback(p.conn[1], exits, &made, NULL) == PYSSL_OK);
        pyssl_conn_do_handshake(p.conn[1]);
        CHECK(!"the callback came back");
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    close_pair(&p);
}

/* ---- a destructor that lets go of the next */

enum { IN_A_ROW = 1000 };

static pyssl_ctx *in_a_row[IN_A_ROW];

static void frees_next(void *number) {
    intptr_t next = (intptr_t)number + 1;
    destroyed++;
    if (next < IN_A_ROW)
        CHECK(pyssl_ctx_free(in_a_row[next]) == PYSSL_OK);
}

static void a_long_row_of_destructors_needs_no_deep_stack(void) {
    intptr_t i;
    destroyed = 0;
    for (i = 0; i < IN_A_ROW; i++) {
        in_a_row[i] = new_ctx();
        CHECK(pyssl_ctx_set_info_callback(in_a_row[i], info, (void *)i, frees_next) == PYSSL_OK);
    }
    CHECK(pyssl_ctx_free(in_a_row[0]) == PYSSL_OK);
    CHECK(destroyed == IN_A_ROW);
}

int main(void) {
    alarm(60); /* what waits for a lock that it keeps itself waits for ever */
    RUN(a_connection_lets_go_of_its_context);
    RUN(a_verification_lets_go_of_its_store);
    RUN(setters_let_go_of_what_was_set_before_also_where_they_fail);
    RUN(what_a_callback_lets_go_of_goes_when_the_call_is_over);
    RUN(a_callback_may_end_the_process);
    RUN(a_long_row_of_destructors_needs_no_deep_stack);
    return 0;
}
