/* OpenSSL._native._speedups: the calls that programs make for every message and every certificate, past cffi, which
 * converts each argument by its C type.
 *
 * Objects are given to functions as the number of their handle. What is no success comes back as the status, a negative
 * number: what to raise is Python's affair. The class whose methods move bytes has its own manners (io.c).
 *
 * The interpreter's lock is let go for each call of the library, for a callback on another thread may need it while
 * this one waits for an object. */
#ifndef PYSSL_FAST_H
#define PYSSL_FAST_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "pyssl.h"

/* The limited API of Python 3.9 and earlier leaves it out, though it was the same since 3.7. */
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

/* An object's handle, from its number. */
#define HANDLE(type, number) ((type *)PyLong_AsSize_t(number))

/* Whether a function was given as many arguments as it takes; TypeError otherwise. */
int fast_expect(const char *name, Py_ssize_t given, Py_ssize_t wanted);

#define FAST_FUNCTION(name) PyObject *fast_##name(PyObject *module, PyObject *const *args, Py_ssize_t given)

FAST_FUNCTION(conn_type);
FAST_FUNCTION(name_free);
FAST_FUNCTION(name_get);
FAST_FUNCTION(x509_has_expired);
FAST_FUNCTION(x509_issuer);
FAST_FUNCTION(x509_not_after);
FAST_FUNCTION(x509_not_before);
FAST_FUNCTION(x509_serial);
FAST_FUNCTION(x509_subject);

#endif
