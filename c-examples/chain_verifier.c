/* Verifies a certificate and shows the chain it was found good by, or says what is wrong with which certificate.
 *
 *     chain_verifier CAFILE CHAINFILE [CRLFILE]
 *
 * CHAINFILE is PEM: the certificate first, then any others that may lead to one of CAFILE. With CRLFILE (PEM) the
 * certificate must not be on that list. Ends with 0 when it is good, 1 when it is not. */
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 32

static void die(const char *doing) {
    fprintf(stderr, "chain_verifier: %s: %s\n", doing, pyssl_error_message());
    exit(2);
}

/* A whole file. */
static char *read_file(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 20;
    char *text = malloc(room);

    if (file == NULL || text == NULL) {
        perror(path);
        exit(2);
    }
    *len = fread(text, 1, room, file);
    fclose(file);
    return text;
}

/* The certificates of a PEM file; how many. */
static size_t load_certificates(const char *path, pyssl_x509 **certs) {
    size_t len, count;
    char *text = read_file(path, &len);

    if (pyssl_x509_load_chain((const uint8_t *)text, len, certs, MOST, &count) != PYSSL_OK)
        die(path);
    free(text);
    return count;
}

static void add_revocations(pyssl_store *store, const char *path) {
    size_t len;
    char *text = read_file(path, &len);
    pyssl_crl *crl;
    int64_t check;

    if (pyssl_crl_load(PYSSL_FILETYPE_PEM, (const uint8_t *)text, len, &crl) != PYSSL_OK ||
        pyssl_store_add_crl(store, crl) != PYSSL_OK)
        die(path);
    if (pyssl_constant("X509_V_FLAG_CRL_CHECK", &check) != PYSSL_OK ||
        pyssl_store_set_flags(store, (uint64_t)check) != PYSSL_OK)
        die("flags");
    pyssl_crl_free(crl);
    free(text);
}

static void show(pyssl_x509 **chain, size_t count) {
    char subject[512];
    pyssl_name *name;
    size_t i, len;

    for (i = 0; i < count; i++) {
        if (pyssl_x509_subject(chain[i], &name) != PYSSL_OK ||
            pyssl_name_oneline(name, subject, sizeof subject, &len) != PYSSL_OK)
            die("subject");
        printf("%zu %s\n", i, subject);
        pyssl_name_free(name);
        pyssl_x509_free(chain[i]);
    }
}

int main(int argc, char **argv) {
    pyssl_x509 *certs[MOST], *chain[MOST];
    pyssl_store *store;
    pyssl_store_ctx *verification;
    size_t count, length, i;
    pyssl_status status;
    pyssl_error error;

    if (argc != 3 && argc != 4) {
        fputs("usage: chain_verifier CAFILE CHAINFILE [CRLFILE]\n", stderr);
        return 2;
    }
    if (pyssl_store_new(&store) != PYSSL_OK || pyssl_store_load_locations(store, argv[1], NULL) != PYSSL_OK)
        die("trust");
    if (argc == 4)
        add_revocations(store, argv[3]);
    count = load_certificates(argv[2], certs);
    if (pyssl_store_ctx_new(store, certs[0], certs + 1, count - 1, &verification) != PYSSL_OK)
        die("verification");

    status = pyssl_store_ctx_verified_chain(verification, chain, MOST, &length, NULL);
    if (status == PYSSL_OK) {
        show(chain, length);
    } else {
        pyssl_error_last(&error);
        if (error.verify_code == 0)
            die("verification");
        printf("refused: %s, at depth %d: %s\n", error.verify_message, error.verify_depth,
               error.verify_subject != NULL ? error.verify_subject : "no certificate");
    }
    pyssl_store_ctx_free(verification);
    pyssl_store_free(store);
    for (i = 0; i < count; i++)
        pyssl_x509_free(certs[i]);
    return status == PYSSL_OK ? 0 : 1;
}
