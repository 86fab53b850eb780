/* Certificates, names, extensions and requests through the C API. */
#include "check.h"

static pyssl_pkey *ec(void) {
    pyssl_pkey *key = NULL;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
    CHECK(pyssl_pkey_generate_ec(key, "prime256v1") == PYSSL_OK);
    return key;
}

static void set(pyssl_name *name, const char *attribute, const char *value) {
    CHECK(pyssl_name_set(name, attribute, (const uint8_t *)value, strlen(value)) == PYSSL_OK);
}

static int has(pyssl_name *name, const char *attribute, const char *expected) {
    char value[256];
    size_t len;
    CHECK(pyssl_name_get(name, attribute, value, sizeof value, &len) == PYSSL_OK);
    return strcmp(value, expected) == 0 && strlen(expected) == len;
}

static pyssl_x509 *certificate(pyssl_pkey *key, const char *digest) {
    pyssl_x509 *cert = NULL;
    pyssl_name *subject = NULL;
    pyssl_ext *extensions[2] = {NULL, NULL};
    const uint8_t serial[] = {0x12, 0x67};
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_set_version(cert, 2) == PYSSL_OK);
    CHECK(pyssl_x509_set_serial(cert, serial, sizeof serial) == PYSSL_OK);
    CHECK(pyssl_x509_subject(cert, &subject) == PYSSL_OK);
    set(subject, "CN", "example.org");
    CHECK(pyssl_x509_set_issuer(cert, subject) == PYSSL_OK);
    CHECK(pyssl_name_free(subject) == PYSSL_OK);
    CHECK(pyssl_x509_adjust_not_before(cert, -60) == PYSSL_OK);
    CHECK(pyssl_x509_adjust_not_after(cert, 3600) == PYSSL_OK);
    CHECK(pyssl_x509_set_pubkey(cert, key) == PYSSL_OK);
    CHECK(pyssl_ext_new("basicConstraints", 1, "CA:TRUE", NULL, NULL, &extensions[0]) == PYSSL_OK);
    CHECK(pyssl_ext_new("subjectKeyIdentifier", 0, "hash", cert, NULL, &extensions[1]) == PYSSL_OK);
    CHECK(pyssl_x509_add_extensions(cert, extensions, 2) == PYSSL_OK);
    CHECK(pyssl_ext_free(extensions[0]) == PYSSL_OK && pyssl_ext_free(extensions[1]) == PYSSL_OK);
    CHECK(pyssl_x509_sign(cert, key, digest) == PYSSL_OK);
    return cert;
}

static void a_certificate_is_built_dumped_and_loaded(void) {
    pyssl_pkey *key = ec(), *certified = NULL;
    pyssl_x509 *cert = certificate(key, "sha256"), *again = NULL;
    uint8_t first[4096], second[4096];
    size_t len, second_len;
    int number;
    long version;
    static const int types[] = {PYSSL_FILETYPE_PEM, PYSSL_FILETYPE_ASN1};
    for (int i = 0; i < 2; i++) {
        CHECK(pyssl_x509_dump(cert, types[i], first, sizeof first, &len) == PYSSL_OK);
        CHECK(pyssl_x509_load(types[i], first, len, &again) == PYSSL_OK);
        CHECK(pyssl_x509_dump(again, types[i], second, sizeof second, &second_len) == PYSSL_OK);
        CHECK(len == second_len && memcmp(first, second, len) == 0);
        CHECK(pyssl_x509_free(again) == PYSSL_OK);
        CHECK(pyssl_x509_load(types[i], first, len / 2, &again) == PYSSL_ERROR);
        CHECK(strstr(pyssl_error_message(), "cannot load the certificate") != NULL);
    }
    CHECK(pyssl_x509_version(cert, &version) == PYSSL_OK && version == 2);
    CHECK(pyssl_x509_serial(cert, first, sizeof first, &len) == PYSSL_OK);
    CHECK(len == 2 && first[0] == 0x12 && first[1] == 0x67);
    CHECK(pyssl_x509_has_expired(cert, &number) == PYSSL_OK && number == 0);
    CHECK(pyssl_x509_digest(cert, "sha256", first, sizeof first, &len) == PYSSL_OK && len == 32);
    CHECK(pyssl_x509_digest(cert, "no digest", first, sizeof first, &len) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_x509_signature_algorithm(cert, (char *)first, sizeof first, &len) == PYSSL_OK);
    CHECK(strcmp((char *)first, "ecdsa-with-SHA256") == 0);
    CHECK(pyssl_x509_dump(cert, PYSSL_FILETYPE_TEXT, first, sizeof first, &len) == PYSSL_OK);
    CHECK(memcmp(first, "Certificate:\n", 13) == 0);
    CHECK(pyssl_x509_pubkey(cert, &certified) == PYSSL_OK);
    CHECK(pyssl_pkey_is_public_only(certified, &number) == PYSSL_OK && number == 1);
    CHECK(pyssl_x509_sign(cert, certified, "sha256") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_free(certified) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
}

static void serials_have_any_size_and_sign(void) {
    pyssl_x509 *cert = NULL;
    uint8_t room[400], large[300];
    size_t len;
    memset(large, 0x5a, sizeof large);
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_serial(cert, room, sizeof room, &len) == PYSSL_OK && len == 1 && room[0] == 0);
    CHECK(pyssl_x509_set_serial(cert, (const uint8_t *)"\xff\xff\xfb", 3) == PYSSL_OK);
    CHECK(pyssl_x509_serial(cert, room, sizeof room, &len) == PYSSL_OK && len == 1 && room[0] == 0xfb);
    CHECK(pyssl_x509_set_serial(cert, (const uint8_t *)"\x00\x00\x80", 3) == PYSSL_OK);
    CHECK(pyssl_x509_serial(cert, room, sizeof room, &len) == PYSSL_OK && len == 2 && room[1] == 0x80);
    CHECK(pyssl_x509_set_serial(cert, large, sizeof large) == PYSSL_OK);
    CHECK(pyssl_x509_serial(cert, room, sizeof room, &len) == PYSSL_OK && len == 300 && !memcmp(room, large, len));
    CHECK(pyssl_x509_set_serial(cert, NULL, 0) == PYSSL_OK);
    CHECK(pyssl_x509_serial(cert, room, sizeof room, &len) == PYSSL_OK && len == 1 && room[0] == 0);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
}

static void times(void) {
    pyssl_x509 *cert = NULL;
    uint8_t room[64];
    size_t len;
    int expired;
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_not_after(cert, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_x509_not_before(cert, room, sizeof room, &len) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_x509_set_not_before(cert, "20200229123456Z") == PYSSL_OK);
    CHECK(pyssl_x509_not_before(cert, room, sizeof room, &len) == PYSSL_OK && len == 15);
    CHECK(memcmp(room, "20200229123456Z", 15) == 0);
    CHECK(pyssl_x509_has_expired(cert, &expired) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_x509_set_not_after(cert, "500101000000Z") == PYSSL_OK);
    CHECK(pyssl_x509_not_after(cert, room, sizeof room, &len) == PYSSL_OK);
    CHECK(len == 15 && memcmp(room, "19500101000000Z", len) == 0);
    CHECK(pyssl_x509_has_expired(cert, &expired) == PYSSL_OK && expired == 1);
    CHECK(pyssl_x509_set_not_after(cert, "99991231235959+0100") == PYSSL_OK);
    CHECK(pyssl_x509_has_expired(cert, &expired) == PYSSL_OK && expired == 0);
    CHECK(pyssl_x509_set_not_after(cert, "tomorrow") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_x509_set_not_before(cert, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
}

static void a_name_is_a_live_view_that_keeps_its_certificate(void) {
    pyssl_x509 *cert = NULL;
    pyssl_name *one = NULL, *other = NULL, *copy = NULL, *issuer = NULL;
    char text[64];
    uint8_t bytes[64];
    size_t len, count;
    uint32_t hash, same;
    int order;
    CHECK(pyssl_x509_new(&cert) == PYSSL_OK);
    CHECK(pyssl_x509_subject(cert, &one) == PYSSL_OK && pyssl_x509_subject(cert, &other) == PYSSL_OK);
    CHECK(pyssl_name_get(one, "CN", text, sizeof text, &len) == PYSSL_ERR_ABSENT);
    set(one, "commonName", "x");
    set(one, "2.5.4.10", "Org");
    CHECK(has(other, "CN", "x") && has(other, "O", "Org"));
    CHECK(pyssl_name_copy(one, &copy) == PYSSL_OK);
    set(copy, "CN", "y");
    CHECK(has(one, "CN", "x") && has(copy, "CN", "y"));
    CHECK(pyssl_name_set(one, "C", (const uint8_t *)"DEU", 3) == PYSSL_ERROR);
    CHECK(pyssl_name_set(one, "nope", (const uint8_t *)"x", 1) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_name_compare(one, other, &order) == PYSSL_OK && order == 0);
    CHECK(pyssl_name_compare(one, copy, &order) == PYSSL_OK && order != 0);
    CHECK(pyssl_name_hash(one, &hash) == PYSSL_OK && pyssl_x509_subject_name_hash(cert, &same) == PYSSL_OK);
    CHECK(hash == same);
    CHECK(pyssl_name_oneline(one, text, sizeof text, &len) == PYSSL_OK && strcmp(text, "/CN=x/O=Org") == 0);
    CHECK(pyssl_name_entry_count(one, &count) == PYSSL_OK && count == 2);
    CHECK(pyssl_name_entry_type(one, 1, text, sizeof text, &len) == PYSSL_OK && strcmp(text, "O") == 0);
    CHECK(pyssl_name_entry_value(one, 1, bytes, sizeof bytes, &len) == PYSSL_OK && len == 3);
    CHECK(pyssl_name_entry_value(one, 2, bytes, sizeof bytes, &len) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_name_der(one, bytes, sizeof bytes, &len) == PYSSL_OK && bytes[0] == 0x30);

    CHECK(pyssl_x509_set_issuer(cert, copy) == PYSSL_OK);
    CHECK(has(one, "CN", "x"));
    CHECK(pyssl_x509_issuer(cert, &issuer) == PYSSL_OK);
    set(issuer, "CN", "issuer");
    CHECK(has(issuer, "CN", "issuer") && has(one, "CN", "x"));
    CHECK(pyssl_name_free(issuer) == PYSSL_OK);
    CHECK(pyssl_x509_set_subject(cert, copy) == PYSSL_OK);
    CHECK(pyssl_name_get(one, "CN", text, sizeof text, &len) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_name_free(one) == PYSSL_OK && pyssl_name_free(other) == PYSSL_OK && pyssl_name_free(copy) == PYSSL_OK);

    CHECK(pyssl_x509_subject(cert, &one) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    CHECK(has(one, "CN", "y"));
    CHECK(pyssl_name_free(one) == PYSSL_OK);
}

static void extensions(void) {
    pyssl_pkey *key = ec();
    pyssl_x509 *cert = certificate(key, "sha256");
    pyssl_ext *extension = NULL, *row[1];
    char text[128];
    uint8_t data[64];
    size_t len, count;
    int critical;
    CHECK(pyssl_x509_extension_count(cert, &count) == PYSSL_OK && count == 2);
    CHECK(pyssl_x509_extension(cert, 2, &extension) == PYSSL_ERR_ABSENT && extension == NULL);
    CHECK(pyssl_x509_extension(cert, 0, &extension) == PYSSL_OK);
    CHECK(pyssl_ext_critical(extension, &critical) == PYSSL_OK && critical == 1);
    CHECK(pyssl_ext_short_name(extension, text, sizeof text, &len) == PYSSL_OK && !strcmp(text, "basicConstraints"));
    CHECK(pyssl_ext_text(extension, text, sizeof text, &len) == PYSSL_OK && strcmp(text, "CA:TRUE") == 0);
    CHECK(pyssl_ext_data(extension, data, sizeof data, &len) == PYSSL_OK && len == 5 && data[0] == 0x30);
    row[0] = (pyssl_ext *)cert;
    CHECK(pyssl_x509_add_extensions(cert, row, 1) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_x509_add_extensions(cert, NULL, 1) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_ext_free(extension) == PYSSL_OK);
    CHECK(pyssl_ext_new("basicConstraints", 0, "@section", NULL, NULL, &extension) == PYSSL_ERROR);
    CHECK(pyssl_ext_new("nope", 0, "x", NULL, NULL, &extension) == PYSSL_ERROR);
    CHECK(pyssl_ext_new(NULL, 0, "x", NULL, NULL, &extension) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
}

static void requests(void) {
    pyssl_pkey *key = ec(), *other = ec(), *asked = NULL;
    pyssl_req *req = NULL, *again = NULL;
    pyssl_name *subject = NULL, *fresh = NULL;
    pyssl_ext *extension = NULL;
    uint8_t der[2048];
    char text[64];
    size_t len, count;
    long version;
    CHECK(pyssl_req_new(&req) == PYSSL_OK);
    CHECK(pyssl_req_version(req, &version) == PYSSL_OK && version == 0);
    CHECK(pyssl_req_set_version(req, 1) == PYSSL_ERR_ARGUMENT && pyssl_req_set_version(req, 0) == PYSSL_OK);
    CHECK(pyssl_req_subject(req, &subject) == PYSSL_OK);
    set(subject, "CN", "request");
    CHECK(pyssl_req_set_pubkey(req, key) == PYSSL_OK);
    CHECK(pyssl_ext_new("subjectAltName", 0, "DNS:a", NULL, NULL, &extension) == PYSSL_OK);
    CHECK(pyssl_req_add_extensions(req, &extension, 1) == PYSSL_OK && pyssl_ext_free(extension) == PYSSL_OK);
    CHECK(pyssl_req_sign(req, key, "sha256") == PYSSL_OK);
    CHECK(pyssl_req_verify(req, key) == PYSSL_OK && pyssl_req_verify(req, other) == PYSSL_ERROR);
    CHECK(pyssl_req_dump(req, PYSSL_FILETYPE_ASN1, der, sizeof der, &len) == PYSSL_OK);
    CHECK(pyssl_req_load(PYSSL_FILETYPE_ASN1, der, len, &again) == PYSSL_OK);
    CHECK(pyssl_req_extension_count(again, &count) == PYSSL_OK && count == 1);
    CHECK(pyssl_req_extension(again, 0, &extension) == PYSSL_OK);
    CHECK(pyssl_ext_text(extension, text, sizeof text, &len) == PYSSL_OK && strcmp(text, "DNS:a") == 0);
    CHECK(pyssl_ext_free(extension) == PYSSL_OK);
    CHECK(pyssl_req_extension(again, 1, &extension) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_req_pubkey(again, &asked) == PYSSL_OK && pyssl_req_verify(again, asked) == PYSSL_OK);

    CHECK(pyssl_name_new(&fresh) == PYSSL_OK);
    set(fresh, "CN", "other");
    CHECK(pyssl_req_set_subject(req, fresh) == PYSSL_OK);
    CHECK(pyssl_name_get(subject, "CN", text, sizeof text, &len) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_req_verify(req, key) == PYSSL_ERROR);
    CHECK(pyssl_name_free(subject) == PYSSL_OK && pyssl_name_free(fresh) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK && pyssl_pkey_free(other) == PYSSL_OK && pyssl_pkey_free(asked) == PYSSL_OK);
    CHECK(pyssl_req_free(req) == PYSSL_OK && pyssl_req_free(again) == PYSSL_OK);
}

static void verify_errors_have_words(void) {
    CHECK(strcmp(pyssl_verify_error_string(10), "certificate has expired") == 0);
    CHECK(pyssl_verify_error_string(-1) != NULL);
}

int main(void) {
    RUN(a_certificate_is_built_dumped_and_loaded);
    RUN(serials_have_any_size_and_sign);
    RUN(times);
    RUN(a_name_is_a_live_view_that_keeps_its_certificate);
    RUN(extensions);
    RUN(requests);
    RUN(verify_errors_have_words);
    return 0;
}
