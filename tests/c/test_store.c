/* Stores, and verifying against them. */

#include "check.h"
#include "made.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static pyssl_pkey *root_key, *leaf_key;
static pyssl_x509 *root, *leaf;

static void refused(pyssl_store_ctx *ctx, int code, int depth, const char *subject) {
    struct pyssl_error error;
    pyssl_x509 *culprit = NULL;
    CHECK(pyssl_store_ctx_verify(ctx, NULL) == PYSSL_ERROR);
    CHECK(pyssl_store_ctx_verify(ctx, &culprit) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK);
    CHECK(error.verify_code == code && error.verify_depth == depth);
    CHECK(strcmp(error.verify_subject, subject) == 0);
    CHECK(strcmp(error.verify_message, pyssl_verify_error_string(code)) == 0);
    CHECK(culprit != NULL);
    CHECK(pyssl_x509_free(culprit) == PYSSL_OK);
}

static void verifies(void) {
    pyssl_store *store = NULL, *other = NULL;
    pyssl_store_ctx *ctx = NULL;
    pyssl_x509 *chain[4] = {NULL}, *untrusted[] = {root, leaf};
    size_t count = 0;

    CHECK(pyssl_store_new(&store) == PYSSL_OK);
    CHECK(pyssl_store_new(&other) == PYSSL_OK);
    CHECK(pyssl_store_ctx_new(store, leaf, untrusted, 2, &ctx) == PYSSL_OK);
    refused(ctx, 19, 1, "CN=root"); /* a self-signed certificate in the chain that is not trusted */

    CHECK(pyssl_store_add_cert(store, root) == PYSSL_OK);
    CHECK(pyssl_store_add_cert(store, root) == PYSSL_OK);
    CHECK(pyssl_store_ctx_verify(ctx, NULL) == PYSSL_OK);

    CHECK(pyssl_store_ctx_verified_chain(ctx, NULL, 0, &count, NULL) == PYSSL_ERR_BUFFER && count == 2);
    CHECK(pyssl_store_ctx_verified_chain(ctx, chain, 4, &count, NULL) == PYSSL_OK && count == 2);
    CHECK(pyssl_x509_free(chain[0]) == PYSSL_OK && pyssl_x509_free(chain[1]) == PYSSL_OK);
    CHECK(chain[2] == NULL);

    CHECK(pyssl_store_ctx_set_store(ctx, other) == PYSSL_OK);
    refused(ctx, 19, 1, "CN=root");
    CHECK(pyssl_store_ctx_set_store(ctx, store) == PYSSL_OK);

    CHECK(pyssl_store_set_time(store, (int64_t)time(NULL) + 7200) == PYSSL_OK);
    refused(ctx, 10, 1, "CN=root"); /* expired */
    CHECK(pyssl_store_set_time(store, (int64_t)time(NULL)) == PYSSL_OK);

    /* The context keeps the store. */
    CHECK(pyssl_store_free(store) == PYSSL_OK && pyssl_store_free(other) == PYSSL_OK);
    CHECK(pyssl_store_ctx_verify(ctx, NULL) == PYSSL_OK);
    CHECK(pyssl_store_ctx_free(ctx) == PYSSL_OK);
}

static void revokes(void) {
    int64_t check_lists = 0;
    pyssl_store *store = NULL;
    pyssl_store_ctx *ctx = NULL;
    pyssl_crl *crl = NULL;
    pyssl_revoked *entry = NULL;

    CHECK(pyssl_constant("X509_V_FLAG_CRL_CHECK", &check_lists) == PYSSL_OK && check_lists == 4);
    CHECK(pyssl_store_new(&store) == PYSSL_OK);
    CHECK(pyssl_store_add_cert(store, root) == PYSSL_OK);
    CHECK(pyssl_store_set_flags(store, (uint64_t)check_lists) == PYSSL_OK);
    CHECK(pyssl_store_ctx_new(store, leaf, NULL, 0, &ctx) == PYSSL_OK);
    refused(ctx, 3, 0, "CN=leaf"); /* no list */

    CHECK(pyssl_crl_new(&crl) == PYSSL_OK);
    CHECK(pyssl_store_add_crl(store, crl) == PYSSL_ERROR); /* not complete */
    CHECK(pyssl_revoked_new(&entry) == PYSSL_OK);
    CHECK(pyssl_revoked_set_serial(entry, "1234") == PYSSL_OK);
    CHECK(pyssl_revoked_set_date(entry, "20200101000000Z") == PYSSL_OK);
    CHECK(pyssl_crl_add_revoked(crl, entry) == PYSSL_OK);
    CHECK(pyssl_crl_issue(crl, root, root_key, 30, "sha256") == PYSSL_OK);
    CHECK(pyssl_store_add_crl(store, crl) == PYSSL_OK);
    refused(ctx, 23, 0, "CN=leaf");

    CHECK(pyssl_revoked_free(entry) == PYSSL_OK && pyssl_crl_free(crl) == PYSSL_OK);
    CHECK(pyssl_store_ctx_free(ctx) == PYSSL_OK && pyssl_store_free(store) == PYSSL_OK);
}

static void locations(void) {
    struct pyssl_error error;
    pyssl_store *store = NULL;
    CHECK(pyssl_store_new(&store) == PYSSL_OK);
    CHECK(pyssl_store_load_locations(store, NULL, NULL) == PYSSL_ERROR);
    CHECK(pyssl_store_load_locations(store, "/nonexistent/file", NULL) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && strcmp(error.path, "/nonexistent/file") == 0);
    CHECK(error.sys_errno == 2 && error.entry_count > 0);
    CHECK(pyssl_store_load_locations(store, NULL, "/nonexistent/directory") == PYSSL_OK);
    CHECK(pyssl_store_free(store) == PYSSL_OK);
}

static void bad_handles(void) {
    pyssl_store *store = NULL;
    pyssl_store_ctx *ctx = NULL;
    pyssl_x509 *chain[] = {root, NULL};
    size_t count;
    CHECK(pyssl_store_new(&store) == PYSSL_OK);
    CHECK(pyssl_store_add_cert(store, NULL) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_add_cert((pyssl_store *)root, root) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_add_crl(store, (pyssl_crl *)root) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_ctx_new(store, leaf, chain, 2, &ctx) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_ctx_new(store, leaf, NULL, 1, &ctx) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_store_ctx_new(NULL, leaf, NULL, 0, &ctx) == PYSSL_ERR_HANDLE && ctx == NULL);
    CHECK(pyssl_store_ctx_new(store, leaf, NULL, 0, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_store_ctx_verify(NULL, NULL) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_ctx_verified_chain(NULL, NULL, 0, &count, NULL) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_free(store) == PYSSL_OK);
    CHECK(pyssl_store_free(store) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_set_flags(store, 0) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_store_free(NULL) == PYSSL_OK && pyssl_store_ctx_free(NULL) == PYSSL_OK);
}

int main(void) {
    size_t handles = pyssl_handle_count();
    root_key = made_key();
    leaf_key = made_key();
    root = made_cert("root", root_key, NULL, NULL);
    leaf = made_cert("leaf", leaf_key, root, root_key);
    verifies();
    revokes();
    locations();
    bad_handles();
    CHECK(pyssl_x509_free(root) == PYSSL_OK && pyssl_x509_free(leaf) == PYSSL_OK);
    CHECK(pyssl_pkey_free(root_key) == PYSSL_OK && pyssl_pkey_free(leaf_key) == PYSSL_OK);
    CHECK(pyssl_handle_count() == handles);
    return 0;
}
