/* What programs ask of every certificate they meet. */
#include "speedups.h"

/* Enough for nearly every result; a larger one costs a second call. */
#define ROOM 512

/* The bytes that fetch(object, argument, room, size, len) stores. */
typedef pyssl_status (*fetcher)(void *object, const char *argument, uint8_t *room, size_t size, size_t *len);

static PyObject *bytes_of(fetcher fetch, void *object, const char *argument, int as_text) {
    uint8_t small[ROOM], *room = small;
    size_t size = ROOM, len = 0;
    PyObject *large = NULL, *result;
    pyssl_status status;
    for (;;) {
        Py_BEGIN_ALLOW_THREADS;
        status = fetch(object, argument, room, size, &len);
        Py_END_ALLOW_THREADS;
        if (status != PYSSL_ERR_BUFFER)
            break;
        Py_XDECREF(large);
        size = len + 1;
        large = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
        room = large == NULL ? NULL : (uint8_t *)PyBytes_AsString(large);
        if (room == NULL)
            return NULL;
    }
    if (status != PYSSL_OK)
        result = PyLong_FromLong(status);
    else if (as_text)
        result = PyUnicode_DecodeUTF8((const char *)room, (Py_ssize_t)len, NULL);
    else
        result = PyBytes_FromStringAndSize((const char *)room, (Py_ssize_t)len);
    Py_XDECREF(large);
    return result;
}

#define FETCHER(function)                                                                                              \
    static pyssl_status fetch_##function(void *object, const char *argument, uint8_t *room, size_t size,               \
                                         size_t *len) {                                                                \
        (void)argument;                                                                                                \
        return pyssl_##function(object, room, size, len);                                                              \
    }                                                                                                                  \
    FAST_FUNCTION(function) {                                                                                          \
        void *object;                                                                                                  \
        (void)module;                                                                                                  \
        if (!fast_expect(#function, given, 1))                                                                         \
            return NULL;                                                                                               \
        object = HANDLE(void, args[0]);                                                                                \
        return PyErr_Occurred() ? NULL : bytes_of(fetch_##function, object, NULL, 0);                                  \
    }

/* x509_serial(cert), x509_not_after(cert), x509_not_before(cert): bytes, or the status. */
FETCHER(x509_serial)
FETCHER(x509_not_after)
FETCHER(x509_not_before)

static pyssl_status fetch_attribute(void *name, const char *attribute, uint8_t *room, size_t size, size_t *len) {
    return pyssl_name_get(name, attribute, (char *)room, size, len);
}

/* name_get(name, attribute: bytes): text, or the status. */
FAST_FUNCTION(name_get) {
    pyssl_name *name;
    char *attribute;
    (void)module;
    if (!fast_expect("name_get", given, 2))
        return NULL;
    name = HANDLE(pyssl_name, args[0]);
    /* No length is asked for: a NUL inside is a ValueError. */
    if (PyErr_Occurred() || PyBytes_AsStringAndSize(args[1], &attribute, NULL) != 0)
        return NULL;
    return bytes_of(fetch_attribute, name, attribute, 1);
}

/* x509_has_expired(cert): 0 or 1, or the status. */
FAST_FUNCTION(x509_has_expired) {
    pyssl_x509 *cert;
    pyssl_status status;
    int expired = 0;
    (void)module;
    if (!fast_expect("x509_has_expired", given, 1))
        return NULL;
    cert = HANDLE(pyssl_x509, args[0]);
    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    status = pyssl_x509_has_expired(cert, &expired);
    Py_END_ALLOW_THREADS;
    return PyLong_FromLong(status == PYSSL_OK ? expired : status);
}

static PyObject *name_of(const char *called, pyssl_status (*function)(pyssl_x509 *, pyssl_name **),
                         PyObject *const *args, Py_ssize_t given) {
    pyssl_x509 *cert;
    pyssl_name *name = NULL;
    pyssl_status status;
    if (!fast_expect(called, given, 1))
        return NULL;
    cert = HANDLE(pyssl_x509, args[0]);
    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    status = function(cert, &name);
    Py_END_ALLOW_THREADS;
    return status == PYSSL_OK ? PyLong_FromSize_t((size_t)name) : PyLong_FromLong(status);
}

/* x509_subject(cert), x509_issuer(cert): the number of a new name's handle, or the status. */
FAST_FUNCTION(x509_subject) {
    (void)module;
    return name_of("x509_subject", pyssl_x509_subject, args, given);
}

FAST_FUNCTION(x509_issuer) {
    (void)module;
    return name_of("x509_issuer", pyssl_x509_issuer, args, given);
}

/* name_free(name): the status. */
FAST_FUNCTION(name_free) {
    pyssl_name *name;
    pyssl_status status;
    (void)module;
    if (!fast_expect("name_free", given, 1))
        return NULL;
    name = HANDLE(pyssl_name, args[0]);
    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS;
    status = pyssl_name_free(name);
    Py_END_ALLOW_THREADS;
    return PyLong_FromLong(status);
}
