/* A Python extension module: takes TLS connections that Python made, or a context to make them from, and echoes what
 * comes, with epoll, on the thread that calls run(). No Python runs there but the callbacks of the context.
 *
 *     cc -shared -fPIC $(python -m OpenSSL.native --cflags) -I$PYTHON_INCLUDE echo.c -o echo.so \
 *        $(python -m OpenSSL.native --libs) */
#define PY_SSIZE_T_CLEAN
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* as older Python.h says it again */
#endif
#include <Python.h>
#include <errno.h>
#include <fcntl.h>
#include <pyssl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    pyssl_conn *conn;
    int fd;
    size_t begin, end; /* of what is still to be sent back */
    uint8_t bytes[16384];
} client_t;

typedef struct {
    int epoll, listener;
    pyssl_ctx *ctx; /* of connections that are accepted here */
    long to_accept, open;
    long ended, failed;
    unsigned long long echoed;
    char why[512]; /* the last failure */
} server_t;

static int watch(server_t *server, client_t *client, int operation, uint32_t events) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.ptr = client;
    return epoll_ctl(server->epoll, operation, client == NULL ? server->listener : client->fd, &event);
}

static int add(server_t *server, pyssl_conn *conn, int fd) {
    client_t *client = calloc(1, sizeof *client);
    if (client == NULL)
        return -1;
    client->conn = conn;
    client->fd = fd;
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
        watch(server, client, EPOLL_CTL_ADD, EPOLLIN) != 0) {
        free(client);
        return -1;
    }
    server->open++;
    return 0;
}

static void drop(server_t *server, client_t *client) {
    pyssl_conn_free(client->conn);
    close(client->fd); /* epoll forgets it */
    free(client);
    server->open--;
}

/* Echoes until the connection wants to wait: what for, or 0 when it is over. */
static uint32_t serve(server_t *server, client_t *client) {
    for (;;) {
        intptr_t n;
        if (client->begin < client->end) {
            n = pyssl_conn_send(client->conn, client->bytes + client->begin, client->end - client->begin);
            if (n > 0) {
                client->begin += (size_t)n;
                server->echoed += (unsigned long long)n;
                continue;
            }
        } else {
            n = pyssl_conn_recv(client->conn, client->bytes, sizeof client->bytes, 0);
            if (n > 0) {
                client->begin = 0;
                client->end = (size_t)n;
                continue;
            }
        }
        if (n == PYSSL_ERR_WANT_READ)
            return EPOLLIN;
        if (n == PYSSL_ERR_WANT_WRITE)
            return EPOLLOUT;
        if (n == PYSSL_ERR_ZERO_RETURN) {
            int done;
            pyssl_conn_shutdown(client->conn, &done);
            server->ended++;
        } else {
            snprintf(server->why, sizeof server->why, "status %ld: %s", (long)n, pyssl_error_message());
            server->failed++;
        }
        return 0;
    }
}

static void accept_one(server_t *server) {
    pyssl_conn *conn = NULL;
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0)
        return;
    if (--server->to_accept == 0)
        epoll_ctl(server->epoll, EPOLL_CTL_DEL, server->listener, NULL);
    if (pyssl_conn_new_fd(server->ctx, fd, &conn) != PYSSL_OK || pyssl_conn_set_accept_state(conn) != PYSSL_OK ||
        add(server, conn, fd) != 0) {
        snprintf(server->why, sizeof server->why, "%s", pyssl_error_message());
        server->failed++;
        pyssl_conn_free(conn);
        close(fd);
    }
}

static void loop(server_t *server) {
    struct epoll_event events[256];
    while (server->open > 0 || server->to_accept > 0) {
        int i, count = epoll_wait(server->epoll, events, 256, 30000);
        if (count == 0 || (count < 0 && errno != EINTR)) {
            snprintf(server->why, sizeof server->why, "nothing for 30 s; %ld connections open", server->open);
            return;
        }
        for (i = 0; i < count; i++) {
            client_t *client = events[i].data.ptr;
            uint32_t wanted;
            if (client == NULL) {
                accept_one(server);
                continue;
            }
            wanted = serve(server, client);
            if (wanted == 0)
                drop(server, client);
            else if (!(events[i].events & wanted))
                watch(server, client, EPOLL_CTL_MOD, wanted);
        }
    }
}

static int take(server_t *server, PyObject *conns) {
    Py_ssize_t i, count = PyList_Size(conns);
    if (count < 0)
        return -1;
    for (i = 0; i < count; i++) {
        unsigned long long handle;
        int fd;
        if (!PyArg_ParseTuple(PyList_GetItem(conns, i), "Ki", &handle, &fd))
            return -1;
        if (add(server, (pyssl_conn *)(uintptr_t)handle, fd) != 0) {
            PyErr_SetFromErrno(PyExc_OSError);
            return -1;
        }
    }
    return 0;
}

/* run([(handle, descriptor), ...], listener=-1, context=0, count=0) -> (ended, failed, bytes echoed, last failure)
 *
 * Owns handles and descriptors from now on; the listener stays the caller's. Returns when every connection is over. */
static PyObject *run(PyObject *self, PyObject *args) {
    server_t server;
    PyObject *conns;
    unsigned long long ctx = 0;
    (void)self;
    memset(&server, 0, sizeof server);
    server.listener = -1;
    if (!PyArg_ParseTuple(args, "O!|iKl", &PyList_Type, &conns, &server.listener, &ctx, &server.to_accept))
        return NULL;
    server.ctx = (pyssl_ctx *)(uintptr_t)ctx;
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server.epoll < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    if (take(&server, conns) != 0 || (server.to_accept > 0 && watch(&server, NULL, EPOLL_CTL_ADD, EPOLLIN) != 0)) {
        close(server.epoll);
        return PyErr_Occurred() ? NULL : PyErr_SetFromErrno(PyExc_OSError);
    }
    Py_BEGIN_ALLOW_THREADS;
    loop(&server);
    pyssl_ctx_free(server.ctx);
    close(server.epoll);
    Py_END_ALLOW_THREADS;
    return Py_BuildValue("(llKs)", server.ended, server.failed, server.echoed, server.why);
}

/* status(handle) -> what a call on a connection's handle gives */
static PyObject *status(PyObject *self, PyObject *argument) {
    unsigned long long handle = PyLong_AsUnsignedLongLong(argument);
    int state;
    (void)self;
    if (PyErr_Occurred())
        return NULL;
    return PyLong_FromLong(pyssl_conn_shutdown_state((pyssl_conn *)(uintptr_t)handle, &state));
}

static PyMethodDef methods[] = {{"run", run, METH_VARARGS, "Echoes on connections until all are over."},
                                {"status", status, METH_O, "The status of a call on a handle."},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "echo", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_echo(void) { return PyModule_Create(&module); }
