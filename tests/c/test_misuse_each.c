/* Every function of the header, called with good arguments but for one fault at a time: a handle that is NULL, stale,
 * of another kind or garbage, or an out parameter that is NULL. Each fault has one right status, and nothing is done:
 * all that can be read of every object, and all files and bytes on their way, are the same afterwards.
 *
 * misuse_each.py makes the table of functions from the header. A parameter of which the header says that it "may be
 * NULL" is called with NULL too, which is fine. */
#include "made.h"
#include <dirent.h>
#include <unistd.h>

enum role {
    HANDLE,
    HANDLE_OR_NULL,
    HANDLES, /* an array of handles, read */
    HANDLES_OR_NULL,
    HANDLE_BUFFER, /* an array of handles, written */
    OUT,
    OUT_OR_NULL,
    BUFFER,
    DATA,
    TEXT,
    TRANSPORT,
    LENGTH,
    NUMBER
};

enum kind {
    KIND_none,
    KIND_pkey,
    KIND_x509,
    KIND_name,
    KIND_ext,
    KIND_req,
    KIND_crl,
    KIND_revoked,
    KIND_store,
    KIND_store_ctx,
    KIND_pkcs7,
    KIND_pkcs12,
    KIND_spki,
    KIND_ctx,
    KIND_conn,
    KIND_session,
    KINDS
};

union value {
    void *pointer;
    long number;
};

struct parameter {
    enum role role;
    int kind;
    const char *name;
};

struct function {
    const char *name;
    ptrdiff_t (*call)(const union value *values);
    int has_status;
    int count;
    struct parameter parameters[12];
};

#include "misuse_each_calls.h" /* made by misuse_each.py */

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static void *objects[KINDS], *stale[KINDS];
static uint8_t buffer[8192];
static void *handle_buffer[64];
static union {
    uint8_t bytes[sizeof(pyssl_error) + sizeof(pyssl_error_entry)];
    void *handle;
    int64_t number;
} outs[12];
static long faults;

/* ---- objects to begin with */

static void carry(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[8192];
    ptrdiff_t len;

    while ((len = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        CHECK(pyssl_conn_bio_write(to, bytes, (size_t)len) == len);
}

/* A client whose handshake is done and whose TLS 1.2 session is there. */
static void make_connection(pyssl_ctx *ctx) {
    pyssl_conn *client, *server;
    int round;

    CHECK(pyssl_ctx_set_max_proto_version(ctx, 0x0303) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(ctx, objects[KIND_x509]) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey(ctx, objects[KIND_pkey]) == PYSSL_OK);
    CHECK(pyssl_conn_new(ctx, &client) == PYSSL_OK && pyssl_conn_new(ctx, &server) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(client) == PYSSL_OK && pyssl_conn_set_accept_state(server) == PYSSL_OK);
    for (round = 0; round < 4; round++) {
        pyssl_conn_do_handshake(client);
        carry(client, server);
        pyssl_conn_do_handshake(server);
        carry(server, client);
    }
    CHECK(pyssl_conn_do_handshake(client) == PYSSL_OK);
    CHECK(pyssl_conn_session(client, (void *)&objects[KIND_session]) == PYSSL_OK && objects[KIND_session] != NULL);
    CHECK(pyssl_conn_free(server) == PYSSL_OK);
    objects[KIND_conn] = client;
}

static void make_objects(void) {
    static const uint8_t pkcs7[] = {0x30, 0x14, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
                                    0x07, 0x01, 0xa0, 0x07, 0x04, 0x05, 'h',  'e',  'l',  'l',  'o'};
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);

    objects[KIND_pkey] = key;
    objects[KIND_x509] = cert;
    CHECK(pyssl_x509_subject(cert, (void *)&objects[KIND_name]) == PYSSL_OK);
    CHECK(pyssl_ext_new("basicConstraints", 1, "CA:TRUE", NULL, NULL, (void *)&objects[KIND_ext]) == PYSSL_OK);
    CHECK(pyssl_req_new((void *)&objects[KIND_req]) == PYSSL_OK);
    CHECK(pyssl_req_set_pubkey(objects[KIND_req], key) == PYSSL_OK);
    CHECK(pyssl_req_add_extensions(objects[KIND_req], (void *)&objects[KIND_ext], 1) == PYSSL_OK);
    CHECK(pyssl_req_sign(objects[KIND_req], key, "sha256") == PYSSL_OK);
    CHECK(pyssl_revoked_new((void *)&objects[KIND_revoked]) == PYSSL_OK);
    CHECK(pyssl_revoked_set_serial(objects[KIND_revoked], "1234") == PYSSL_OK);
    CHECK(pyssl_revoked_set_date(objects[KIND_revoked], "20260101000000Z") == PYSSL_OK);
    CHECK(pyssl_crl_new((void *)&objects[KIND_crl]) == PYSSL_OK);
    CHECK(pyssl_crl_add_revoked(objects[KIND_crl], objects[KIND_revoked]) == PYSSL_OK);
    CHECK(pyssl_store_new((void *)&objects[KIND_store]) == PYSSL_OK);
    CHECK(pyssl_store_ctx_new(objects[KIND_store], cert, NULL, 0, (void *)&objects[KIND_store_ctx]) == PYSSL_OK);
    CHECK(pyssl_pkcs7_load(PYSSL_FILETYPE_ASN1, pkcs7, sizeof pkcs7, (void *)&objects[KIND_pkcs7]) == PYSSL_OK);
    CHECK(pyssl_pkcs12_new((void *)&objects[KIND_pkcs12]) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_cert(objects[KIND_pkcs12], cert) == PYSSL_OK);
    CHECK(pyssl_pkcs12_set_key(objects[KIND_pkcs12], key) == PYSSL_OK);
    CHECK(pyssl_spki_new((void *)&objects[KIND_spki]) == PYSSL_OK);
    CHECK(pyssl_spki_set_pubkey(objects[KIND_spki], key) == PYSSL_OK);
    CHECK(pyssl_spki_sign(objects[KIND_spki], key, "sha256") == PYSSL_OK);
    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, (void *)&objects[KIND_ctx]) == PYSSL_OK);
    make_connection(objects[KIND_ctx]);
}

static void free_objects(void **these) {
    int kind;

#define FREE(type) CHECK(pyssl_##type##_free(these[KIND_##type]) == PYSSL_OK);
    FREE(pkey)
    FREE(x509)
    FREE(name)
    FREE(ext)
    FREE(req)
    FREE(crl)
    FREE(revoked)
    FREE(store)
    FREE(store_ctx)
    FREE(pkcs7)
    FREE(pkcs12)
    FREE(spki)
    FREE(ctx)
    FREE(conn)
    FREE(session)
    for (kind = 1; these == objects && kind < KINDS; kind++)
        stale[kind] = these[kind];
}

/* ---- good arguments */

static ptrdiff_t reads_nothing(void *userdata, uint8_t *into, size_t size) {
    (void)userdata, (void)into, (void)size;
    return PYSSL_TRANSPORT_LATER;
}

static ptrdiff_t writes_all(void *userdata, const uint8_t *bytes, size_t len) {
    (void)userdata, (void)bytes;
    return (ptrdiff_t)len;
}

static const char *good_text(const char *name) {
    static const struct {
        const char *name, *text;
    } texts[] = {{"digest", "sha256"}, {"cipher", "aes-256-cbc"},  {"curve", "prime256v1"},  {"attribute", "CN"},
                 {"file", "written"},  {"serial", "1234"},         {"reason", "superseded"}, {"host", "localhost"},
                 {"value", "CA:TRUE"}, {"time", "20300101000000Z"}};
    size_t i;

    for (i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0)
            return texts[i].text;
    return "basicConstraints";
}

static long good_number(const char *name) {
    if (strcmp(name, "fd") == 0)
        return 0;
    if (strcmp(name, "index") == 0 || strcmp(name, "flags") == 0)
        return 0;
    if (strcmp(name, "method") == 0)
        return PYSSL_TLS_METHOD;
    if (strcmp(name, "bits") == 0)
        return 512;
    return 1;
}

static void good_arguments(const struct function *function, union value *values) {
    static const uint8_t data[] = "x";
    static const pyssl_transport transport = {reads_nothing, writes_all, NULL, NULL};
    int i;

    memset(outs, 0, sizeof outs);
    for (i = 0; i < function->count; i++) {
        const struct parameter *parameter = &function->parameters[i];
        values[i].number = 0;
        switch (parameter->role) {
        case HANDLE:
        case HANDLE_OR_NULL:
            values[i].pointer = objects[parameter->kind];
            break;
        case HANDLES:
        case HANDLES_OR_NULL:
            values[i].pointer = &objects[parameter->kind];
            break;
        case HANDLE_BUFFER:
            values[i].pointer = handle_buffer;
            break;
        case OUT:
        case OUT_OR_NULL:
            values[i].pointer = &outs[i];
            break;
        case BUFFER:
            values[i].pointer = buffer;
            break;
        case DATA:
            values[i].pointer = (void *)(uintptr_t)data;
            break;
        case TEXT:
            values[i].pointer = (void *)(uintptr_t)good_text(parameter->name);
            break;
        case TRANSPORT:
            values[i].pointer = (void *)(uintptr_t)&transport;
            break;
        case LENGTH: /* of what stands before it */
            values[i].number = i > 0 && function->parameters[i - 1].role == BUFFER          ? (long)sizeof buffer
                               : i > 0 && function->parameters[i - 1].role == HANDLE_BUFFER ? 64
                                                                                            : 1;
            break;
        case NUMBER:
            values[i].number = good_number(parameter->name);
        }
    }
}

/* ---- all that can be read */

static uint64_t hash;

static void mix(const void *bytes, size_t len) { /* FNV-1a */
    const uint8_t *at = bytes;

    while (len-- > 0)
        hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
}

/* A function that takes one handle and writes values only. */
static int is_getter(const struct function *function) {
    static const char *const others[] = {"pyssl_conn_shutdown", "pyssl_conn_renegotiate",
                                         "pyssl_conn_dtls_handle_timeout", "pyssl_conn_recv", "pyssl_conn_bio_read"};
    size_t i;
    int parameter;

    if (function->count < 2 || function->parameters[0].role != HANDLE)
        return 0;
    for (parameter = 1; parameter < function->count; parameter++) {
        const struct parameter *it = &function->parameters[parameter];
        if (!(it->role == BUFFER || it->role == LENGTH || (it->role == OUT && it->kind == KIND_none)))
            return 0;
    }
    for (i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(function->name, others[i]) == 0)
            return 0;
    return strcmp(function->name, "pyssl_session_to_bytes") != 0;
}

static int getters;

static uint64_t all_there_is(void) {
    union value values[12];
    DIR *directory = opendir(".");
    uint64_t bits = 0;
    long modes = 0;
    size_t handles = pyssl_handle_count();
    ptrdiff_t status;
    int i;

    hash = UINT64_C(0xcbf29ce484222325);
    getters = 0;
    for (i = 0; i < FUNCTIONS; i++)
        if (is_getter(&functions[i])) {
            getters++;
            memset(buffer, 0, sizeof buffer);
            good_arguments(&functions[i], values);
            status = functions[i].call(values);
            mix(&status, sizeof status);
            mix(outs, sizeof outs);
            mix(buffer, sizeof buffer);
        }
    CHECK(pyssl_ctx_set_options(objects[KIND_ctx], 0, &bits) == PYSSL_OK);
    mix(&bits, sizeof bits);
    CHECK(pyssl_conn_set_options(objects[KIND_conn], 0, &bits) == PYSSL_OK);
    mix(&bits, sizeof bits);
    CHECK(pyssl_ctx_set_mode(objects[KIND_ctx], 0, &modes) == PYSSL_OK);
    mix(&modes, sizeof modes);
    status = pyssl_conn_bio_pending(objects[KIND_conn]);
    mix(&status, sizeof status);
    mix(&handles, sizeof handles);
    for (i = 0; readdir(directory) != NULL; i++)
        continue;
    mix(&i, sizeof i);
    closedir(directory);
    return hash;
}

/* ---- one fault at a time */

static void expect(const struct function *function, const union value *values, int at, const char *what, int status) {
    static uint64_t before; /* nothing is ever done, so one look is enough */
    union value copy[12];
    ptrdiff_t result;

    if (before == 0)
        before = all_there_is();
    memcpy(copy, values, sizeof copy);
    result = function->call(copy);
    faults++;
    if (result != status || all_there_is() != before) {
        fprintf(stderr, "%s, %s %s: %ld (%s), expected %d; %s\n", function->name, function->parameters[at].name, what,
                (long)result, pyssl_error_message(), status, result == status ? "but something was done" : "");
        exit(1);
    }
}

static int ends_with(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void bad_handles(void) {
    int i, at;

    for (i = 0; i < FUNCTIONS; i++)
        for (at = 0; functions[i].has_status && at < functions[i].count; at++) {
            const struct parameter *it = &functions[i].parameters[at];
            const int array = it->role == HANDLES || it->role == HANDLES_OR_NULL;
            union value values[12];
            void *bad[3];
            int which;

            if (it->role != HANDLE && it->role != HANDLE_OR_NULL && !array)
                continue;
            bad[0] = stale[it->kind];
            bad[1] = objects[it->kind % (KINDS - 1) + 1];
            bad[2] = (void *)(uintptr_t)0xdeadbeef;
            for (which = 0; which < 3; which++) {
                good_arguments(&functions[i], values);
                values[at].pointer = array ? &bad[which] : bad[which];
                expect(&functions[i], values, at, "stale, of another kind, or garbage", PYSSL_ERR_HANDLE);
            }
            good_arguments(&functions[i], values);
            values[at].pointer = NULL;
            if (it->role == HANDLE && !ends_with(functions[i].name, "_free"))
                expect(&functions[i], values, at, "NULL", PYSSL_ERR_HANDLE);
            if (it->role == HANDLES)
                expect(&functions[i], values, at, "NULL", PYSSL_ERR_ARGUMENT);
        }
}

/* The out parameter is looked at first: the status is the same whatever else is wrong. */
static void null_outs(void) {
    int i, at, other;

    for (i = 0; i < FUNCTIONS; i++)
        for (at = 0; at < functions[i].count; at++) {
            union value values[12];

            if (functions[i].parameters[at].role != OUT)
                continue;
            good_arguments(&functions[i], values);
            values[at].pointer = NULL;
            expect(&functions[i], values, at, "NULL", PYSSL_ERR_ARGUMENT);
            for (other = 0; other < functions[i].count; other++)
                if (functions[i].parameters[other].role == HANDLE)
                    values[other].pointer = NULL;
            expect(&functions[i], values, at, "NULL and the handles too", PYSSL_ERR_ARGUMENT);
        }
}

static void outs_that_may_be_null(void) {
    int i, at, seen = 0;

    for (i = 0; i < FUNCTIONS; i++)
        for (at = 0; at < functions[i].count; at++)
            if (functions[i].parameters[at].role == OUT_OR_NULL) {
                union value values[12];
                ptrdiff_t with, without;

                seen++;
                good_arguments(&functions[i], values);
                with = functions[i].call(values);
                if (functions[i].parameters[at].kind == KIND_x509)
                    CHECK(pyssl_x509_free(outs[at].handle) == PYSSL_OK);
                values[at].pointer = NULL;
                without = functions[i].call(values);
                if (with != without && strcmp(functions[i].name, "pyssl_conn_shutdown") != 0) {
                    fprintf(stderr, "%s: %ld with %s, %ld without\n", functions[i].name, (long)with,
                            functions[i].parameters[at].name, (long)without);
                    exit(1);
                }
            }
    CHECK(seen > 0);
}

static void one_fault_at_a_time(void) {
    make_objects();
    free_objects(objects);
    make_objects();
    bad_handles();
    null_outs();
    CHECK(getters > 0 && faults > 0);
    outs_that_may_be_null();
    printf("%d functions, %ld faults, %d getters\n", (int)FUNCTIONS, faults, getters);
    free_objects(objects);
}

int main(void) {
    char directory[] = "/tmp/pyssl-misuse-XXXXXX";

    if (mkdtemp(directory) == NULL || chdir(directory) != 0)
        return 2;
    RUN(one_fault_at_a_time);
    unlink("written");
    return rmdir(directory) == 0 ? 0 : 1;
}
