// A C++ exception out of a callback cannot pass through the library: the process ends, with a message, whoever would
// catch it.
#include "check.h"

#include <signal.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int throws_info(void *, pyssl_conn *, int, int) { throw std::runtime_error("out of the info callback"); }
static ptrdiff_t throws_write(void *, const uint8_t *, size_t) { throw std::runtime_error("out of the transport"); }
static ptrdiff_t no_read(void *, uint8_t *, size_t) { return PYSSL_TRANSPORT_LATER; }
static void throws_destroy(void *) noexcept(false) { throw std::runtime_error("out of the destructor"); }

static pyssl_ctx *new_ctx() {
    pyssl_ctx *ctx;
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    return ctx;
}

static void in_a_callback() {
    pyssl_conn *conn;
    CHECK(pyssl_conn_new(new_ctx(), &conn) == PYSSL_OK && pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_info_callback(conn, throws_info, nullptr, nullptr) == PYSSL_OK);
    pyssl_conn_do_handshake(conn);
}

static void in_a_transport() {
    pyssl_conn *conn;
    const pyssl_transport transport = {no_read, throws_write, nullptr, nullptr};
    CHECK(pyssl_conn_new_transport(new_ctx(), &transport, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    pyssl_conn_do_handshake(conn);
}

static void in_a_destructor() {
    pyssl_conn *conn;
    CHECK(pyssl_conn_new(new_ctx(), &conn) == PYSSL_OK);
    CHECK(pyssl_conn_keep(conn, nullptr, throws_destroy) == PYSSL_OK);
    pyssl_conn_free(conn);
}

static void ends_the_process(void (*where)(), const char *what) {
    int pipes[2], status;
    char bytes[2000];
    ssize_t got;
    std::string said;
    CHECK(pipe(pipes) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(pipes[1], STDERR_FILENO);
        alarm(20);
        try {
            where();
        } catch (const std::exception &) {
            CHECK(!"the exception passed through the library");
        }
        CHECK(!"the call went on");
    }
    close(pipes[1]);
    while ((got = read(pipes[0], bytes, sizeof bytes)) > 0)
        said.append(bytes, static_cast<size_t>(got));
    close(pipes[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
        fprintf(stderr, "status %d: %s\n", status, said.c_str());
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK(said.find("libpyssl: a callback ended with an exception") != std::string::npos);
    CHECK(said.find(what) != std::string::npos);
    printf("ok %s\n", what);
}

int main() {
    ends_the_process(in_a_callback, "out of the info callback");
    ends_the_process(in_a_transport, "out of the transport");
    ends_the_process(in_a_destructor, "out of the destructor");
    return 0;
}
