/* A program that a sandbox (seccomp) keeps from calling fstat(). */
#include "pair.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* In a child, for there is no way back: fstat() fails with EPERM from now on. */
static void refuse_fstat(void) {
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 2, 0),
#ifdef SYS_newfstatat
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 1, 0),
#else
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fstat, 1, 0),
#endif
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void talk_without_fstat(void) {
    pair p;
    pyssl_error error;

    open_pair(&p, TLS1_3, DESCRIPTOR);
    shake_hands(&p);
    refuse_fstat();
    CHECK(pyssl_conn_send(p.conn[1], (const uint8_t *)"x", 1) == PYSSL_ERR_SYSCALL);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == EPERM);
    CHECK(strstr(error.message, "fstat") != NULL && strstr(error.message, "closed") == NULL);
    close_pair(&p);
}

static void an_fstat_that_is_refused_is_not_a_closed_descriptor(void) {
    int status;
    pid_t child = fork();

    if (child == 0) {
        talk_without_fstat();
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
    RUN(an_fstat_that_is_refused_is_not_a_closed_descriptor);
    return 0;
}
