/* The safe way to be a client, and what loads from memory: pyssl_ctx_new_client, pyssl_conn_set_client and the _pem
 * functions. */
#include "made.h"

#include <unistd.h>

static uint8_t pem[8192];
static size_t pem_len;

/* A certificate for localhost and the server that shows it; its PEM goes to `pem`. */
static pyssl_ctx *server(void) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);
    pyssl_ext *names;
    uint8_t key_pem[2048];
    size_t key_len;
    pyssl_ctx *ctx;

    CHECK(pyssl_x509_set_version(cert, 2) == PYSSL_OK);
    CHECK(pyssl_ext_new("subjectAltName", 0, "DNS:localhost,IP:192.0.2.1", NULL, NULL, &names) == PYSSL_OK);
    CHECK(pyssl_x509_add_extensions(cert, &names, 1) == PYSSL_OK);
    CHECK(pyssl_x509_sign(cert, key, "sha256") == PYSSL_OK);
    CHECK(pyssl_x509_dump(cert, PYSSL_FILETYPE_PEM, pem, sizeof pem, &pem_len) == PYSSL_OK);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, key_pem, sizeof key_pem, &key_len) ==
          PYSSL_OK);
    CHECK(pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate_chain_pem(ctx, pem, pem_len) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey_pem(ctx, key_pem, key_len, NULL, NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_check_privatekey(ctx) == PYSSL_OK);
    CHECK(pyssl_ext_free(names) == PYSSL_OK && pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    return ctx;
}

/* Carries what one end has for the other. */
static void carry(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[16384];
    ptrdiff_t count;
    while ((count = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)count) == count);
}

/* How the handshake of a client of that context and host ends. */
static pyssl_status outcome(pyssl_ctx *client, pyssl_ctx *serving, const char *host) {
    pyssl_conn *near, *far;
    pyssl_status status = PYSSL_ERR_WANT_READ;
    int round;

    CHECK(pyssl_conn_new(client, &near) == PYSSL_OK && pyssl_conn_new(serving, &far) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(far) == PYSSL_OK);
    CHECK(pyssl_conn_set_client(near, host) == PYSSL_OK);
    for (round = 0; round < 5 && status == PYSSL_ERR_WANT_READ; round++) {
        status = pyssl_conn_do_handshake(near);
        if (status != PYSSL_OK && status != PYSSL_ERR_WANT_READ)
            break; /* the error is this end's */
        carry(near, far);
        pyssl_conn_do_handshake(far);
        carry(far, near);
    }
    CHECK(pyssl_conn_free(near) == PYSSL_OK && pyssl_conn_free(far) == PYSSL_OK);
    return status;
}

static void test_a_client_verifies_chain_and_name(void) {
    pyssl_ctx *serving = server(), *client, *stranger;

    CHECK(pyssl_ctx_new_client("", &client) == PYSSL_OK);
    CHECK(outcome(client, serving, "localhost") == PYSSL_ERROR); /* it trusts nobody yet */
    CHECK(strstr(pyssl_error_message(), "certificate verify failed") != NULL);
    CHECK(pyssl_ctx_load_verify_pem(client, pem, pem_len) == PYSSL_OK);
    CHECK(outcome(client, serving, "localhost") == PYSSL_OK);
    CHECK(outcome(client, serving, "192.0.2.1") == PYSSL_OK);
    CHECK(outcome(client, serving, "evil.example") == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), "wanted \"evil.example\", and the certificate is for \"localhost\"") != NULL);
    CHECK(outcome(client, serving, "192.0.2.2") == PYSSL_ERROR);

    stranger = server();
    CHECK(outcome(client, stranger, "localhost") == PYSSL_ERROR);
    CHECK(pyssl_ctx_free(serving) == PYSSL_OK && pyssl_ctx_free(stranger) == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK);
}

static void test_trust_of_a_file_and_of_the_system(void) {
    char path[] = "/tmp/pyssl-client-XXXXXX";
    pyssl_ctx *serving = server(), *client = NULL;
    pyssl_error error;
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, pem, pem_len) == (ssize_t)pem_len && close(fd) == 0);
    CHECK(pyssl_ctx_new_client(path, &client) == PYSSL_OK);
    CHECK(outcome(client, serving, "localhost") == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK);
    CHECK(setenv("SSL_CERT_FILE", path, 1) == 0);
    CHECK(pyssl_ctx_new_client(NULL, &client) == PYSSL_OK);
    CHECK(outcome(client, serving, "localhost") == PYSSL_OK);
    CHECK(pyssl_ctx_free(client) == PYSSL_OK);

    CHECK(unlink(path) == 0);
    client = NULL;
    CHECK(pyssl_ctx_new_client(path, &client) == PYSSL_ERROR && client == NULL);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno != 0 && strcmp(error.path, path) == 0);
    CHECK(pyssl_ctx_new_client(NULL, &client) == PYSSL_ERROR && client == NULL);
    CHECK(pyssl_ctx_free(serving) == PYSSL_OK);
}

static void test_all_certificates_of_a_bundle(void) {
    pyssl_x509 *certs[3] = {NULL, NULL, NULL};
    uint8_t bundle[sizeof pem];
    size_t count = 0, len;

    CHECK(pyssl_ctx_free(server()) == PYSSL_OK);
    memcpy(bundle, pem, pem_len);
    memcpy(bundle + pem_len, pem, pem_len);
    len = 2 * pem_len;
    CHECK(pyssl_x509_load_chain(bundle, len, NULL, 0, &count) == PYSSL_ERR_BUFFER && count == 2);
    CHECK(pyssl_x509_load_chain(bundle, len, certs, 1, &count) == PYSSL_ERR_BUFFER && certs[0] == NULL);
    CHECK(pyssl_x509_load_chain(bundle, len, certs, 3, &count) == PYSSL_OK && count == 2 && certs[2] == NULL);
    CHECK(pyssl_x509_free(certs[0]) == PYSSL_OK && pyssl_x509_free(certs[1]) == PYSSL_OK);
    CHECK(pyssl_x509_load_chain(bundle, len - 40, certs, 3, &count) == PYSSL_ERROR); /* the second is cut */
    CHECK(pyssl_x509_load_chain(NULL, 0, certs, 3, &count) == PYSSL_ERROR);
    CHECK(pyssl_x509_load_chain(bundle, len, certs, 3, NULL) == PYSSL_ERR_ARGUMENT);
}

int main(void) {
    RUN(test_a_client_verifies_chain_and_name);
    RUN(test_trust_of_a_file_and_of_the_system);
    RUN(test_all_certificates_of_a_bundle);
    return 0;
}
