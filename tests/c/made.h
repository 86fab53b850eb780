/* Keys and certificates made on the spot. */
#ifndef MADE_H
#define MADE_H

#include "check.h"

#include <string.h>

static pyssl_pkey *made_key(void) {
    pyssl_pkey *key = NULL;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
    CHECK(pyssl_pkey_generate_ec(key, "prime256v1") == PYSSL_OK);
    return key;
}

/* Valid for an hour, from a minute ago; signed by itself when there is no issuer. */
static pyssl_x509 *made_cert(const char *name, pyssl_pkey *key, pyssl_x509 *issuer, pyssl_pkey *issuer_key) {
    const uint8_t serial[] = {0x12, 0x34};
    pyssl_x509 *cert = NULL;
    pyssl_name *subject = NULL;
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_set_serial(cert, serial, sizeof serial) == PYSSL_OK);
    CHECK(pyssl_x509_adjust_not_before(cert, -60) == PYSSL_OK);
    CHECK(pyssl_x509_adjust_not_after(cert, 3600) == PYSSL_OK);
    CHECK(pyssl_x509_subject(cert, &subject) == PYSSL_OK);
    CHECK(pyssl_name_set(subject, "CN", (const uint8_t *)name, strlen(name)) == PYSSL_OK);
    CHECK(pyssl_name_free(subject) == PYSSL_OK);
    CHECK(pyssl_x509_subject(issuer ? issuer : cert, &subject) == PYSSL_OK);
    CHECK(pyssl_x509_set_issuer(cert, subject) == PYSSL_OK);
    CHECK(pyssl_name_free(subject) == PYSSL_OK);
    CHECK(pyssl_x509_set_pubkey(cert, key) == PYSSL_OK);
    CHECK(pyssl_x509_sign(cert, issuer ? issuer_key : key, "sha256") == PYSSL_OK);
    return cert;
}

#endif
