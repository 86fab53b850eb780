/* The module of the functions in this folder. */
#include "speedups.h"

int fast_expect(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", name, wanted, given);
    return 0;
}

/* By way of void (*)(void), for the calling convention is METH_FASTCALL's. */
#define ENTRY(name) {#name, (PyCFunction)(void (*)(void))fast_##name, METH_FASTCALL, NULL}

static PyMethodDef functions[] = {
    ENTRY(conn_type),   ENTRY(name_free),      ENTRY(name_get),        ENTRY(x509_has_expired), ENTRY(x509_issuer),
    ENTRY(x509_serial), ENTRY(x509_not_after), ENTRY(x509_not_before), ENTRY(x509_subject),     {NULL, NULL, 0, NULL},
};

/* No state: it runs without the interpreter's lock as well. */
static PyModuleDef_Slot slots[] = {
#if defined(Py_mod_gil) && defined(Py_GIL_DISABLED)
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_speedups", NULL, 0, functions, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__speedups(void) { return PyModuleDef_Init(&definition); }
