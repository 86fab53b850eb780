/* pyssl_ctx_*: settings, trust, and callbacks as a C program has them. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "made.h"
#include <sys/mman.h>

/* What a callback is told to do, and how often it and its destructor were called. */
typedef struct {
    int returns;
    int calls;
    int destroyed;
    pyssl_conn *conn;
} told;

static void destroy(void *userdata) { ((told *)userdata)->destroyed++; }

static int called(told *told, pyssl_conn *conn) {
    told->calls++;
    told->conn = conn;
    return told->returns;
}

static int on_verify(void *userdata, pyssl_conn *conn, pyssl_x509 *cert, int error, int depth, int ok) {
    (void)error, (void)depth, (void)ok;
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    return called(userdata, conn);
}

static int on_info(void *userdata, pyssl_conn *conn, int where, int value) {
    (void)where, (void)value;
    return called(userdata, conn);
}

static int on_keylog(void *userdata, pyssl_conn *conn, const char *line) {
    CHECK(strchr(line, ' ') != NULL && strchr(line, '\n') == NULL);
    return called(userdata, conn);
}

static int on_servername(void *userdata, pyssl_conn *conn) { return called(userdata, conn); }

static ptrdiff_t on_alpn(void *userdata, pyssl_conn *conn, const uint8_t *offered, size_t len, uint8_t *room,
                         size_t size) {
    CHECK(len == 6 && memcmp(offered, "\2h2\2h3", 6) == 0 && size == 255);
    int returns = called(userdata, conn);
    if (returns != 1)
        return returns;
    memcpy(room, "h3", 2);
    return 2;
}

typedef struct {
    pyssl_ctx *client, *server;
} contexts;

static contexts new_contexts(void) {
    contexts both;
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("server", key, NULL, NULL);
    pyssl_store *store = NULL;
    CHECK(pyssl_ctx_new(PYSSL_TLS_CLIENT_METHOD, &both.client) == PYSSL_OK);
    CHECK(pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &both.server) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(both.server, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey(both.server, key) == PYSSL_OK);
    CHECK(pyssl_ctx_check_privatekey(both.server) == PYSSL_OK);
    CHECK(pyssl_ctx_cert_store(both.client, &store) == PYSSL_OK);
    CHECK(pyssl_store_add_cert(store, cert) == PYSSL_OK);
    CHECK(pyssl_store_free(store) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(both.client, PYSSL_VERIFY_PEER, NULL, NULL, NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_set_alpn_protos(both.client, (const uint8_t *)"\2h2\2h3", 6) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK);
    CHECK(pyssl_pkey_free(key) == PYSSL_OK);
    return both;
}

static void free_contexts(contexts both) {
    CHECK(pyssl_ctx_free(both.client) == PYSSL_OK);
    CHECK(pyssl_ctx_free(both.server) == PYSSL_OK);
}

static void pump(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[4096];
    ptrdiff_t count;
    while ((count = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)count) == count);
    CHECK(count == PYSSL_ERR_WANT_READ);
}

typedef struct {
    pyssl_conn *client, *server;
    pyssl_status client_status, server_status;
} outcome;

/* A handshake, and what each end came to; an end that was done hears what the other still had to say. */
static outcome shake(contexts both) {
    outcome end = {NULL, NULL, PYSSL_ERR_WANT_READ, PYSSL_ERR_WANT_READ};
    uint8_t byte;
    CHECK(pyssl_conn_new(both.client, &end.client) == PYSSL_OK);
    CHECK(pyssl_conn_new(both.server, &end.server) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(end.client) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(end.server) == PYSSL_OK);
    for (int i = 0; i < 8; i++) {
        if (end.client_status == PYSSL_ERR_WANT_READ)
            end.client_status = pyssl_conn_do_handshake(end.client);
        pump(end.client, end.server);
        if (end.server_status == PYSSL_ERR_WANT_READ)
            end.server_status = pyssl_conn_do_handshake(end.server);
        pump(end.server, end.client);
    }
    if (end.client_status == PYSSL_OK && end.server_status != PYSSL_OK)
        end.client_status = (pyssl_status)pyssl_conn_recv(end.client, &byte, 1, 0);
    if (end.server_status == PYSSL_OK && end.client_status != PYSSL_OK)
        end.server_status = (pyssl_status)pyssl_conn_recv(end.server, &byte, 1, 0);
    return end;
}

static void free_ends(outcome end) {
    CHECK(pyssl_conn_free(end.client) == PYSSL_OK);
    CHECK(pyssl_conn_free(end.server) == PYSSL_OK);
}

typedef pyssl_status setter(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroy);

static pyssl_status set_verify(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroyed) {
    return pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, on_verify, userdata, destroyed);
}
static pyssl_status set_info(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroyed) {
    return pyssl_ctx_set_info_callback(ctx, on_info, userdata, destroyed);
}
static pyssl_status set_keylog(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroyed) {
    return pyssl_ctx_set_keylog_callback(ctx, on_keylog, userdata, destroyed);
}
static pyssl_status set_servername(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroyed) {
    return pyssl_ctx_set_servername_callback(ctx, on_servername, userdata, destroyed);
}
static pyssl_status set_alpn(pyssl_ctx *ctx, void *userdata, pyssl_destructor destroyed) {
    return pyssl_ctx_set_alpn_select_callback(ctx, on_alpn, userdata, destroyed);
}

static const struct {
    setter *set;
    int of_server;
    int good;
} CALLBACKS[] = {{set_verify, 0, 1}, {set_info, 0, 0},       {set_info, 1, 0}, {set_keylog, 0, 0},
                 {set_keylog, 1, 0}, {set_servername, 1, 0}, {set_alpn, 1, 1}};

static void a_callback_that_raises_ends_its_connection_and_the_peer_is_told(void) {
    for (size_t i = 0; i < sizeof CALLBACKS / sizeof *CALLBACKS; i++) {
        contexts both = new_contexts();
        told told = {-1, 0, 0, NULL};
        int of_server = CALLBACKS[i].of_server;
        CHECK(CALLBACKS[i].set(of_server ? both.server : both.client, &told, destroy) == PYSSL_OK);

        outcome end = shake(both);
        CHECK(told.calls == 1 && told.conn == (of_server ? end.server : end.client));
        CHECK((of_server ? end.server_status : end.client_status) == PYSSL_ERR_CALLBACK);
        CHECK((of_server ? end.client_status : end.server_status) == PYSSL_ERROR);
        CHECK(pyssl_conn_do_handshake(told.conn) == PYSSL_ERROR);
        CHECK(strstr(pyssl_error_message(), "callback") != NULL);
        free_ends(end);

        told.returns = CALLBACKS[i].good;
        end = shake(both);
        CHECK(end.client_status == PYSSL_OK && end.server_status == PYSSL_OK);
        free_ends(end);
        CHECK(told.destroyed == 0);
        free_contexts(both);
        CHECK(told.destroyed == 1);
    }
}

static void a_connection_keeps_its_callbacks_until_it_goes(void) {
    contexts both = new_contexts();
    told first = {0, 0, 0, NULL}, second = {0, 0, 0, NULL};
    pyssl_conn *conn = NULL;
    CHECK(set_info(both.server, &first, destroy) == PYSSL_OK);
    CHECK(pyssl_conn_new(both.server, &conn) == PYSSL_OK);
    CHECK(set_info(both.server, &second, destroy) == PYSSL_OK);
    CHECK(first.destroyed == 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK);
    CHECK(first.destroyed == 1 && second.destroyed == 0);
    CHECK(pyssl_ctx_set_info_callback(both.server, NULL, NULL, NULL) == PYSSL_OK);
    CHECK(second.destroyed == 1);
    free_contexts(both);
}

static void a_refused_call_destroys_the_userdata_all_the_same(void) {
    told told = {0, 0, 0, NULL};
    CHECK(set_info(NULL, &told, destroy) == PYSSL_ERR_HANDLE);
    CHECK(set_verify(NULL, &told, destroy) == PYSSL_ERR_HANDLE);
    CHECK(told.destroyed == 2 && told.calls == 0);
}

static void protocols_are_chosen_refused_or_left_alone(void) {
    contexts both = new_contexts();
    told told = {1, 0, 0, NULL};
    CHECK(set_alpn(both.server, &told, NULL) == PYSSL_OK);
    outcome end = shake(both);
    CHECK(end.client_status == PYSSL_OK);
    free_ends(end);
    told.returns = 0;
    end = shake(both);
    CHECK(end.client_status == PYSSL_OK);
    free_ends(end);
    told.returns = PYSSL_ALPN_REFUSE;
    end = shake(both);
    CHECK(end.client_status == PYSSL_ERROR && end.server_status == PYSSL_ERROR);
    free_ends(end);
    free_contexts(both);
}

static void settings_give_what_they_were_or_are(void) {
    contexts both = new_contexts();
    uint64_t options = 0;
    long number = 0;
    int mode = 0;
    CHECK(pyssl_ctx_set_options(both.client, 1u << 29, &options) == PYSSL_OK && options & 1u << 29);
    CHECK(pyssl_ctx_set_timeout(both.client, 300, &number) == PYSSL_OK && number == 7200);
    CHECK(pyssl_ctx_timeout(both.client, &number) == PYSSL_OK && number == 300);
    CHECK(pyssl_ctx_set_session_cache_mode(both.client, 3, &number) == PYSSL_OK && number == 2);
    CHECK(pyssl_ctx_session_cache_mode(both.client, &number) == PYSSL_OK && number == 3);
    CHECK(pyssl_ctx_verify_mode(both.client, &mode) == PYSSL_OK && mode == PYSSL_VERIFY_PEER);
    CHECK(pyssl_ctx_verify_depth(both.client, &mode) == PYSSL_OK && mode == -1);
    CHECK(pyssl_ctx_set_verify_depth(both.client, 3) == PYSSL_OK);
    CHECK(pyssl_ctx_verify_depth(both.client, &mode) == PYSSL_OK && mode == 3);
    CHECK(pyssl_ctx_verify_depth(both.client, NULL) == PYSSL_ERR_ARGUMENT);
    free_contexts(both);
}

static void mistakes_are_told_in_words(void) {
    pyssl_ctx *ctx = NULL;
    pyssl_error error;
    CHECK(pyssl_ctx_new(PYSSL_SSLV3_METHOD, &ctx) == PYSSL_ERR_ARGUMENT);
    CHECK(strstr(pyssl_error_message(), "SSL 3.0") != NULL && ctx == NULL);
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_cipher_list(ctx, (const uint8_t *)"NOPE", 4) == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), "NOPE") != NULL);
    CHECK(pyssl_ctx_set_groups(ctx, (const uint8_t *)"NOPE", 4) == PYSSL_ERROR);
    CHECK(pyssl_ctx_load_verify_locations(ctx, "/no/such/file", NULL) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == 2 && strcmp(error.path, "/no/such/file") == 0);
    CHECK(pyssl_ctx_load_client_ca(ctx, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_ctx_set_tmp_ecdh(ctx, "no such curve") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_set_default_verify_paths(ctx) == PYSSL_ERR_HANDLE);
}

/* OpenSSL takes these lengths in 32 bits, and a program has 64: 2^32 + 1 must not pass for 1. */
static void lengths_beyond_32_bits_are_refused(void) {
    const size_t length = ((size_t)1 << 32) + 1;
    contexts both = new_contexts();
    pyssl_conn *conn;
    uint8_t *zeros = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(zeros != MAP_FAILED && pyssl_conn_new(both.client, &conn) == PYSSL_OK);
    CHECK(pyssl_ctx_set_session_id(both.client, zeros, length) == PYSSL_ERR_ARGUMENT);
    CHECK(strstr(pyssl_error_message(), "too long") != NULL);
    CHECK(pyssl_ctx_set_alpn_protos(both.client, zeros, length) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_set_alpn_protos(conn, zeros, length) == PYSSL_ERR_ARGUMENT);
    munmap(zeros, length);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK);
    free_contexts(both);
}

int main(void) {
    RUN(a_callback_that_raises_ends_its_connection_and_the_peer_is_told);
    RUN(a_connection_keeps_its_callbacks_until_it_goes);
    RUN(a_refused_call_destroys_the_userdata_all_the_same);
    RUN(protocols_are_chosen_refused_or_left_alone);
    RUN(settings_give_what_they_were_or_are);
    RUN(mistakes_are_told_in_words);
    RUN(lengths_beyond_32_bits_are_refused);
    return 0;
}
