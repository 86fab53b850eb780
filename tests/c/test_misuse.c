/* Every function of the header, called in random order with random arguments: handles that are alive, freed, of another
 * kind, NULL or garbage, data that fits its length, and NULL wherever a pointer goes. There may be error codes only,
 * and destructors run once.
 *
 *     test_misuse [SEQUENCES|short [SEED]]
 *
 * A sequence is ten calls; the objects of earlier ones stay around. */
#include "made.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind {
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

struct operation {
    const char *name;
    void (*call)(void);
};

#define ALIVE 12 /* of each kind at the most */
#define STALE 64

static void *alive[KINDS][ALIVE];
static size_t alive_count[KINDS];
static void *stale[STALE];
static long token, given, destroyed, judged, refused, succeeded;
static int sockets[2], freed_inside;

/* ---- random choices */

static uint64_t state;

static uint32_t draw(void) { /* xorshift64* */
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 32);
}

static int chance(uint32_t one_in) { return draw() % one_in == 0; }

#define ONE_OF(array) (array)[draw() % (sizeof(array) / sizeof *(array))]

static long some_number(void) {
    static const long numbers[] = {0,     1,     2,   3,     -1,      4,       8,        0x301,
                                   0x303, 0x304, 255, 65535, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN};
    return ONE_OF(numbers);
}

static int some_bits(void) { return (int)(draw() % 514) - 1; } /* larger keys take too long */
static int some_rounds(void) { return (int)(draw() % 50) - 2; }
static int some_mac_rounds(void) { return some_rounds(); }
static int some_milliseconds(void) { return (int)(draw() % 4) - 1; }
static int some_timeout_ms(void) { return (int)(draw() % 4) - 1; }
static int some_fd(void) { return chance(4) ? -1 : sockets[draw() % 2]; }
static size_t some_count(void) {
    return draw() % 4;
} /* as many handles as some_handles() and some_outs() have room for */
static size_t some_index(void) { return chance(8) ? SIZE_MAX : draw() % 4; }
static int some_method(void) { return (int)(draw() % 15) - 1; }
static int some_filetype(void) { return chance(8) ? (int)some_number() : 1 + (int)(draw() % 2); }
static int some_type(void) { return some_filetype(); }

static const char *some_text(void) {
    static const char *const texts[] = {
        "",          "x",      "sha256",          "aes-256-cbc",      "prime256v1", "CN",
        "localhost", "\xff",   "20300101000000Z", "/nowhere",         "SSL_OP_ALL", "keyCompromise",
        "12ab",      "a/../b", "CA:TRUE",         "basicConstraints", "127.0.0.1",  "ALL"};
    return chance(12) ? NULL : ONE_OF(texts);
}

/* Bytes that are something, at times damaged. Each is followed by zeros to the length that some_length() may claim. */
static uint8_t samples[8][4096];
static uint8_t scratch[4096];
static size_t sample_count, lengths[8], last_length = 1;

static const uint8_t *some_data(void) {
    size_t which = draw() % sample_count;

    if (chance(12))
        return NULL;
    memcpy(scratch, samples[which], sizeof scratch);
    last_length = lengths[which];
    if (chance(3))
        scratch[draw() % last_length] ^= (uint8_t)(1 << draw() % 8);
    return scratch;
}

static uint8_t room[4096];

static void *some_room(void) {
    last_length = sizeof room;
    return chance(12) ? NULL : room;
}

/* Never more than what some_data() and some_room() point to. */
static size_t some_length(void) { return chance(3) ? draw() % (last_length + 1) : last_length; }

static union {
    int64_t number;
    pyssl_error error;
    pyssl_error_entry entry;
} out[4];

static void *some_out(void) { return chance(12) ? NULL : &out[draw() % 4]; }

static void *outs[4];

static void **some_outs(void) {
    memset(outs, 0, sizeof outs);
    last_length = 4;
    return chance(12) ? NULL : outs;
}

static void *some_handle(int kind) {
    switch (draw() % 12) {
    case 0:
        return NULL;
    case 1:
        return (void *)(uintptr_t)(((uint64_t)draw() << 32) | draw());
    case 2:
        return stale[draw() % STALE];
    case 3:
        kind = (int)(draw() % KINDS); /* most likely the wrong one */
    }
    return alive_count[kind] > 0 ? alive[kind][draw() % alive_count[kind]] : NULL;
}

static void *const *some_handles(int kind) {
    static void *handles[4];
    size_t i;

    for (i = 0; i < 4; i++)
        handles[i] = chance(8) || alive_count[kind] == 0 ? some_handle(kind) : alive[kind][draw() % alive_count[kind]];
    return chance(12) ? NULL : handles;
}

/* ---- callbacks */

static void destroy(void *userdata) {
    CHECK(userdata == &token);
    destroyed++;
}

static pyssl_destructor some_destructor(void) {
    if (chance(4))
        return NULL;
    given++;
    return destroy;
}

static void freed(const void *handle, int result);

/* What a careless callback does: asks, moves bytes, frees what is only lent, and answers anything. */
static int answer(void *userdata, pyssl_conn *conn) {
    static const int answers[] = {1, 1, 1, 0, -1, 2, INT_MAX, INT_MIN};
    size_t pending;
    uint8_t byte;

    CHECK(userdata == &token);
    if (conn != NULL) {
        pyssl_conn_pending(conn, &pending);
        if (chance(3))
            CHECK(pyssl_conn_recv(conn, &byte, 1, 0) < 0);
        if (chance(30))
            freed(conn, pyssl_conn_free(conn)), freed_inside = 1;
    }
    return ONE_OF(answers);
}

static int on_pyssl_verify_callback(void *u, pyssl_conn *conn, pyssl_x509 *cert, int error, int depth, int ok) {
    (void)error, (void)depth;
    pyssl_x509_free(cert);
    return chance(2) ? ok : answer(u, conn);
}

static int on_pyssl_info_callback(void *u, pyssl_conn *conn, int where, int value) {
    (void)where, (void)value;
    return answer(u, conn);
}

static int on_pyssl_keylog_callback(void *u, pyssl_conn *conn, const char *line) {
    CHECK(line != NULL && line[0] != '\0');
    return answer(u, conn);
}

static int on_pyssl_servername_callback(void *u, pyssl_conn *conn) { return answer(u, conn); }

static ptrdiff_t fill(void *u, pyssl_conn *conn, uint8_t *into, size_t size) {
    if (size > 0)
        memset(into, 'x', size < 8 ? size : 8);
    return chance(4) ? answer(u, conn) : chance(4) ? (ptrdiff_t)size + 1 : (ptrdiff_t)(size < 8 ? size : 8);
}

static ptrdiff_t on_pyssl_alpn_select_callback(void *u, pyssl_conn *conn, const uint8_t *offered, size_t len,
                                               uint8_t *into, size_t size) {
    CHECK(offered != NULL && len > 0);
    return fill(u, conn, into, size);
}

static ptrdiff_t on_pyssl_ocsp_server_callback(void *u, pyssl_conn *conn, uint8_t *into, size_t size) {
    return fill(u, conn, into, size);
}

static int on_pyssl_ocsp_client_callback(void *u, pyssl_conn *conn, const uint8_t *response, size_t len) {
    (void)response, (void)len;
    return answer(u, conn);
}

static ptrdiff_t on_pyssl_cookie_generate_callback(void *u, pyssl_conn *conn, uint8_t *into, size_t size) {
    return fill(u, conn, into, size);
}

static int on_pyssl_cookie_verify_callback(void *u, pyssl_conn *conn, const uint8_t *cookie, size_t len) {
    (void)cookie, (void)len;
    return answer(u, conn);
}

static ptrdiff_t on_pyssl_passphrase_fn(void *u, int writing, uint8_t *into, size_t size) {
    (void)writing;
    return fill(u, NULL, into, size);
}

static size_t on_pyssl_fiber_fn(void) { return 1; }

static void on_pyssl_any_fn(void) {}

static ptrdiff_t on_read(void *u, uint8_t *buffer, size_t size) {
    if (chance(2))
        return PYSSL_TRANSPORT_LATER;
    return fill(u, NULL, buffer, size);
}

static ptrdiff_t on_write(void *u, const uint8_t *bytes, size_t len) {
    CHECK(bytes != NULL);
    return chance(8) ? answer(u, NULL) : (ptrdiff_t)len;
}

static const pyssl_transport *some_transport(void) {
    static pyssl_transport transport;

    if (chance(12))
        return NULL;
    transport.read = chance(12) ? NULL : on_read;
    transport.write = chance(12) ? NULL : on_write;
    transport.userdata = &token;
    transport.destroy = some_destructor();
    return &transport;
}

/* ---- what came of a call */

static int is_alive(const void *handle) {
    size_t kind, i;

    for (kind = 0; kind < KINDS; kind++)
        for (i = 0; i < alive_count[kind]; i++)
            if (alive[kind][i] == handle)
                return 1;
    return 0;
}

static void judge(const char *name, ptrdiff_t result, const void *handle, int has_handle) {
    judged++;
    if (result < PYSSL_ERR_MEMORY || result == PYSSL_ERR_PANIC || result > (ptrdiff_t)sizeof scratch) {
        fprintf(stderr, "%s: %ld: %s\n", name, (long)result, pyssl_error_message());
        exit(1);
    }
    if (freed_inside) { /* by a callback: the handle may have been good when the call began */
        freed_inside = 0;
    } else if (has_handle && !is_alive(handle)) {
        size_t len = strlen(name);
        int frees_nothing = handle == NULL && len > 5 && strcmp(name + len - 5, "_free") == 0;
        refused++;
        /* ARGUMENT: an out parameter is NULL too, which is seen first */
        if (result != PYSSL_ERR_HANDLE && result != PYSSL_ERR_ARGUMENT && !(frees_nothing && result == PYSSL_OK)) {
            fprintf(stderr, "%s has a handle that is none, and gave %ld\n", name, (long)result);
            exit(1);
        }
    } else if (result >= 0) {
        succeeded++;
    }
}

static void release(int kind, void *handle) {
    switch (kind) {
#define RELEASE(type)                                                                                                  \
    case KIND_##type:                                                                                                  \
        CHECK(pyssl_##type##_free(handle) == PYSSL_OK);                                                                \
        CHECK(pyssl_##type##_free(handle) == PYSSL_ERR_HANDLE);                                                        \
        break;
        RELEASE(pkey)
        RELEASE(x509)
        RELEASE(name)
        RELEASE(ext)
        RELEASE(req)
        RELEASE(crl)
        RELEASE(revoked)
        RELEASE(store)
        RELEASE(store_ctx)
        RELEASE(pkcs7)
        RELEASE(pkcs12)
        RELEASE(spki)
        RELEASE(ctx)
        RELEASE(conn)
        RELEASE(session)
    }
}

/* Takes over the handles that a call gave out. */
static void keep(int kind, void **made) {
    size_t i;

    for (i = 0; made != NULL && i < 4; i++) {
        void *handle = made[i];
        made[i] = NULL;
        if (handle == NULL)
            continue;
        CHECK(!is_alive(handle));
        if (alive_count[kind] == ALIVE) {
            size_t at = draw() % ALIVE;
            release(kind, alive[kind][at]);
            stale[draw() % STALE] = alive[kind][at];
            alive[kind][at] = handle;
        } else {
            alive[kind][alive_count[kind]++] = handle;
        }
    }
}

static void freed(const void *handle, int result) {
    size_t kind, i;

    for (kind = 0; result == PYSSL_OK && kind < KINDS; kind++)
        for (i = 0; i < alive_count[kind]; i++)
            if (alive[kind][i] == handle) {
                stale[draw() % STALE] = alive[kind][i];
                alive[kind][i] = alive[kind][--alive_count[kind]];
                return;
            }
}

#include "misuse_calls.h" /* made by misuse.py */

/* ---- objects to begin with, and traffic between them */

static void add(int kind, void *handle) {
    void *made[4] = {handle};
    keep(kind, made);
}

static void sample(const void *bytes, size_t len) {
    CHECK(sample_count < 8 && len > 0 && len < sizeof samples[0]);
    memcpy(samples[sample_count], bytes, len);
    lengths[sample_count++] = len;
}

static void make_samples(void) {
    uint8_t bytes[4096];
    size_t len;
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);
    pyssl_pkcs12 *p12;

    CHECK(pyssl_x509_dump(cert, PYSSL_FILETYPE_PEM, bytes, sizeof bytes, &len) == PYSSL_OK);
    sample(bytes, len);
    CHECK(pyssl_x509_dump(cert, PYSSL_FILETYPE_ASN1, bytes, sizeof bytes, &len) == PYSSL_OK);
    sample(bytes, len);
    CHECK(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, NULL, NULL, 0, bytes, sizeof bytes, &len) == PYSSL_OK);
    sample(bytes, len);
    CHECK(pyssl_pkcs12_new(&p12) == PYSSL_OK && pyssl_pkcs12_set_key(p12, key) == PYSSL_OK &&
          pyssl_pkcs12_set_cert(p12, cert) == PYSSL_OK);
    CHECK(pyssl_pkcs12_export(p12, (const uint8_t *)"x", 1, NULL, 1, 1, bytes, sizeof bytes, &len) == PYSSL_OK);
    sample(bytes, len);
    sample("\x02h2\x08http/1.1", 12);
    sample("x", 1);
    add(KIND_pkey, key);
    add(KIND_x509, cert);
    add(KIND_pkcs12, p12);
}

/* A context that can serve, so that handshakes get somewhere. */
static void make_context(void) {
    pyssl_ctx *ctx;
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("localhost", key, NULL, NULL);

    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK && pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    CHECK(pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, on_pyssl_verify_callback, &token, destroy) == PYSSL_OK);
    given++;
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    add(KIND_ctx, ctx);
}

static void carry(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[4096];
    ptrdiff_t len;

    while ((len = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        if (pyssl_conn_bio_write(to, bytes, (size_t)len) <= 0)
            return;
}

/* Two fresh connections shake hands, as far as their context lets them. */
static void make_traffic(void) {
    pyssl_conn *client, *server;
    pyssl_ctx *ctx = some_handle(KIND_ctx);
    int round;

    if (pyssl_conn_new(ctx, &client) != PYSSL_OK)
        return;
    CHECK(pyssl_conn_new(ctx, &server) == PYSSL_OK);
    pyssl_conn_set_connect_state(client);
    pyssl_conn_set_accept_state(server);
    add(KIND_conn, client);
    add(KIND_conn, server);
    for (round = 0; round < 6; round++) {
        pyssl_conn_do_handshake(client);
        carry(client, server);
        pyssl_conn_do_handshake(server);
        carry(server, client);
    }
}

static void end_in_reverse_and_twice(void) {
    int kind;
    size_t i;

    for (kind = KINDS - 1; kind >= 0; kind--) {
        for (i = alive_count[kind]; i > 0; i--)
            release(kind, alive[kind][i - 1]);
        alive_count[kind] = 0;
    }
}

static long sequences = 10000;

static void misuse(void) {
    const size_t count = sizeof operations / sizeof *operations;
    const int trace = getenv("PYSSL_MISUSE_TRACE") != NULL; /* the last line is the call that crashed */
    long sequence;
    int call;

    make_samples();
    for (sequence = 0; sequence < sequences; sequence++) {
        if (sequence % 50 == 0)
            make_context();
        if (sequence % 10 == 0)
            make_traffic();
        for (call = 0; call < 10; call++) {
            const struct operation *operation = &operations[draw() % count];
            if (trace)
                fprintf(stderr, "%s\n", operation->name);
            operation->call();
        }
    }
    end_in_reverse_and_twice();
    printf("%ld calls judged: %ld succeeded, %ld had a handle that is none; %ld destructors ran of %ld\n", judged,
           succeeded, refused, destroyed, given);
    CHECK(given == destroyed);
    CHECK(succeeded > judged / 20 && refused > judged / 20);
}

int main(int argc, char **argv) {
    char directory[] = "/tmp/pyssl-misuse-XXXXXX";

    if (argc > 1)
        sequences = strcmp(argv[1], "short") == 0 ? 300 : atol(argv[1]);
    state = argc > 2 ? (uint64_t)atoll(argv[2]) : 20261122;
    printf("%ld sequences, seed %llu\n", sequences, (unsigned long long)state);
    fflush(stdout);
    if (state == 0 || mkdtemp(directory) == NULL || chdir(directory) != 0)
        return 2;
    /* Reading the system's hundreds of certificates, again and again, would take minutes with OpenSSL 3.0. */
    CHECK(setenv("SSL_CERT_FILE", "written", 1) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0); /* nothing waits: */
    CHECK(fcntl(sockets[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(sockets[1], F_SETFL, O_NONBLOCK) == 0);
    RUN(misuse);
    return 0;
}
