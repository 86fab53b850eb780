/* Certificates of files, and their verification, compared with what OpenSSL itself does with the same bytes. */
#define _GNU_SOURCE
#include "peer.h"
#include <sys/mman.h>
#include <unistd.h>

static int same_certificate(pyssl_x509 *ours, X509 *theirs) {
    unsigned char *der = NULL;
    int size = i2d_X509(theirs, &der), same;

    MUST(size > 0 && pyssl_x509_dump(ours, PYSSL_FILETYPE_ASN1, scratch, sizeof scratch, &scratch_len) == PYSSL_OK);
    same = (size_t)size == scratch_len && memcmp(der, scratch, scratch_len) == 0;
    OPENSSL_free(der);
    return same;
}

static int no_passphrase(char *buf, int size, int writing, void *userdata) {
    (void)buf;
    (void)size;
    (void)writing;
    (void)userdata;
    return -1;
}

/* The first certificate of the text. */
static void compare_first(const uint8_t *data, size_t size) {
    BIO *bio = BIO_new_mem_buf(data, (int)size);
    X509 *theirs = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    pyssl_x509 *ours;
    int good = fine(pyssl_x509_load(PYSSL_FILETYPE_PEM, data, size, &ours));

    MUST(good == (theirs != NULL));
    if (good) {
        MUST(same_certificate(ours, theirs));
        MUST(pyssl_x509_free(ours) == PYSSL_OK);
    }
    X509_free(theirs);
    BIO_free(bio);
}

/* All certificates of the text. */
static void compare_all(const uint8_t *data, size_t size) {
    BIO *bio = BIO_new_mem_buf(data, (int)size);
    pyssl_x509 *ours[64];
    size_t count = 0, i;
    X509 *theirs;

    if (fine(pyssl_x509_load_chain(data, size, ours, 64, &count))) {
        MUST(count >= 1);
        for (i = 0; i < count; i++) {
            theirs = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
            MUST(theirs != NULL && same_certificate(ours[i], theirs));
            X509_free(theirs);
            MUST(pyssl_x509_free(ours[i]) == PYSSL_OK);
        }
        ERR_clear_error();
        MUST(PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) == NULL);
        MUST(ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE); /* and not that one is damaged */
    }
    BIO_free(bio);
}

/* Whether OpenSSL loads the file as trusted certificates, and the subjects that a server of its names to clients. */
static int theirs_loads(const char *path) {
    X509_STORE *store = X509_STORE_new();
    int good = X509_STORE_load_file(store, path) == 1;

    X509_STORE_free(store);
    return good;
}

static void compare_subjects(pyssl_ctx *ctx, const char *path) {
    STACK_OF(X509_NAME) *theirs = SSL_load_client_CA_file(path);
    pyssl_name *ours[64];
    pyssl_conn *conn;
    size_t count = 0, i;
    int good = fine(pyssl_ctx_load_client_ca(ctx, path));

    MUST(!good ||
         theirs != NULL); /* OpenSSL takes what stands before a certificate that is none; we take no such file */
    if (good && sk_X509_NAME_num(theirs) <= 64) {
        MUST(pyssl_conn_new(ctx, &conn) == PYSSL_OK && pyssl_conn_set_accept_state(conn) == PYSSL_OK);
        MUST(pyssl_conn_client_ca_list(conn, ours, 64, &count) == PYSSL_OK);
        MUST(count == (size_t)sk_X509_NAME_num(theirs));
        for (i = 0; i < count; i++) {
            unsigned char *der = NULL;
            int size = i2d_X509_NAME(sk_X509_NAME_value(theirs, (int)i), &der);

            MUST(size > 0 && pyssl_name_der(ours[i], scratch, sizeof scratch, &scratch_len) == PYSSL_OK);
            MUST((size_t)size == scratch_len && memcmp(der, scratch, scratch_len) == 0);
            OPENSSL_free(der);
            MUST(pyssl_name_free(ours[i]) == PYSSL_OK);
        }
        MUST(pyssl_conn_free(conn) == PYSSL_OK);
    }
    sk_X509_NAME_pop_free(theirs, X509_NAME_free);
}

void fuzz_pem(const uint8_t *data, size_t size) {
    static int file = -1;
    char path[64];
    pyssl_ctx *ctx;
    pyssl_store *store;

    if (file < 0) {
        file = memfd_create("bundle.pem", 0);
        MUST(file >= 0);
    }
    MUST(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);

    compare_first(data, size);
    compare_all(data, size);
    MUST(pyssl_store_new(&store) == PYSSL_OK);
    if (fine(pyssl_store_load_pem(store, data, size)))
        MUST(theirs_loads(path));
    MUST(fine(pyssl_store_load_locations(store, path, NULL)) == theirs_loads(path));
    MUST(pyssl_store_free(store) == PYSSL_OK);
    MUST(pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) == PYSSL_OK);
    MUST(fine(pyssl_ctx_load_verify_locations(ctx, path, NULL)) == theirs_loads(path));
    compare_subjects(ctx, path);
    MUST(fine(pyssl_ctx_use_certificate_chain_file(ctx, path)) ==
         fine(pyssl_ctx_use_certificate_chain_pem(ctx, data, size)));
    MUST(pyssl_ctx_free(ctx) == PYSSL_OK);
    ERR_clear_error();
}

/* ---- X509StoreContext. */

#define MOST 8

/* A verification, set up with OpenSSL and with the library alike. */
struct verification {
    X509_STORE *store;
    STACK_OF(X509) * untrusted;
    X509 *cert;
    pyssl_store *our_store;
    pyssl_x509 *ours[MOST];
    size_t count;
    pyssl_x509 *our_cert;
};

static pyssl_x509 *load(const struct input *der, X509 **theirs) {
    const unsigned char *at = der->data;
    pyssl_x509 *ours = NULL;
    int good = fine(pyssl_x509_load(PYSSL_FILETYPE_ASN1, der->data, der->size, &ours));

    *theirs = d2i_X509(NULL, &at, (long)der->size);
    if (good && *theirs != NULL)
        return ours;
    MUST(!good || *theirs != NULL);
    X509_free(*theirs);
    *theirs = NULL;
    if (good)
        MUST(pyssl_x509_free(ours) == PYSSL_OK);
    return NULL;
}

/* Takes an object: a byte that says what it is for, two of its length, and its DER. */
static void take_object(struct input *input, struct verification *v) {
    uint8_t what = take(input);
    size_t size = (size_t)take(input) << 8;
    struct input der;
    X509 *cert;
    pyssl_x509 *ours;

    size |= take(input);
    der = take_bytes(input, size);
    if (what % 4 == 3) {
        const unsigned char *at = der.data;
        X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.size);
        pyssl_crl *our_crl;

        if (fine(pyssl_crl_load(PYSSL_FILETYPE_ASN1, der.data, der.size, &our_crl))) {
            if (crl != NULL) {
                int taken = X509_STORE_add_crl(v->store, crl) == 1;

                MUST(fine(pyssl_store_add_crl(v->our_store, our_crl)) == taken);
            }
            MUST(pyssl_crl_free(our_crl) == PYSSL_OK);
        }
        X509_CRL_free(crl);
        return;
    }
    ours = load(&der, &cert);
    if (ours == NULL)
        return;
    if (what % 4 == 0) {
        int taken = X509_STORE_add_cert(v->store, cert) == 1;

        MUST(fine(pyssl_store_add_cert(v->our_store, ours)) == taken);
    } else if (what % 4 == 1 && v->count < MOST) {
        MUST(sk_X509_push(v->untrusted, X509_dup(cert)) > 0);
        v->ours[v->count++] = ours;
        ours = NULL;
    } else if (v->cert == NULL) {
        v->cert = cert;
        v->our_cert = ours;
        return;
    }
    X509_free(cert);
    if (ours != NULL)
        MUST(pyssl_x509_free(ours) == PYSSL_OK);
}

static void compare_verdicts(struct verification *v) {
    X509_STORE_CTX *theirs = X509_STORE_CTX_new();
    pyssl_store_ctx *ours;
    pyssl_x509 *chain[64], *culprit = NULL;
    pyssl_error error;
    pyssl_status status;
    size_t count = 0, i;
    int good;

    MUST(theirs != NULL && X509_STORE_CTX_init(theirs, v->store, v->cert, v->untrusted));
    good = X509_verify_cert(theirs) > 0;
    MUST(pyssl_store_ctx_new(v->our_store, v->our_cert, v->ours, v->count, &ours) == PYSSL_OK);
    status = pyssl_store_ctx_verified_chain(ours, chain, 64, &count, &culprit);
    fine(status);
    MUST((status == PYSSL_OK) == good);
    if (good) {
        STACK_OF(X509) *their_chain = X509_STORE_CTX_get0_chain(theirs);

        MUST(count == (size_t)sk_X509_num(their_chain));
        for (i = 0; i < count; i++) {
            MUST(same_certificate(chain[i], sk_X509_value(their_chain, (int)i)));
            MUST(pyssl_x509_free(chain[i]) == PYSSL_OK);
        }
    } else {
        MUST(pyssl_error_last(&error) == PYSSL_OK);
        MUST(error.verify_code == X509_STORE_CTX_get_error(theirs));
        MUST(error.verify_depth == X509_STORE_CTX_get_error_depth(theirs));
        if (culprit != NULL)
            MUST(pyssl_x509_free(culprit) == PYSSL_OK);
    }
    culprit = NULL;
    MUST(fine(pyssl_store_ctx_verify(ours, &culprit)) == good); /* as often as one likes */
    if (!good && culprit != NULL)
        MUST(pyssl_x509_free(culprit) == PYSSL_OK);
    MUST(pyssl_store_ctx_free(ours) == PYSSL_OK);
    X509_STORE_CTX_free(theirs);
}

void fuzz_store_ctx(const uint8_t *data, size_t size) {
    static const uint64_t flags[] = {0,
                                     X509_V_FLAG_CRL_CHECK,
                                     X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL,
                                     X509_V_FLAG_X509_STRICT,
                                     X509_V_FLAG_PARTIAL_CHAIN,
                                     X509_V_FLAG_POLICY_CHECK,
                                     X509_V_FLAG_TRUSTED_FIRST,
                                     X509_V_FLAG_CHECK_SS_SIGNATURE};
    struct input input = {data, size};
    struct verification v = {NULL, NULL, NULL, NULL, {NULL}, 0, NULL};
    uint8_t how = take(&input);
    int64_t when = 1767225600 + (int64_t)(how >> 3) * 86400 * 30; /* from 1 January 2026 on */

    v.store = X509_STORE_new();
    v.untrusted = sk_X509_new_null();
    MUST(v.store != NULL && v.untrusted != NULL && pyssl_store_new(&v.our_store) == PYSSL_OK);
    X509_STORE_set_flags(v.store, (unsigned long)flags[how & 7] | X509_V_FLAG_USE_CHECK_TIME);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(v.store), (time_t)when);
    MUST(pyssl_store_set_flags(v.our_store, flags[how & 7]) == PYSSL_OK);
    MUST(pyssl_store_set_time(v.our_store, when) == PYSSL_OK);
    while (input.size > 0)
        take_object(&input, &v);
    if (v.cert != NULL) {
        compare_verdicts(&v);
        X509_free(v.cert);
        MUST(pyssl_x509_free(v.our_cert) == PYSSL_OK);
    }
    while (v.count > 0)
        MUST(pyssl_x509_free(v.ours[--v.count]) == PYSSL_OK);
    sk_X509_pop_free(v.untrusted, X509_free);
    X509_STORE_free(v.store);
    MUST(pyssl_store_free(v.our_store) == PYSSL_OK);
    ERR_clear_error();
}
