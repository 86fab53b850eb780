/* OpenSSL._native._fast: the calls that programs make for every message, past cffi.
 *
 * A call through cffi's shim converts each argument by its C type and leaves what was received in a room of its own, to
 * be copied into a bytes object. These write into the bytes object itself. Everything else, failures among it, is
 * Python's affair: what is no success comes back as the status, a negative number (0: nothing was moved).
 *
 * Connections are given as the number of their handle. The interpreter's lock is let go for each call of the library,
 * for a callback on another thread may need it while this one waits for the engine. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pyssl.h"

#include <string.h>

/* The limited API of Python 3.9 and earlier leaves it out, though it was the same since 3.7. */
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

/* What is received into a room on the stack first: threads may have as little as 32 KiB of it. */
#define SMALL 4096

static int expect(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, given);
    return 0;
}

static pyssl_conn *conn_of(PyObject *number) { return (pyssl_conn *)PyLong_AsSize_t(number); }

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
    if (count > 0 && count < SMALL)
        __atomic_store_n(&large_before, 0, __ATOMIC_RELAXED);
    return filled(bytes, size, count);
}

/* The rest of a record whose first bytes filled the room on the stack. */
static PyObject *recv_rest(pyssl_conn *conn, const uint8_t *begin, size_t size) {
    size_t rest = 0;
    ptrdiff_t count = 0;
    PyObject *bytes;
    __atomic_store_n(&large_before, 1, __ATOMIC_RELAXED);
    Py_BEGIN_ALLOW_THREADS;
    if (pyssl_conn_pending(conn, &rest) != PYSSL_OK)
        rest = 0;
    Py_END_ALLOW_THREADS;
    if (rest > size - SMALL)
        rest = size - SMALL;
    bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(SMALL + rest));
    if (bytes != NULL && rest > 0) {
        uint8_t *room = (uint8_t *)PyBytes_AsString(bytes) + SMALL;
        Py_BEGIN_ALLOW_THREADS;
        count = pyssl_conn_recv(conn, room, rest, 0);
        Py_END_ALLOW_THREADS;
        /* Another thread took it: the next call hears of whatever else came. */
        if (count < 0)
            count = 0;
    }
    if (bytes == NULL)
        return NULL;
    memcpy(PyBytes_AsString(bytes), begin, SMALL);
    return filled(bytes, SMALL + rest, SMALL + count);
}

/* recv(conn, size, flags): bytes, or the status. */
static PyObject *fast_recv(PyObject *module, PyObject *const *args, Py_ssize_t given) {
    pyssl_conn *conn;
    size_t size;
    int flags;
    ptrdiff_t count;
    uint8_t room[SMALL];
    (void)module;
    if (!expect("recv", given, 3))
        return NULL;
    conn = conn_of(args[0]);
    size = PyLong_AsSize_t(args[1]);
    flags = (int)PyLong_AsLong(args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (size > SMALL && (flags != 0 || __atomic_load_n(&large_before, __ATOMIC_RELAXED)))
        return recv_large(conn, size, flags);
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_recv(conn, room, size < SMALL ? size : SMALL, flags);
    Py_END_ALLOW_THREADS;
    if (count <= 0)
        return failed(count);
    if (count == SMALL && size > SMALL)
        return recv_rest(conn, room, size);
    return PyBytes_FromStringAndSize((const char *)room, (Py_ssize_t)count);
}

/* bio_read(conn, size): bytes, or the status. */
static PyObject *fast_bio_read(PyObject *module, PyObject *const *args, Py_ssize_t given) {
    pyssl_conn *conn;
    size_t size;
    ptrdiff_t waiting, count = 0;
    uint8_t room[SMALL], *rest;
    PyObject *bytes;
    (void)module;
    if (!expect("bio_read", given, 2))
        return NULL;
    conn = conn_of(args[0]);
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
    if (!expect(name, given, 2))
        return NULL;
    conn = conn_of(args[0]);
    if (PyErr_Occurred() || PyBytes_AsStringAndSize(args[1], &data, &len) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = function(conn, (const uint8_t *)data, (size_t)len);
    Py_END_ALLOW_THREADS;
    return PyLong_FromSsize_t((Py_ssize_t)count);
}

/* send(conn, data: bytes): how many bytes went, or the status. */
static PyObject *fast_send(PyObject *module, PyObject *const *args, Py_ssize_t given) {
    (void)module;
    return moved("send", pyssl_conn_send, args, given);
}

/* bio_write(conn, data: bytes): how many bytes went, or the status. */
static PyObject *fast_bio_write(PyObject *module, PyObject *const *args, Py_ssize_t given) {
    (void)module;
    return moved("bio_write", pyssl_conn_bio_write, args, given);
}

/* By way of void (*)(void), for the calling convention is METH_FASTCALL's. */
#define FAST(name) (PyCFunction)(void (*)(void)) name

static PyMethodDef functions[] = {
    {"recv", FAST(fast_recv), METH_FASTCALL, NULL},
    {"send", FAST(fast_send), METH_FASTCALL, NULL},
    {"bio_read", FAST(fast_bio_read), METH_FASTCALL, NULL},
    {"bio_write", FAST(fast_bio_write), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

/* No state but a guess: it runs without the interpreter's lock as well. */
static PyModuleDef_Slot slots[] = {
#if defined(Py_mod_gil) && defined(Py_GIL_DISABLED)
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_fast", NULL, 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__fast(void) { return PyModuleDef_Init(&definition); }
