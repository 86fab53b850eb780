/* Keys through the C API: generate, load, dump, sign, and every refusal. */
#include "check.h"

static pyssl_pkey *rsa(void) {
    pyssl_pkey *key = NULL;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
    CHECK(pyssl_pkey_generate_rsa(key, 1024) == PYSSL_OK);
    return key;
}

static pyssl_pkey *load(int type, const uint8_t *data, size_t len) {
    pyssl_pkey *key = NULL;
    CHECK(pyssl_pkey_load_private(type, data, len, NULL, 0, NULL, NULL, &key) == PYSSL_OK);
    return key;
}

static void a_new_key_is_empty(void) {
    pyssl_pkey *key;
    int number = -1;
    uint8_t room[64];
    size_t len;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
    CHECK(pyssl_pkey_type(key, &number) == PYSSL_OK && number == 0);
    CHECK(pyssl_pkey_bits(key, &number) == PYSSL_OK && number == 0);
    CHECK(pyssl_pkey_is_public_only(key, &number) == PYSSL_OK && number == 0);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, room, sizeof room, &len) == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), "empty") != NULL);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

static void every_kind_is_generated(void) {
    pyssl_pkey *key;
    int type, bits;
    CHECK(pyssl_pkey_new(&key) == PYSSL_OK);
#define GENERATED(call, expected_type, expected_bits)                                                                  \
    CHECK((call) == PYSSL_OK);                                                                                         \
    CHECK(pyssl_pkey_type(key, &type) == PYSSL_OK && type == (expected_type));                                         \
    CHECK(pyssl_pkey_bits(key, &bits) == PYSSL_OK && bits == (expected_bits))
    GENERATED(pyssl_pkey_generate_rsa(key, 1024), PYSSL_KEY_RSA, 1024);
    CHECK(pyssl_pkey_check(key) == PYSSL_OK);
    GENERATED(pyssl_pkey_generate_ec(key, "prime256v1"), PYSSL_KEY_EC, 256);
    CHECK(pyssl_pkey_check(key) == PYSSL_ERR_ARGUMENT);
    GENERATED(pyssl_pkey_generate_ed25519(key), PYSSL_KEY_ED25519, 256);
    GENERATED(pyssl_pkey_generate_ed448(key), PYSSL_KEY_ED448, 456);
    CHECK(pyssl_pkey_generate_ec(key, "no such curve") == PYSSL_ERROR);
    CHECK(pyssl_pkey_generate_ec(key, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_generate_rsa(key, 0) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_generate_dsa(key, -1) == PYSSL_ERROR);
    CHECK(pyssl_pkey_type(key, &type) == PYSSL_OK && type == PYSSL_KEY_ED448);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

static void handles_that_are_none_are_refused(void) {
    pyssl_pkey *key = rsa();
    int number = 7;
    CHECK(pyssl_pkey_bits(NULL, &number) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_pkey_bits((pyssl_pkey *)(uintptr_t)0x1234567, &number) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_x509_free((pyssl_x509 *)key) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_pkey_bits(key, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_pkey_bits(key, &number) == PYSSL_ERR_HANDLE && number == 7);
    CHECK(pyssl_pkey_free(NULL) == PYSSL_OK);
    CHECK(pyssl_pkey_new(NULL) == PYSSL_ERR_ARGUMENT);
}

static void pem_and_der_round_trip(void) {
    pyssl_pkey *key = rsa(), *again, *public_key = NULL;
    uint8_t first[4096], second[4096];
    size_t len, again_len;
    int number;
    static const int types[] = {PYSSL_FILETYPE_PEM, PYSSL_FILETYPE_ASN1};
    for (int i = 0; i < 2; i++) {
        CHECK(pyssl_pkey_dump_private(key, types[i], NULL, NULL, 0, first, sizeof first, &len) == PYSSL_OK);
        again = load(types[i], first, len);
        CHECK(pyssl_pkey_dump_private(again, types[i], NULL, NULL, 0, second, sizeof second, &again_len) == PYSSL_OK);
        CHECK(len == again_len && memcmp(first, second, len) == 0);
        CHECK(pyssl_pkey_free(again) == PYSSL_OK);

        CHECK(pyssl_pkey_dump_public(key, types[i], first, sizeof first, &len) == PYSSL_OK);
        CHECK(pyssl_pkey_load_public(types[i], first, len, &public_key) == PYSSL_OK);
        CHECK(pyssl_pkey_is_public_only(public_key, &number) == PYSSL_OK && number == 1);
        CHECK(pyssl_pkey_dump_private(public_key, types[i], NULL, NULL, 0, second, sizeof second, &again_len) ==
              PYSSL_ERROR);
        CHECK(pyssl_pkey_free(public_key) == PYSSL_OK);
    }
    CHECK(pyssl_pkey_dump_private_traditional(key, NULL, NULL, 0, first, sizeof first, &len) == PYSSL_OK);
    CHECK(memcmp(first, "-----BEGIN RSA PRIVATE KEY-----", 31) == 0);
    CHECK(pyssl_pkey_free(load(PYSSL_FILETYPE_PEM, first, len)) == PYSSL_OK);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_TEXT, NULL, NULL, 0, first, sizeof first, &len) == PYSSL_OK);
    CHECK(memcmp(first, "RSA Private-Key: (1024 bit", 26) == 0);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

static void too_little_room_stores_nothing_but_the_length(void) {
    pyssl_pkey *key = rsa();
    uint8_t room[4096] = {0};
    size_t needed = 0, len = 0;
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, room, 10, &needed) == PYSSL_ERR_BUFFER);
    CHECK(needed > 500 && room[0] == 0);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, NULL, 0, &len) == PYSSL_ERR_BUFFER);
    CHECK(len == needed);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, room, needed, &len) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

struct answer {
    const char *text;
    int calls;
};

static ptrdiff_t give(void *userdata, int writing, uint8_t *room, size_t size) {
    struct answer *answer = userdata;
    answer->calls++;
    CHECK(writing == 0);
    if (answer->text == NULL)
        return -1;
    CHECK(strlen(answer->text) <= size);
    memcpy(room, answer->text, strlen(answer->text));
    return (ptrdiff_t)strlen(answer->text);
}

static void an_encrypted_key_wants_its_passphrase(void) {
    pyssl_pkey *key = rsa(), *again = NULL;
    uint8_t pem[4096];
    size_t len;
    struct answer right = {"secret", 0}, wrong = {"wrong", 0}, none = {NULL, 0};
    const uint8_t *secret = (const uint8_t *)"secret";
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, "aes-256-cbc", secret, 6, pem, sizeof pem, &len) ==
          PYSSL_OK);
    CHECK(memcmp(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----", 37) == 0);
#define LOAD(passphrase, passphrase_len, callback, userdata)                                                           \
    pyssl_pkey_load_private(PYSSL_FILETYPE_PEM, pem, len, passphrase, passphrase_len, callback, userdata, &again)
    CHECK(LOAD(secret, 6, NULL, NULL) == PYSSL_OK && pyssl_pkey_free(again) == PYSSL_OK);
    CHECK(LOAD(NULL, 0, give, &right) == PYSSL_OK && pyssl_pkey_free(again) == PYSSL_OK && right.calls == 1);
    CHECK(LOAD(secret, 6, give, &none) == PYSSL_OK && pyssl_pkey_free(again) == PYSSL_OK && none.calls == 0);
    CHECK(LOAD(NULL, 0, NULL, NULL) == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), "the key is encrypted and no passphrase was given") != NULL);
    CHECK(LOAD(secret, 5, NULL, NULL) == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), "passphrase is wrong") != NULL);
    CHECK(LOAD(NULL, 0, give, &wrong) == PYSSL_ERROR);
    CHECK(LOAD(NULL, 0, give, &none) == PYSSL_ERR_CALLBACK && none.calls == 1);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, "no cipher", secret, 6, pem, sizeof pem, &len) ==
          PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_ASN1, "aes-256-cbc", secret, 6, pem, sizeof pem, &len) ==
          PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

static void garbage_is_an_error(void) {
    pyssl_pkey *key = NULL;
    const uint8_t *garbage = (const uint8_t *)"garbage";
    CHECK(pyssl_pkey_load_private(PYSSL_FILETYPE_PEM, garbage, 7, NULL, 0, NULL, NULL, &key) == PYSSL_ERROR);
    CHECK(pyssl_pkey_load_private(PYSSL_FILETYPE_ASN1, garbage, 7, NULL, 0, NULL, NULL, &key) == PYSSL_ERROR);
    CHECK(pyssl_pkey_load_public(PYSSL_FILETYPE_PEM, NULL, 0, &key) == PYSSL_ERROR);
    CHECK(pyssl_pkey_load_public(PYSSL_FILETYPE_PEM, NULL, 7, &key) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_load_public(PYSSL_FILETYPE_TEXT, garbage, 7, &key) == PYSSL_ERR_ARGUMENT);
    CHECK(key == NULL);
}

static void signatures(void) {
    pyssl_pkey *key = rsa();
    const uint8_t *data = (const uint8_t *)"data";
    uint8_t signature[256];
    size_t len;
    CHECK(pyssl_pkey_sign(key, "sha256", data, 4, signature, sizeof signature, &len) == PYSSL_OK && len == 128);
    CHECK(pyssl_pkey_verify(key, "sha256", signature, len, data, 4) == PYSSL_OK);
    CHECK(pyssl_pkey_verify(key, "sha256", signature, len, data, 3) == PYSSL_ERROR);
    CHECK(pyssl_pkey_verify(key, "sha1", signature, len, data, 4) == PYSSL_ERROR);
    CHECK(pyssl_pkey_sign(key, "no digest", data, 4, signature, sizeof signature, &len) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_generate_ed25519(key) == PYSSL_OK);
    CHECK(pyssl_pkey_sign(key, NULL, data, 4, signature, sizeof signature, &len) == PYSSL_OK && len == 64);
    CHECK(pyssl_pkey_verify(key, NULL, signature, len, data, 4) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
}

/* ECDSA and DSA signatures vary in length; what a first call asks for is enough for every later one. */
static void the_length_a_signature_asks_for_is_enough(void) {
    static const char *const curves[] = {"prime256v1", "secp521r1"};
    const uint8_t *data = (const uint8_t *)"data";
    uint8_t signature[256];
    size_t len, wanted, i;
    int round;

    for (i = 0; i < sizeof curves / sizeof *curves; i++) {
        pyssl_pkey *key = NULL;
        CHECK(pyssl_pkey_new(&key) == PYSSL_OK && pyssl_pkey_generate_ec(key, curves[i]) == PYSSL_OK);
        for (round = 0; round < 100; round++) {
            CHECK(pyssl_pkey_sign(key, "sha256", data, 4, NULL, 0, &wanted) == PYSSL_ERR_BUFFER);
            CHECK(pyssl_pkey_sign(key, "sha256", data, 4, signature, wanted, &len) == PYSSL_OK && len <= wanted);
            CHECK(pyssl_pkey_verify(key, "sha256", signature, len, data, 4) == PYSSL_OK);
            CHECK(pyssl_pkey_sign(key, "sha256", data, 4, signature, wanted - 1, &len) == PYSSL_ERR_BUFFER);
            CHECK(len == wanted);
        }
        CHECK(pyssl_pkey_free(key) == PYSSL_OK);
    }
}

static void curves_have_names(void) {
    char name[64];
    size_t len, count = pyssl_curve_count();
    int found = 0;
    CHECK(count > 60);
    for (size_t i = 0; i < count; i++) {
        CHECK(pyssl_curve_name(i, name, sizeof name, &len) == PYSSL_OK && strlen(name) == len);
        found += strcmp(name, "prime256v1") == 0;
    }
    CHECK(found == 1);
    CHECK(pyssl_curve_name(count, name, sizeof name, &len) == PYSSL_ERR_ABSENT);
}

static void ciphers_are_known_by_name(void) {
    CHECK(pyssl_pkey_check_cipher("aes-256-cbc") == PYSSL_OK &&
          pyssl_pkey_check_cipher("camellia-256-cbc") == PYSSL_OK);
    CHECK(pyssl_pkey_check_cipher("no-such-cipher") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_pkey_check_cipher("") == PYSSL_ERR_ARGUMENT && pyssl_pkey_check_cipher(NULL) == PYSSL_ERR_ARGUMENT);
}

int main(void) {
    RUN(ciphers_are_known_by_name);
    RUN(a_new_key_is_empty);
    RUN(every_kind_is_generated);
    RUN(handles_that_are_none_are_refused);
    RUN(pem_and_der_round_trip);
    RUN(too_little_room_stores_nothing_but_the_length);
    RUN(an_encrypted_key_wants_its_passphrase);
    RUN(garbage_is_an_error);
    RUN(signatures);
    RUN(the_length_a_signature_asks_for_is_enough);
    RUN(curves_have_names);
    return 0;
}
