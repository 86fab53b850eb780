/* Targets for each parser, and for a server's first bytes. What was parsed is asked for all it has, and written again;
 * it must be freed without a trace. */
#include "fuzz.h"

static void look_at_name(pyssl_name *name) {
    size_t count, i;
    uint32_t hash;

    fine(pyssl_name_oneline(name, (char *)scratch, sizeof scratch, &scratch_len));
    fine(pyssl_name_der(name, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_name_hash(name, &hash));
    fine(pyssl_name_get(name, "CN", (char *)scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_name_entry_count(name, &count) == PYSSL_OK);
    for (i = 0; i < count; i++) {
        fine(pyssl_name_entry_type(name, i, (char *)scratch, sizeof scratch, &scratch_len));
        fine(pyssl_name_entry_value(name, i, scratch, sizeof scratch, &scratch_len));
    }
    MUST(pyssl_name_free(name) == PYSSL_OK);
}

static void look_at_extension(pyssl_ext *extension) {
    int critical;

    fine(pyssl_ext_critical(extension, &critical));
    fine(pyssl_ext_short_name(extension, (char *)scratch, sizeof scratch, &scratch_len));
    fine(pyssl_ext_data(extension, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_ext_text(extension, (char *)scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_ext_free(extension) == PYSSL_OK);
}

static void look_at_key(pyssl_pkey *key) {
    int number;

    fine(pyssl_pkey_bits(key, &number));
    fine(pyssl_pkey_type(key, &number));
    fine(pyssl_pkey_dump_public(key, PYSSL_FILETYPE_ASN1, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_ASN1, NULL, NULL, 0, scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_pkey_free(key) == PYSSL_OK);
}

void look_at_certificate(pyssl_x509 *cert) {
    pyssl_name *name;
    pyssl_pkey *key;
    pyssl_ext *extension;
    pyssl_x509 *again;
    size_t count, i;
    int expired;

    if (fine(pyssl_x509_subject(cert, &name)))
        look_at_name(name);
    if (fine(pyssl_x509_issuer(cert, &name)))
        look_at_name(name);
    if (fine(pyssl_x509_pubkey(cert, &key)))
        look_at_key(key);
    fine(pyssl_x509_serial(cert, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_x509_not_before(cert, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_x509_has_expired(cert, &expired));
    fine(pyssl_x509_signature_algorithm(cert, (char *)scratch, sizeof scratch, &scratch_len));
    fine(pyssl_x509_dump(cert, PYSSL_FILETYPE_TEXT, scratch, sizeof scratch, &scratch_len));
    if (fine(pyssl_x509_extension_count(cert, &count)))
        for (i = 0; i < count; i++)
            if (fine(pyssl_x509_extension(cert, i, &extension)))
                look_at_extension(extension);
    if (fine(pyssl_x509_dump(cert, PYSSL_FILETYPE_PEM, scratch, sizeof scratch, &scratch_len))) {
        MUST(pyssl_x509_load(PYSSL_FILETYPE_PEM, scratch, scratch_len, &again) == PYSSL_OK);
        MUST(pyssl_x509_free(again) == PYSSL_OK);
    }
    MUST(pyssl_x509_free(cert) == PYSSL_OK);
}

/* PEM where it looks like that, else DER. */
static int form(const uint8_t *data, size_t size) {
    return size >= 5 && memcmp(data, "-----", 5) == 0 ? PYSSL_FILETYPE_PEM : PYSSL_FILETYPE_ASN1;
}

void fuzz_certificate(const uint8_t *data, size_t size) {
    pyssl_x509 *cert;

    if (fine(pyssl_x509_load(form(data, size), data, size, &cert)))
        look_at_certificate(cert);
}

void fuzz_request(const uint8_t *data, size_t size) {
    pyssl_req *request;
    pyssl_name *name;
    pyssl_pkey *key;
    pyssl_ext *extension;
    size_t count, i;

    if (!fine(pyssl_req_load(form(data, size), data, size, &request)))
        return;
    if (fine(pyssl_req_subject(request, &name)))
        look_at_name(name);
    if (fine(pyssl_req_pubkey(request, &key))) {
        fine(pyssl_req_verify(request, key));
        look_at_key(key);
    }
    if (fine(pyssl_req_extension_count(request, &count)))
        for (i = 0; i < count; i++)
            if (fine(pyssl_req_extension(request, i, &extension)))
                look_at_extension(extension);
    fine(pyssl_req_dump(request, PYSSL_FILETYPE_TEXT, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_req_dump(request, PYSSL_FILETYPE_PEM, scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_req_free(request) == PYSSL_OK);
}

void fuzz_crl(const uint8_t *data, size_t size) {
    pyssl_crl *crl;
    pyssl_name *name;
    pyssl_revoked *entry;
    size_t count, i;

    if (!fine(pyssl_crl_load(form(data, size), data, size, &crl)))
        return;
    if (fine(pyssl_crl_issuer(crl, &name)))
        look_at_name(name);
    MUST(pyssl_crl_revoked_count(crl, &count) == PYSSL_OK);
    for (i = 0; i < count && i < 100; i++)
        if (fine(pyssl_crl_revoked_at(crl, i, &entry))) {
            fine(pyssl_revoked_serial(entry, (char *)scratch, sizeof scratch, &scratch_len));
            fine(pyssl_revoked_date(entry, scratch, sizeof scratch, &scratch_len));
            fine(pyssl_revoked_reason(entry, scratch, sizeof scratch, &scratch_len));
            MUST(pyssl_revoked_free(entry) == PYSSL_OK);
        }
    fine(pyssl_crl_dump(crl, PYSSL_FILETYPE_TEXT, scratch, sizeof scratch, &scratch_len));
    fine(pyssl_crl_dump(crl, PYSSL_FILETYPE_PEM, scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_crl_free(crl) == PYSSL_OK);
}

void fuzz_pkcs7(const uint8_t *data, size_t size) {
    pyssl_pkcs7 *message;
    int is;

    if (!fine(pyssl_pkcs7_load(form(data, size), data, size, &message)))
        return;
    fine(pyssl_pkcs7_type_is_signed(message, &is));
    fine(pyssl_pkcs7_type_name(message, (char *)scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_pkcs7_free(message) == PYSSL_OK);
}

void fuzz_pkcs12(const uint8_t *data, size_t size) {
    pyssl_pkcs12 *p12;
    pyssl_pkey *key;
    pyssl_x509 *cert, *others[16];
    size_t count, i;

    if (!fine(pyssl_pkcs12_load(data, size, (const uint8_t *)"x", 1, &p12)))
        return;
    if (fine(pyssl_pkcs12_key(p12, &key)) && key != NULL)
        look_at_key(key);
    if (fine(pyssl_pkcs12_cert(p12, &cert)) && cert != NULL)
        look_at_certificate(cert);
    if (fine(pyssl_pkcs12_ca_certs(p12, others, 16, &count)))
        for (i = 0; i < count; i++)
            look_at_certificate(others[i]);
    fine(pyssl_pkcs12_friendly_name(p12, scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_pkcs12_free(p12) == PYSSL_OK);
}

void fuzz_spki(const uint8_t *data, size_t size) {
    pyssl_spki *spki;
    pyssl_pkey *key;

    if (!fine(pyssl_spki_from_base64(data, size, &spki)))
        return;
    if (fine(pyssl_spki_pubkey(spki, &key))) {
        fine(pyssl_spki_verify(spki, key));
        look_at_key(key);
    }
    fine(pyssl_spki_to_base64(spki, scratch, sizeof scratch, &scratch_len));
    MUST(pyssl_spki_free(spki) == PYSSL_OK);
}

void fuzz_key(const uint8_t *data, size_t size) {
    pyssl_pkey *key;

    if (fine(pyssl_pkey_load_private(form(data, size), data, size, (const uint8_t *)"x", 1, NULL, NULL, &key)))
        look_at_key(key);
    if (fine(pyssl_pkey_load_public(form(data, size), data, size, &key)))
        look_at_key(key);
}

/* A certificate for the server, made once. */
static pyssl_ctx *server_context(void) {
    pyssl_ctx *ctx;
    pyssl_pkey *key;
    pyssl_x509 *cert;

    MUST(pyssl_pkey_new(&key) == PYSSL_OK && pyssl_pkey_generate_ec(key, "prime256v1") == PYSSL_OK);
    MUST(pyssl_x509_new(&cert) == PYSSL_OK && pyssl_x509_set_pubkey(cert, key) == PYSSL_OK);
    MUST(pyssl_x509_adjust_not_before(cert, 0) == PYSSL_OK && pyssl_x509_adjust_not_after(cert, 86400) == PYSSL_OK);
    MUST(pyssl_x509_sign(cert, key, "sha256") == PYSSL_OK);
    MUST(pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) == PYSSL_OK);
    MUST(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK && pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    MUST(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    return ctx;
}

/* Arbitrary bytes from a client, in two pieces; what the server says to them is thrown away. */
void fuzz_server(const uint8_t *data, size_t size) {
    static pyssl_ctx *ctx;
    pyssl_conn *conn;
    size_t first = size > 0 ? data[size - 1] * size / 256 : 0;
    ptrdiff_t result;
    int done;

    if (ctx == NULL)
        ctx = server_context();
    MUST(pyssl_conn_new(ctx, &conn) == PYSSL_OK && pyssl_conn_set_accept_state(conn) == PYSSL_OK);
    fine(pyssl_conn_do_handshake(conn));
    if (first > 0)
        MUST(pyssl_conn_bio_write(conn, data, first) == (ptrdiff_t)first);
    fine(pyssl_conn_do_handshake(conn));
    if (size > first)
        MUST(pyssl_conn_bio_write(conn, data + first, size - first) == (ptrdiff_t)(size - first));
    MUST(pyssl_conn_bio_shutdown(conn) == PYSSL_OK);
    result = pyssl_conn_recv(conn, scratch, sizeof scratch, 0);
    MUST(result < 0 && result != PYSSL_ERR_PANIC); /* nobody can have got through the handshake */
    while (pyssl_conn_bio_read(conn, scratch, sizeof scratch) > 0)
        ;
    fine(pyssl_conn_shutdown(conn, &done));
    MUST(pyssl_conn_free(conn) == PYSSL_OK);
}
