/* Revocation lists, PKCS#7, PKCS#12 and SPKAC: written, read again, and what cannot be. */

#include "check.h"
#include "made.h"

#include <stdio.h>
#include <string.h>

static uint8_t room[16384];
static size_t len;

static int is_text(const char *expected) { return len == strlen(expected) && memcmp(room, expected, len) == 0; }

static void lists(pyssl_x509 *issuer, pyssl_pkey *key) {
    pyssl_crl *crl = NULL, *again = NULL;
    pyssl_revoked *entry = NULL;
    pyssl_name *name = NULL;
    size_t count = 9;

    CHECK(pyssl_revoked_new(&entry) == PYSSL_OK);
    CHECK(pyssl_revoked_date(entry, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_revoked_reason(entry, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_revoked_set_serial(entry, "12zz") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_revoked_set_serial(entry, "abc") == PYSSL_OK);
    CHECK(pyssl_revoked_serial(entry, (char *)room, sizeof room, &len) == PYSSL_OK && is_text("0ABC"));
    CHECK(pyssl_revoked_set_date(entry, "never") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_revoked_set_date(entry, "200102030405Z") == PYSSL_OK);
    CHECK(pyssl_revoked_set_reason(entry, "whim") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_revoked_set_reason(entry, "key Compromise") == PYSSL_OK);
    CHECK(pyssl_revoked_reason_at(1, (char *)room, sizeof room, &len) == PYSSL_OK && is_text("keyCompromise"));
    CHECK(pyssl_revoked_reason_at(7, (char *)room, sizeof room, &len) == PYSSL_ERR_ABSENT);

    CHECK(pyssl_crl_new(&crl) == PYSSL_OK);
    CHECK(pyssl_crl_revoked_count(crl, &count) == PYSSL_OK && count == 0);
    CHECK(pyssl_crl_set_version(crl, 1) == PYSSL_OK);
    CHECK(pyssl_crl_add_revoked(crl, entry) == PYSSL_OK);
    CHECK(pyssl_crl_dump(crl, PYSSL_FILETYPE_ASN1, room, sizeof room, &len) == PYSSL_ERROR);
    CHECK(pyssl_crl_set_last_update(crl, "20200101000000Z") == PYSSL_OK);
    CHECK(pyssl_crl_set_next_update(crl, "20300101000000Z") == PYSSL_OK);
    CHECK(pyssl_crl_sign(crl, issuer, key, "no such digest") == PYSSL_ERROR);
    CHECK(pyssl_crl_sign(crl, issuer, key, "sha256") == PYSSL_OK);
    CHECK(pyssl_crl_issue(crl, issuer, key, 5, "no such digest") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_revoked_free(entry) == PYSSL_OK);

    CHECK(pyssl_crl_dump(crl, 7, room, sizeof room, &len) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_crl_dump(crl, PYSSL_FILETYPE_PEM, room, 10, &len) == PYSSL_ERR_BUFFER && len > 10);
    CHECK(pyssl_crl_dump(crl, PYSSL_FILETYPE_PEM, room, sizeof room, &len) == PYSSL_OK);
    CHECK(pyssl_crl_load(PYSSL_FILETYPE_PEM, room, len, &again) == PYSSL_OK);
    CHECK(pyssl_crl_issuer(again, &name) == PYSSL_OK);
    CHECK(pyssl_name_oneline(name, (char *)room, sizeof room, &len) == PYSSL_OK && is_text("/CN=root"));
    CHECK(pyssl_crl_revoked_count(again, &count) == PYSSL_OK && count == 1);
    CHECK(pyssl_crl_revoked_at(again, 1, &entry) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_crl_revoked_at(again, 0, &entry) == PYSSL_OK);
    CHECK(pyssl_crl_free(again) == PYSSL_OK && pyssl_crl_free(crl) == PYSSL_OK);

    /* Copies: they outlive the list. */
    CHECK(pyssl_revoked_date(entry, room, sizeof room, &len) == PYSSL_OK && is_text("20200102030405Z"));
    CHECK(pyssl_revoked_reason(entry, room, sizeof room, &len) == PYSSL_OK && is_text("Key Compromise"));
    CHECK(pyssl_revoked_set_reason(entry, NULL) == PYSSL_OK);
    CHECK(pyssl_revoked_reason(entry, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_revoked_free(entry) == PYSSL_OK && pyssl_name_free(name) == PYSSL_OK);
    CHECK(pyssl_crl_load(PYSSL_FILETYPE_ASN1, (const uint8_t *)"junk", 4, &crl) == PYSSL_ERROR);
}

static void pkcs7(void) {
    /* ContentInfo of type data with "hello" */
    static const uint8_t data[] = {0x30, 0x14, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
                                   0x07, 0x01, 0xa0, 0x07, 0x04, 0x05, 'h',  'e',  'l',  'l',  'o'};
    pyssl_pkcs7 *message = NULL;
    int is = -1;
    CHECK(pyssl_pkcs7_load(PYSSL_FILETYPE_TEXT, data, sizeof data, &message) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkcs7_load(PYSSL_FILETYPE_PEM, data, sizeof data, &message) == PYSSL_ERROR);
    CHECK(pyssl_pkcs7_load(PYSSL_FILETYPE_ASN1, data, sizeof data - 1, &message) == PYSSL_ERROR);
    CHECK(pyssl_pkcs7_load(PYSSL_FILETYPE_ASN1, data, sizeof data, &message) == PYSSL_OK);
    CHECK(pyssl_pkcs7_type_is_data(message, &is) == PYSSL_OK && is == 1);
    CHECK(pyssl_pkcs7_type_is_signed(message, &is) == PYSSL_OK && is == 0);
    CHECK(pyssl_pkcs7_type_is_enveloped(message, &is) == PYSSL_OK && is == 0);
    CHECK(pyssl_pkcs7_type_is_signed_and_enveloped(message, &is) == PYSSL_OK && is == 0);
    CHECK(pyssl_pkcs7_type_name(message, (char *)room, sizeof room, &len) == PYSSL_OK && is_text("pkcs7-data"));
    CHECK(pyssl_pkcs7_free(message) == PYSSL_OK);
    CHECK(pyssl_pkcs7_type_is_data(message, &is) == PYSSL_ERR_HANDLE);
}

static void pkcs12(pyssl_x509 *root, pyssl_x509 *leaf, pyssl_pkey *leaf_key) {
    static const uint8_t phrase[] = "secret", name[] = "a name";
    static const char *const ciphers[] = {NULL, "aes-128-cbc", "PBE-SHA1-3DES"};
    pyssl_pkcs12 *p12 = NULL, *again = NULL;
    pyssl_pkey *key = NULL;
    pyssl_x509 *cert = NULL, *certs[2] = {NULL};
    size_t count = 0, n;

    CHECK(pyssl_pkcs12_new(&p12) == PYSSL_OK);
    CHECK(pyssl_pkcs12_export(p12, phrase, 6, NULL, 0, 0, room, sizeof room, &len) == PYSSL_ERROR);
    CHECK(pyssl_pkcs12_friendly_name(p12, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_pkcs12_ca_certs(p12, certs, 2, &count) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_pkcs12_set_key(p12, leaf_key) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_cert(p12, root) == PYSSL_OK);
    CHECK(pyssl_pkcs12_export(p12, phrase, 6, NULL, 0, 0, room, sizeof room, &len) == PYSSL_ERROR); /* no match */
    CHECK(pyssl_pkcs12_set_cert(p12, leaf) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_ca_certs(p12, &root, 1) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_friendly_name(p12, name, 6) == PYSSL_OK);
    CHECK(pyssl_pkcs12_export(p12, phrase, 6, "no such cipher", 0, 0, room, sizeof room, &len) == PYSSL_ERR_ARGUMENT);

    for (n = 0; n < 3; n++) {
        CHECK(pyssl_pkcs12_export(p12, phrase, 6, ciphers[n], 2048, 1, room, sizeof room, &len) == PYSSL_OK);
        CHECK(pyssl_pkcs12_load(room, len, phrase, 5, &again) == PYSSL_ERROR);        /* wrong passphrase */
        CHECK(pyssl_pkcs12_load(room, len, phrase, 7, &again) == PYSSL_ERR_ARGUMENT); /* a NUL in it */
        CHECK(pyssl_pkcs12_load(room, len, phrase, 6, &again) == PYSSL_OK);
        CHECK(pyssl_pkcs12_key(again, &key) == PYSSL_OK && key != NULL);
        CHECK(pyssl_pkcs12_cert(again, &cert) == PYSSL_OK && cert != NULL);
        CHECK(pyssl_pkcs12_ca_certs(again, NULL, 0, &count) == PYSSL_ERR_BUFFER && count == 1);
        CHECK(pyssl_pkcs12_ca_certs(again, certs, 2, &count) == PYSSL_OK && count == 1);
        CHECK(pyssl_pkcs12_friendly_name(again, room, sizeof room, &len) == PYSSL_OK && is_text("a name"));
        CHECK(pyssl_pkcs12_free(again) == PYSSL_OK);
        CHECK(pyssl_x509_sign(cert, key, "sha256") == PYSSL_OK); /* parts outlive the whole */
        CHECK(pyssl_pkey_free(key) == PYSSL_OK && pyssl_x509_free(cert) == PYSSL_OK);
        CHECK(pyssl_x509_free(certs[0]) == PYSSL_OK);
    }

    CHECK(pyssl_pkcs12_set_ca_certs(p12, certs, 1) == PYSSL_ERR_HANDLE); /* freed above */
    CHECK(pyssl_pkcs12_ca_certs(p12, NULL, 0, &count) == PYSSL_ERR_BUFFER && count == 1);
    CHECK(pyssl_pkcs12_set_key(p12, NULL) == PYSSL_OK && pyssl_pkcs12_set_cert(p12, NULL) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_ca_certs(p12, NULL, 0) == PYSSL_OK);
    CHECK(pyssl_pkcs12_key(p12, &key) == PYSSL_OK && key == NULL);
    CHECK(pyssl_pkcs12_cert(p12, &cert) == PYSSL_OK && cert == NULL);
    CHECK(pyssl_pkcs12_ca_certs(p12, certs, 2, &count) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_pkcs12_free(p12) == PYSSL_OK);
    CHECK(pyssl_pkcs12_load((const uint8_t *)"junk", 4, NULL, 0, &p12) == PYSSL_ERROR);
}

static void spki(pyssl_pkey *key, pyssl_pkey *another) {
    pyssl_spki *spki = NULL, *again = NULL;
    pyssl_pkey *inside = NULL;
    CHECK(pyssl_spki_new(&spki) == PYSSL_OK);
    CHECK(pyssl_spki_pubkey(spki, &inside) == PYSSL_ERROR);
    CHECK(pyssl_spki_set_pubkey(spki, key) == PYSSL_OK);
    CHECK(pyssl_spki_verify(spki, key) == PYSSL_ERROR);
    CHECK(pyssl_spki_sign(spki, key, "no such digest") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_spki_sign(spki, key, "sha256") == PYSSL_OK);
    CHECK(pyssl_spki_verify(spki, key) == PYSSL_OK && pyssl_spki_verify(spki, another) == PYSSL_ERROR);
    CHECK(pyssl_spki_to_base64(spki, room, sizeof room, &len) == PYSSL_OK);
    CHECK(pyssl_spki_from_base64(room, len, &again) == PYSSL_OK);
    CHECK(pyssl_spki_pubkey(again, &inside) == PYSSL_OK);
    CHECK(pyssl_spki_verify(again, inside) == PYSSL_OK);
    CHECK(pyssl_spki_sign(again, inside, "sha256") == PYSSL_ERR_ARGUMENT); /* public only */
    CHECK(pyssl_spki_free(spki) == PYSSL_OK && pyssl_spki_free(again) == PYSSL_OK);
    CHECK(pyssl_pkey_free(inside) == PYSSL_OK);
    CHECK(pyssl_spki_from_base64(NULL, 0, &spki) == PYSSL_ERROR);
    CHECK(pyssl_spki_from_base64((const uint8_t *)"AAAA", 4, &spki) == PYSSL_ERROR);
}

int main(void) {
    size_t handles = pyssl_handle_count();
    pyssl_pkey *root_key = made_key(), *leaf_key = made_key();
    pyssl_x509 *root = made_cert("root", root_key, NULL, NULL);
    pyssl_x509 *leaf = made_cert("leaf", leaf_key, root, root_key);
    lists(root, root_key);
    pkcs7();
    pkcs12(root, leaf, leaf_key);
    spki(leaf_key, root_key);
    CHECK(pyssl_x509_free(root) == PYSSL_OK && pyssl_x509_free(leaf) == PYSSL_OK);
    CHECK(pyssl_pkey_free(root_key) == PYSSL_OK && pyssl_pkey_free(leaf_key) == PYSSL_OK);
    CHECK(pyssl_handle_count() == handles);
    return 0;
}
