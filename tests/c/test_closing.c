/* A descriptor that is closed, and given to another file, as soon as pyssl_conn_close() or pyssl_conn_free() has
 * returned, while other threads send and receive on the connection: nothing of theirs reaches the other file. */
#define _XOPEN_SOURCE 700 /* posix_openpt() */
#include "pair.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

static int rounds = 1000;
static pyssl_ctx *ctxs[2];
static const char theirs[] = "another file's bytes";

static void *sends(void *conn) {
    uint8_t bytes[1000] = {0};
    ptrdiff_t done;
    do {
        done = pyssl_conn_send(conn, bytes, sizeof bytes);
    } while (done > 0);
    CHECK(done == PYSSL_ERR_CLOSED || done == PYSSL_ERR_HANDLE);
    return NULL;
}

static void *receives(void *conn) {
    uint8_t bytes[1000];
    ptrdiff_t done;
    do {
        done = pyssl_conn_recv(conn, bytes, sizeof bytes, 0);
    } while (done > 0);
    CHECK(done == PYSSL_ERR_CLOSED || done == PYSSL_ERR_HANDLE);
    return NULL;
}

/* The other end, which loses its peer. */
static void *takes(void *conn) {
    uint8_t bytes[1000];
    while (pyssl_conn_recv(conn, bytes, sizeof bytes, 0) > 0)
        ;
    return NULL;
}

static void *gives(void *conn) {
    uint8_t bytes[1000] = {0};
    while (pyssl_conn_send(conn, bytes, sizeof bytes) > 0)
        ;
    return NULL;
}

/* How many bytes wait to be read. */
static int waiting(int fd) {
    int count;
    CHECK(ioctl(fd, FIONREAD, &count) == 0);
    return count;
}

static void close_in_the_middle(int i, int (*ends)(pyssl_conn *)) {
    pair p = {{ctxs[0], ctxs[1]}, {NULL, NULL}, {-1, -1}};
    const struct timespec pause = {0, i * 37 % 700 * 1000};
    pthread_t threads[4];
    int other[2], end;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p.fd) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
    CHECK(write(other[0], theirs, sizeof theirs) == sizeof theirs);
    for (end = 0; end < 2; end++)
        put_conn(&p, end, DESCRIPTOR);
    shake_hands(&p);
    CHECK(pthread_create(&threads[0], NULL, takes, p.conn[0]) == 0);
    CHECK(pthread_create(&threads[1], NULL, gives, p.conn[0]) == 0);
    CHECK(pthread_create(&threads[2], NULL, sends, p.conn[1]) == 0);
    CHECK(pthread_create(&threads[3], NULL, receives, p.conn[1]) == 0);
    nanosleep(&pause, NULL);
    CHECK(ends(p.conn[1]) == PYSSL_OK);
    CHECK(dup2(other[1], p.fd[1]) == p.fd[1]); /* which closes the socket */
    for (end = 0; end < 4; end++)
        CHECK(pthread_join(threads[end], NULL) == 0);
    CHECK(waiting(p.fd[1]) == sizeof theirs); /* none of them was received, */
    CHECK(waiting(other[0]) == 0);            /* and nothing was sent */
    if (ends == (int (*)(pyssl_conn *))pyssl_conn_close)
        CHECK(pyssl_conn_free(p.conn[1]) == PYSSL_OK);
    CHECK(pyssl_conn_free(p.conn[0]) == PYSSL_OK);
    close(p.fd[0]), close(p.fd[1]), close(other[0]), close(other[1]);
}

static void no_byte_moves_on_another_file_after_close(void) {
    int i;
    for (i = 0; i < rounds; i++)
        close_in_the_middle(i, pyssl_conn_close);
}

static void no_byte_moves_on_another_file_after_free(void) {
    int i;
    for (i = 0; i < rounds / 5; i++)
        close_in_the_middle(i, pyssl_conn_free);
}

/* A pipe has no call that never blocks: close() wakes those that wait for it, and waits for none. */
static void a_connection_on_pipes_ends_at_once(void) {
    int terminal = posix_openpt(O_RDWR | O_NOCTTY), far;
    pyssl_conn *conn;
    pthread_t thread;
    CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    far = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    CHECK(far >= 0 && pyssl_conn_new_fd(ctxs[1], far, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pthread_create(&thread, NULL, receives, conn) == 0);
    milliseconds_pass(50);
    CHECK(pyssl_conn_close(conn) == PYSSL_OK);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK);
    close(far), close(terminal);
}

/* A child has the parent's count of calls under way, and none of its threads: it does not wait for them. */
static void a_child_closes_and_frees_what_the_parents_threads_use(void) {
    int i;
    for (i = 0; i < rounds / 20; i++) {
        pair p = {{ctxs[0], ctxs[1]}, {NULL, NULL}, {-1, -1}};
        pthread_t threads[4];
        int end, status;
        pid_t pid;
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p.fd) == 0);
        for (end = 0; end < 2; end++)
            put_conn(&p, end, DESCRIPTOR);
        shake_hands(&p);
        for (end = 0; end < 2; end++) {
            CHECK(pthread_create(&threads[end], NULL, gives, p.conn[end]) == 0);
            CHECK(pthread_create(&threads[end + 2], NULL, takes, p.conn[end]) == 0);
        }
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(20);
            CHECK(pyssl_conn_close(p.conn[0]) == PYSSL_OK);
            CHECK(pyssl_conn_free(p.conn[0]) == PYSSL_OK && pyssl_conn_free(p.conn[1]) == PYSSL_OK);
            raise(SIGKILL);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        CHECK(pyssl_conn_close(p.conn[0]) == PYSSL_OK && pyssl_conn_close(p.conn[1]) == PYSSL_OK);
        for (end = 0; end < 4; end++)
            CHECK(pthread_join(threads[end], NULL) == 0);
        for (end = 0; end < 2; end++) {
            CHECK(pyssl_conn_free(p.conn[end]) == PYSSL_OK);
            close(p.fd[end]);
        }
    }
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "short") == 0)
        rounds = 10;
    ctxs[0] = server_ctx();
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctxs[1]) == PYSSL_OK);
    RUN(a_connection_on_pipes_ends_at_once);
    RUN(no_byte_moves_on_another_file_after_close);
    RUN(no_byte_moves_on_another_file_after_free);
    RUN(a_child_closes_and_frees_what_the_parents_threads_use);
    CHECK(pyssl_ctx_free(ctxs[0]) == PYSSL_OK && pyssl_ctx_free(ctxs[1]) == PYSSL_OK);
    return 0;
}
