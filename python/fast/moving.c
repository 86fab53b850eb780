/* What a Connection sends and receives.
 *
 * cffi leaves what was received in a room of its own, to be copied into a bytes object; here the library writes into
 * the bytes object itself. Nothing moved is 0. */
#include "fast.h"

/* RFC 8446, 5.1: no record has more. So much of the stack is used; the handshakes of OpenSSL take as much. */
#define RECORD 16384
/* Up to here a copy costs less than the allocation of all that was asked for. */
#define SMALL 4096

static PyObject *failed(ptrdiff_t status) { return PyLong_FromSsize_t((Py_ssize_t)status); }

/* `bytes` has room for `size`, of which `count` were filled. */
static PyObject *filled(PyObject *bytes, size_t size, ptrdiff_t count) {
    PyObject *shorter;
    if (count > 0 && (size_t)count == size)
        return bytes;
    shorter = count > 0 ? PyBytes_FromStringAndSize(PyBytes_AsString(bytes), (Py_ssize_t)count) : failed(count);
    Py_DECREF(bytes);
    return shorter;
}

/* Whether the last message received was a large one: then the next is likely to be. A wrong guess costs a copy. */
static int large_before;

static PyObject *recv_large(pyssl_conn *conn, size_t size, int flags) {
    ptrdiff_t count;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    uint8_t *room = bytes == NULL ? NULL : (uint8_t *)PyBytes_AsString(bytes);
    if (room == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_recv(conn, room, size, flags);
    Py_END_ALLOW_THREADS;
    if (count > 0 && count <= SMALL)
        __atomic_store_n(&large_before, 0, __ATOMIC_RELAXED);
    return filled(bytes, size, count);
}

/* recv(conn, size, flags): bytes, or the status. */
FAST_FUNCTION(recv) {
    pyssl_conn *conn;
    size_t size;
    int flags;
    ptrdiff_t count;
    uint8_t room[RECORD];
    (void)module;
    if (!fast_expect("recv", given, 3))
        return NULL;
    conn = HANDLE(pyssl_conn, args[0]);
    size = PyLong_AsSize_t(args[1]);
    flags = (int)PyLong_AsSize_t(args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (size > RECORD)
        size = RECORD;
    if (size > SMALL && (flags != 0 || __atomic_load_n(&large_before, __ATOMIC_RELAXED)))
        return recv_large(conn, size, flags);
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_recv(conn, room, size, flags);
    Py_END_ALLOW_THREADS;
    if (count <= 0)
        return failed(count);
    if (count > SMALL)
        __atomic_store_n(&large_before, 1, __ATOMIC_RELAXED);
    return PyBytes_FromStringAndSize((const char *)room, (Py_ssize_t)count);
}

/* bio_read(conn, size): bytes, or the status. */
FAST_FUNCTION(bio_read) {
    pyssl_conn *conn;
    size_t size;
    ptrdiff_t waiting, count = 0;
    uint8_t room[SMALL], *rest;
    PyObject *bytes;
    (void)module;
    if (!fast_expect("bio_read", given, 2))
        return NULL;
    conn = HANDLE(pyssl_conn, args[0]);
    size = PyLong_AsSize_t(args[1]);
    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    waiting = pyssl_conn_bio_pending(conn);
    if (waiting <= SMALL)
        count = pyssl_conn_bio_read(conn, room, size < SMALL ? size : SMALL);
    Py_END_ALLOW_THREADS;
    if (count < 0)
        return failed(count);
    if (count > 0)
        return PyBytes_FromStringAndSize((const char *)room, (Py_ssize_t)count);
    if ((size_t)waiting < size)
        size = (size_t)waiting;
    bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    rest = bytes == NULL ? NULL : (uint8_t *)PyBytes_AsString(bytes);
    if (rest == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_bio_read(conn, rest, size);
    Py_END_ALLOW_THREADS;
    return filled(bytes, size, count);
}

static PyObject *moved(const char *name, ptrdiff_t (*function)(pyssl_conn *, const uint8_t *, size_t),
                       PyObject *const *args, Py_ssize_t given) {
    pyssl_conn *conn;
    char *data;
    Py_ssize_t len;
    ptrdiff_t count;
    if (!fast_expect(name, given, 2))
        return NULL;
    conn = HANDLE(pyssl_conn, args[0]);
    if (PyErr_Occurred() || PyBytes_AsStringAndSize(args[1], &data, &len) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = function(conn, (const uint8_t *)data, (size_t)len);
    Py_END_ALLOW_THREADS;
    return PyLong_FromSsize_t((Py_ssize_t)count);
}

/* send(conn, data: bytes): how many bytes went, or the status. */
FAST_FUNCTION(send) {
    (void)module;
    return moved("send", pyssl_conn_send, args, given);
}

/* bio_write(conn, data: bytes): how many bytes went, or the status. */
FAST_FUNCTION(bio_write) {
    (void)module;
    return moved("bio_write", pyssl_conn_bio_write, args, given);
}
