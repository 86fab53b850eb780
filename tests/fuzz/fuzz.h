/* What the fuzz targets share. Each target is a function that takes one input; main.c lists them. */
#ifndef PYSSL_FUZZ_H
#define PYSSL_FUZZ_H

#include <pyssl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n  last error: %s\n", __FILE__, __LINE__, #condition, pyssl_error_message());   \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Where results go that only have to be asked for. */
extern uint8_t scratch[1 << 20];
extern size_t scratch_len;

/* Returns whether the answer is good. Another one must be a plain refusal. */
int fine(ptrdiff_t status);

/* An input that is taken piece by piece; past its end it gives zeros. */
struct input {
    const uint8_t *data;
    size_t size;
};

uint8_t take(struct input *input);
/* Takes so many bytes, or as many as there are. */
struct input take_bytes(struct input *input, size_t count);

void look_at_certificate(pyssl_x509 *cert);

void fuzz_certificate(const uint8_t *data, size_t size);
void fuzz_request(const uint8_t *data, size_t size);
void fuzz_crl(const uint8_t *data, size_t size);
void fuzz_pkcs7(const uint8_t *data, size_t size);
void fuzz_pkcs12(const uint8_t *data, size_t size);
void fuzz_spki(const uint8_t *data, size_t size);
void fuzz_key(const uint8_t *data, size_t size);
void fuzz_server(const uint8_t *data, size_t size);
void fuzz_session_rules(const uint8_t *data, size_t size);
void fuzz_session(const uint8_t *data, size_t size);
void fuzz_hostile_server(const uint8_t *data, size_t size);
void fuzz_mutual(const uint8_t *data, size_t size);
void fuzz_established(const uint8_t *data, size_t size);
void fuzz_dtls(const uint8_t *data, size_t size);
void fuzz_records(const uint8_t *data, size_t size);
void fuzz_pem(const uint8_t *data, size_t size);
void fuzz_store_ctx(const uint8_t *data, size_t size);

#endif
