/* What the C tests share: checks that say where they failed, and a main that runs tests and counts handles. */
#ifndef PYSSL_TESTS_CHECK_H
#define PYSSL_TESTS_CHECK_H

#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, pyssl_error_message());   \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Runs a test, which must end with as many handles as it began with. */
#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        size_t handles = pyssl_handle_count();                                                                         \
        test();                                                                                                        \
        CHECK(pyssl_handle_count() == handles);                                                                        \
        printf("ok %s\n", #test);                                                                                      \
    } while (0)

#endif
