/* A program that closes descriptors that are not its own (closefrom() does, and many a child after a fork), and has
 * files under their numbers by now: the library leaves those alone. */
#include "pair.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { FIRST = 3, LAST = 63 };

/* Has a file take every number from FIRST to LAST but those of the pair and its own. */
static void take_all_numbers(int file, const pair *p) {
    int number;
    for (number = FIRST; number <= LAST; number++) {
        if (number != file && (p == NULL || (number != p->fd[0] && number != p->fd[1])))
            CHECK(dup2(file, number) == number);
    }
}

static void give_numbers_back(int file, const pair *p) {
    int number;
    for (number = FIRST; number <= LAST; number++) {
        if (number != file && (p == NULL || (number != p->fd[0] && number != p->fd[1])))
            close(number);
    }
}

/* A file of the program's, and what must not happen to it. */
static int new_file(void) {
    char path[] = "/tmp/test_descriptors.XXXXXX";
    int file = mkstemp(path);
    CHECK(file > 0 && unlink(path) == 0);
    CHECK(file > LAST || dup2(file, LAST + 1) == LAST + 1);
    if (file <= LAST) {
        close(file);
        file = LAST + 1;
    }
    return file;
}

static void is_untouched(int file, const pair *p) {
    struct stat mine, there;
    int number;
    CHECK(fstat(file, &mine) == 0 && mine.st_size == 0);
    for (number = FIRST; number <= LAST; number++) {
        if (number == file || (p != NULL && (number == p->fd[0] || number == p->fd[1])))
            continue;
        CHECK(fstat(number, &there) == 0 && there.st_ino == mine.st_ino && there.st_dev == mine.st_dev);
    }
}

/* The thread waits, so that the library has what wakes it. */
static void wait_once(pair *p) {
    uint8_t byte;
    CHECK(pyssl_conn_set_timeout(p->conn[1], 30) == PYSSL_OK);
    CHECK(pyssl_conn_recv(p->conn[1], &byte, 1, 0) == PYSSL_ERR_TIMEOUT);
}

static void a_child_touches_no_file_that_has_a_number_of_the_library(void) {
    pair p;
    int file, status;
    pid_t pid;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    wait_once(&p);
    fflush(NULL);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(20);
        file = new_file();
        take_all_numbers(file, &p);
        CHECK(pyssl_conn_adopt_after_fork(p.conn[1]) == PYSSL_OK);
        close(LAST); /* for what wakes the child's thread */
        wait_once(&p);
        CHECK(dup2(file, LAST) == LAST);
        is_untouched(file, &p);
        wait_once(&p);
        CHECK(pyssl_conn_close(p.conn[1]) == PYSSL_OK && pyssl_conn_free(p.conn[1]) == PYSSL_OK);
        is_untouched(file, &p);
        raise(SIGKILL);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close_pair(&p);
}

static void *receives(void *conn) {
    uint8_t byte;
    CHECK(pyssl_conn_recv(conn, &byte, 1, 0) == PYSSL_ERR_CLOSED);
    return NULL;
}

/* The thread that waits can then not be woken. It looks by itself, every five seconds. */
static void a_wake_does_not_go_to_a_file_that_has_the_number(void) {
    pair p;
    pthread_t thread;
    int file;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    CHECK(pthread_create(&thread, NULL, receives, p.conn[1]) == 0);
    milliseconds_pass(100);
    file = new_file();
    take_all_numbers(file, &p);
    CHECK(pyssl_conn_close(p.conn[1]) == PYSSL_OK);
    is_untouched(file, &p);
    CHECK(pthread_join(thread, NULL) == 0);
    is_untouched(file, &p);
    give_numbers_back(file, &p);
    close(file);
    close_pair(&p);
}

static void a_readable_file_that_has_the_number_is_not_read(void) {
    pair p;
    int ends[2], count;
    uint8_t room[10];
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    wait_once(&p);
    CHECK(pipe(ends) == 0 && write(ends[1], "theirs", 6) == 6);
    CHECK(dup2(ends[0], LAST + 1) == LAST + 1);
    take_all_numbers(LAST + 1, &p);
    close(LAST);
    wait_once(&p);
    CHECK(pyssl_conn_send(p.conn[0], (const uint8_t *)"goes on", 7) == 7);
    CHECK(pyssl_conn_recv(p.conn[1], room, sizeof room, 0) == 7);
    CHECK(ioctl(LAST + 1, FIONREAD, &count) == 0 && count == 6);
    close_pair(&p);
    give_numbers_back(LAST + 1, NULL);
    close(LAST + 1);
}

/* A thread that ends closes what woke it, and nothing else. */
static void *waits_and_loses_its_number(void *both) {
    pair *p = both;
    int file;
    wait_once(p);
    file = new_file();
    take_all_numbers(file, p);
    return NULL;
}

static void a_thread_that_ends_closes_no_file_of_the_programs(void) {
    pair p;
    pthread_t thread;
    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    CHECK(pthread_create(&thread, NULL, waits_and_loses_its_number, &p) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    is_untouched(LAST + 1, &p);
    give_numbers_back(LAST + 1, &p);
    close(LAST + 1);
    close_pair(&p);
}

int main(void) {
    RUN(a_child_touches_no_file_that_has_a_number_of_the_library);
    RUN(a_readable_file_that_has_the_number_is_not_read);
    RUN(a_thread_that_ends_closes_no_file_of_the_programs);
    RUN(a_wake_does_not_go_to_a_file_that_has_the_number);
    return 0;
}
