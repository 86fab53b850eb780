/* What a Connection sends and receives: the methods of its class that programs call for every message.
 *
 * They do what nearly every call asks for, without a frame of Python's, and the library writes into the bytes object
 * itself. The rest is decided in one place, which is ConnectionIO (python/OpenSSL/SSL/io.py): a call made in another
 * way goes to its method of the same name before anything was done, and what brought nothing to the method that says
 * what comes of that. */
#include "speedups.h"

#include <stddef.h>
#include <structmember.h>

/* RFC 8446, 5.1: no record has more. */
#define RECORD 16384
/* Up to here a copy from the stack costs less than the allocation of all that was asked for. */
#define SMALL 4096
/* More is not sent at once. */
#define MOST 0x7fffffff

/* Only Python without the interpreter's lock has it. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

/* ConnectionIO says what the first three are. */
typedef struct {
    PyObject_HEAD;
    unsigned long number;
    PyObject *fileno;
    int descriptor;
    /* Whether the last message received was a large one: then the next is likely to be. A wrong guess costs a copy, or
     * an allocation. */
    int large;
} Conn;

#define NUMBER(self) ((pyssl_conn *)((Conn *)(self))->number)

#define METHOD(name) static PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *keywords)

/* The whole number that an int has, and no subclass of it. */
static int integer(PyObject *object, Py_ssize_t *value) {
    if (!PyLong_CheckExact(object))
        return 0;
    *value = PyLong_AsSsize_t(object);
    if (*value != -1 || !PyErr_Occurred())
        return 1;
    PyErr_Clear();
    return 0;
}

/* Whether there is a connection with a descriptor that is known to be open still, or without any; where there is not,
 * the Python method looks closer. -1 is an exception. */
static int is_open(PyObject *self) {
    Conn *conn = (Conn *)self;
    PyObject *fileno, *now;
    Py_ssize_t descriptor;
    int open;
    if (conn->number == 0)
        return 0;
    Py_BEGIN_CRITICAL_SECTION(self);
    fileno = conn->fileno;
    Py_XINCREF(fileno);
    Py_END_CRITICAL_SECTION();
    if (fileno == NULL || fileno == Py_None) {
        Py_XDECREF(fileno);
        return 1;
    }
    now = PyObject_CallObject(fileno, NULL);
    Py_DECREF(fileno);
    if (now == NULL)
        return -1;
    open = integer(now, &descriptor) && descriptor == conn->descriptor;
    Py_DECREF(now);
    return open;
}

/* What the class has by that name. */
static PyObject *of_class(PyObject *self, const char *name) {
    PyObject *found, *key = PyUnicode_InternFromString(name);
    if (key == NULL)
        return NULL;
    found = PyObject_GetAttr((PyObject *)Py_TYPE(self), key);
    Py_DECREF(key);
    return found;
}

/* The same call of ConnectionIO's method. */
static PyObject *by_cffi(const char *name, PyObject *self, PyObject *const *args, Py_ssize_t given,
                         PyObject *keywords) {
    PyObject *base, *method = NULL, *positional = NULL, *named = NULL, *result = NULL;
    Py_ssize_t i, count = keywords == NULL ? 0 : PyTuple_Size(keywords);
    base = of_class(self, "_by_cffi");
    method = base == NULL ? NULL : PyObject_GetAttrString(base, name);
    positional = method == NULL ? NULL : PyTuple_New(given + 1);
    named = positional == NULL ? NULL : PyDict_New();
    if (named == NULL)
        goto done;
    Py_INCREF(self);
    PyTuple_SetItem(positional, 0, self);
    for (i = 0; i < given; i++) {
        Py_INCREF(args[i]);
        PyTuple_SetItem(positional, i + 1, args[i]);
    }
    for (i = 0; i < count; i++)
        if (PyDict_SetItem(named, PyTuple_GetItem(keywords, i), args[given + i]) != 0)
            goto done;
    result = PyObject_Call(method, positional, named);
done:
    Py_XDECREF(named);
    Py_XDECREF(positional);
    Py_XDECREF(method);
    Py_XDECREF(base);
    return result;
}

/* Raises what programs wait for, and tells whether the status is that. */
static int wanted(PyObject *self, ptrdiff_t status) {
    PyObject *kind;
    if (status != PYSSL_ERR_WANT_READ && status != PYSSL_ERR_WANT_WRITE)
        return 0;
    kind = of_class(self, status == PYSSL_ERR_WANT_READ ? "_want_read" : "_want_write");
    if (kind != NULL) {
        PyErr_SetNone(kind);
        Py_DECREF(kind);
    }
    return 1;
}

/* Where a bytes object that is to be filled has its bytes. */
static uint8_t *start_of(PyObject *bytes) { return bytes == NULL ? NULL : (uint8_t *)PyBytes_AsString(bytes); }

/* `bytes` has room for `size`, of which `count` were filled; NULL without an exception where none were. */
static PyObject *filled(PyObject *bytes, Py_ssize_t size, ptrdiff_t count) {
    PyObject *shorter = NULL;
    if (count == size)
        return bytes;
    if (count > 0)
        shorter = PyBytes_FromStringAndSize(PyBytes_AsString(bytes), (Py_ssize_t)count);
    Py_DECREF(bytes);
    return shorter;
}

METHOD(conn_recv) {
    int *large = &((Conn *)self)->large;
    Py_ssize_t size = 0, flags = 0;
    ptrdiff_t count;
    PyObject *bytes = NULL;
    uint8_t small[RECORD], *room = small;
    int plain = keywords == NULL && (given == 1 || given == 2) && integer(args[0], &size) && size > 0 &&
                (given == 1 || args[1] == Py_None || integer(args[1], &flags));
    if (plain)
        plain = is_open(self);
    if (plain <= 0)
        return plain < 0 ? NULL : by_cffi("recv", self, args, given, keywords);
    if (size > RECORD)
        size = RECORD;
    if (size > SMALL && __atomic_load_n(large, __ATOMIC_RELAXED)) {
        bytes = PyBytes_FromStringAndSize(NULL, size);
        room = start_of(bytes);
        if (room == NULL)
            return NULL;
    }
    flags &= PYSSL_MSG_PEEK;
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_recv(NUMBER(self), room, (size_t)size, (int)flags);
    Py_END_ALLOW_THREADS;
    if (bytes != NULL)
        bytes = filled(bytes, size, count);
    else if (count > 0)
        bytes = PyBytes_FromStringAndSize((const char *)room, (Py_ssize_t)count);
    if (count > 0)
        __atomic_store_n(large, count > SMALL, __ATOMIC_RELAXED);
    if (count > 0 || wanted(self, count))
        return bytes;
    return PyObject_CallMethod(self, "_received_nothing", "nnn", (Py_ssize_t)count, size, flags);
}

METHOD(conn_send) {
    char *data;
    Py_ssize_t size;
    ptrdiff_t count;
    int plain =
        keywords == NULL && (given == 1 || given == 2) && PyBytes_CheckExact(args[0]) && PyBytes_Size(args[0]) <= MOST;
    if (plain)
        plain = is_open(self);
    if (plain <= 0)
        return plain < 0 ? NULL : by_cffi("send", self, args, given, keywords);
    if (PyBytes_AsStringAndSize(args[0], &data, &size) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_send(NUMBER(self), (const uint8_t *)data, (size_t)size);
    Py_END_ALLOW_THREADS;
    if (count >= 0)
        return PyLong_FromSsize_t((Py_ssize_t)count);
    if (wanted(self, count))
        return NULL;
    return PyObject_CallMethod(self, "_sent_nothing", "nO", (Py_ssize_t)count, args[0]);
}

METHOD(conn_bio_read) {
    Py_ssize_t size = 0;
    ptrdiff_t waiting, count = 0;
    PyObject *bytes = NULL;
    uint8_t small[SMALL], *room;
    if (NUMBER(self) == NULL || keywords != NULL || given != 1 || !integer(args[0], &size) || size <= 0)
        return by_cffi("bio_read", self, args, given, keywords);
    Py_BEGIN_ALLOW_THREADS;
    waiting = pyssl_conn_bio_pending(NUMBER(self));
    if (waiting <= SMALL)
        count = pyssl_conn_bio_read(NUMBER(self), small, size < SMALL ? (size_t)size : SMALL);
    Py_END_ALLOW_THREADS;
    if (count > 0)
        return PyBytes_FromStringAndSize((const char *)small, (Py_ssize_t)count);
    if (waiting > SMALL) {
        if (waiting < size)
            size = waiting;
        bytes = PyBytes_FromStringAndSize(NULL, size);
        room = start_of(bytes);
        if (room == NULL)
            return NULL;
        Py_BEGIN_ALLOW_THREADS;
        count = pyssl_conn_bio_read(NUMBER(self), room, (size_t)size);
        Py_END_ALLOW_THREADS;
        bytes = filled(bytes, size, count);
        if (count > 0)
            return bytes;
    }
    return wanted(self, count) ? NULL : PyObject_CallMethod(self, "_bio_failed", "n", (Py_ssize_t)count);
}

METHOD(conn_bio_write) {
    char *data;
    Py_ssize_t size;
    ptrdiff_t count;
    if (NUMBER(self) == NULL || keywords != NULL || (given != 1 && given != 2) || !PyBytes_CheckExact(args[0]))
        return by_cffi("bio_write", self, args, given, keywords);
    if (PyBytes_AsStringAndSize(args[0], &data, &size) != 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    count = pyssl_conn_bio_write(NUMBER(self), (const uint8_t *)data, (size_t)size);
    Py_END_ALLOW_THREADS;
    if (count > 0)
        return PyLong_FromSsize_t((Py_ssize_t)count);
    return PyObject_CallMethod(self, "_bio_failed", "n", (Py_ssize_t)count);
}

/* ---- the class */

static int conn_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Conn *)self)->fileno);
    return 0;
}

static int conn_clear(PyObject *self) {
    Py_CLEAR(((Conn *)self)->fileno);
    return 0;
}

static void conn_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    conn_clear(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"_number", T_ULONG, offsetof(Conn, number), 0, NULL},
    {"_fileno", T_OBJECT, offsetof(Conn, fileno), 0, NULL},
    {"_descriptor", T_INT, offsetof(Conn, descriptor), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

/* By way of void (*)(void), for the calling convention is METH_FASTCALL's. The signatures are for inspect.signature(),
 * which takes the line off the docstring. */
#define ENTRY(name, arguments)                                                                                         \
    {#name, (PyCFunction)(void (*)(void))conn_##name, METH_FASTCALL | METH_KEYWORDS, #name arguments "\n--\n\n"}

static const PyMethodDef methods[] = {
    ENTRY(recv, "($self, bufsiz, flags=None)"),
    ENTRY(send, "($self, buf, flags=0)"),
    ENTRY(bio_read, "($self, bufsiz)"),
    ENTRY(bio_write, "($self, buf, flags=0)"),
    {NULL, NULL, 0, NULL},
};

/* What comes after the signature is the docstring of ConnectionIO's method. Both last as long as the class, for ever.
 */
static int document(PyMethodDef *method, PyObject *base) {
    PyObject *twin = PyObject_GetAttrString(base, method->ml_name), *text = NULL, *whole = NULL, *encoded = NULL;
    text = twin == NULL ? NULL : PyObject_GetAttrString(twin, "__doc__");
    if (text != NULL && text != Py_None) { /* None with python -OO */
        whole = PyUnicode_FromFormat("%s%U", method->ml_doc, text);
        encoded = whole == NULL ? NULL : PyUnicode_AsUTF8String(whole);
        if (encoded != NULL)
            method->ml_doc = PyBytes_AsString(encoded);
    }
    Py_XDECREF(twin);
    Py_XDECREF(text);
    Py_XDECREF(whole);
    return PyErr_Occurred() ? -1 : 0;
}

/* conn_type(ConnectionIO): a class of these methods, to inherit from before ConnectionIO. */
FAST_FUNCTION(conn_type) {
    PyMethodDef *documented, *method;
    (void)module;
    if (!fast_expect("conn_type", given, 1))
        return NULL;
    documented = PyMem_Malloc(sizeof methods);
    if (documented == NULL)
        return PyErr_NoMemory();
    memcpy(documented, methods, sizeof methods);
    for (method = documented; method->ml_name != NULL; method++)
        if (document(method, args[0]) != 0) {
            PyMem_Free(documented);
            return NULL;
        }
    PyType_Slot slots[] = {
        {Py_tp_dealloc, (void *)conn_dealloc}, {Py_tp_traverse, (void *)conn_traverse},
        {Py_tp_clear, (void *)conn_clear},     {Py_tp_members, members},
        {Py_tp_methods, documented},           {0, NULL},
    };
    /* Without a version tag Python 3.9 would look every attribute of a Connection up in all its classes anew. */
    PyType_Spec spec = {"OpenSSL._native._speedups.Conn", sizeof(Conn), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VERSION_TAG | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                        slots};
    return PyType_FromSpec(&spec);
}
