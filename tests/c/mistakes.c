/* Makes the common mistakes one after the other and prints the sentence that each gives: "mistake: sentence".
 *
 *     mistakes DIR      the files are made by tests/python/ssl/mistakes.py
 *
 * The sentences stand in tests/data/mistakes.txt; tests/python/ssl/test_mistakes.py compares, with those of Python too.
 */
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERIFY_FAIL (PYSSL_VERIFY_PEER | PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT)

static const char *dir;

static char *in_dir(const char *name) {
    static char paths[8][512];
    static int turn;
    char *path = paths[turn++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static void must(pyssl_status status, const char *what) {
    if (status != PYSSL_OK) {
        fprintf(stderr, "%s: %s\n", what, pyssl_error_message());
        exit(1);
    }
}

/* The directory's name is replaced by DIR: it differs from run to run. */
static void told(const char *mistake) {
    char text[2048];
    char *at;

    snprintf(text, sizeof text, "%s", pyssl_error_message());
    while ((at = strstr(text, dir)) != NULL) {
        memmove(at + 3, at + strlen(dir), strlen(at + strlen(dir)) + 1);
        memcpy(at, "DIR", 3);
    }
    printf("%s: %s\n", mistake, text);
}

/* Prints why a call that must fail did. */
static void wrong(const char *mistake, pyssl_status status) {
    if (status >= 0) {
        fprintf(stderr, "%s: went well\n", mistake);
        exit(1);
    }
    told(mistake);
}

static pyssl_ctx *new_ctx(void) {
    pyssl_ctx *ctx;

    must(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx), "context");
    return ctx;
}

static pyssl_ctx *server_of(const char *name) {
    pyssl_ctx *ctx = new_ctx();
    char file[64];

    snprintf(file, sizeof file, "%s.crt", name);
    must(pyssl_ctx_use_certificate_chain_file(ctx, in_dir(file)), "certificate");
    snprintf(file, sizeof file, "%s.key", name);
    must(pyssl_ctx_use_privatekey_file(ctx, in_dir(file), PYSSL_FILETYPE_PEM, NULL, NULL), "key");
    return ctx;
}

static pyssl_ctx *client_trusting(const char *cafile) {
    pyssl_ctx *ctx = new_ctx();

    if (cafile != NULL)
        must(pyssl_ctx_load_verify_locations(ctx, in_dir(cafile), NULL), "trust");
    must(pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, NULL, NULL, NULL), "verify");
    return ctx;
}

static void move(pyssl_conn *from, pyssl_conn *to) {
    uint8_t bytes[32768];
    intptr_t len;

    while ((len = pyssl_conn_bio_read(from, bytes, sizeof bytes)) > 0)
        pyssl_conn_bio_write(to, bytes, (size_t)len);
}

enum side { CLIENT, SERVER };

/* A handshake that must fail; the sentence of one side is printed. The contexts are freed. */
static void handshake(const char *mistake, pyssl_ctx *client_ctx, pyssl_ctx *server_ctx, const char *host,
                      enum side side) {
    pyssl_conn *ends[2];
    int turn, tell = 0;

    must(pyssl_conn_new(client_ctx, &ends[CLIENT]), "client");
    must(pyssl_conn_new(server_ctx, &ends[SERVER]), "server");
    pyssl_conn_set_connect_state(ends[CLIENT]);
    pyssl_conn_set_accept_state(ends[SERVER]);
    if (host != NULL)
        must(pyssl_conn_set_verify_host(ends[CLIENT], host), "host");
    for (turn = 0; turn < 10 && !tell; turn++) {
        enum side mine = turn % 2 == 0 ? CLIENT : SERVER;
        uint8_t byte;
        intptr_t got;
        pyssl_status status = pyssl_conn_do_handshake(ends[mine]);
        /* In TLS 1.3 a client hears of its refusal only when it reads. */
        if (status == PYSSL_OK && (got = pyssl_conn_recv(ends[mine], &byte, 1, 0)) < 0)
            status = (pyssl_status)got;
        if (status != PYSSL_OK && status != PYSSL_ERR_WANT_READ && mine == side) {
            told(mistake);
            tell = 1;
        }
        move(ends[mine], ends[1 - mine]);
    }
    if (!tell) {
        fprintf(stderr, "%s: nothing failed\n", mistake);
        exit(1);
    }
    pyssl_conn_free(ends[CLIENT]);
    pyssl_conn_free(ends[SERVER]);
    pyssl_ctx_free(client_ctx);
    pyssl_ctx_free(server_ctx);
}

/* A peer that says something else than TLS, or nothing more. */
static void stranger(const char *mistake, int is_server, const char *says) {
    pyssl_ctx *ctx = is_server ? server_of("server") : client_trusting("ca.crt");
    pyssl_conn *conn;

    must(pyssl_conn_new(ctx, &conn), "connection");
    if (is_server)
        pyssl_conn_set_accept_state(conn);
    else
        pyssl_conn_set_connect_state(conn);
    if (says != NULL)
        pyssl_conn_bio_write(conn, (const uint8_t *)says, strlen(says));
    else
        pyssl_conn_bio_shutdown(conn);
    wrong(mistake, pyssl_conn_do_handshake(conn));
    pyssl_conn_free(conn);
    pyssl_ctx_free(ctx);
}

static void files(void) {
    pyssl_ctx *ctx = new_ctx();
    pyssl_pkey *key;

    wrong("missing key file",
          pyssl_ctx_use_privatekey_file(ctx, in_dir("missing.key"), PYSSL_FILETYPE_PEM, NULL, NULL));
    wrong("missing certificate file", pyssl_ctx_use_certificate_chain_file(ctx, in_dir("missing.crt")));
    wrong("missing CA file", pyssl_ctx_load_verify_locations(ctx, in_dir("missing.crt"), NULL));
    wrong("directory as CA file", pyssl_ctx_load_verify_locations(ctx, dir, NULL));
    wrong("directory as key file", pyssl_ctx_use_privatekey_file(ctx, dir, PYSSL_FILETYPE_PEM, NULL, NULL));
    wrong("certificate as key file",
          pyssl_ctx_use_privatekey_file(ctx, in_dir("server.crt"), PYSSL_FILETYPE_PEM, NULL, NULL));
    wrong("key as certificate file", pyssl_ctx_use_certificate_chain_file(ctx, in_dir("server.key")));
    wrong("truncated certificate file", pyssl_ctx_use_certificate_chain_file(ctx, in_dir("truncated.crt")));
    wrong("truncated key file",
          pyssl_ctx_use_privatekey_file(ctx, in_dir("truncated.key"), PYSSL_FILETYPE_PEM, NULL, NULL));
    wrong("empty certificate file", pyssl_ctx_use_certificate_chain_file(ctx, in_dir("empty")));
    wrong("encrypted key without passphrase",
          pyssl_ctx_use_privatekey_file(ctx, in_dir("encrypted.key"), PYSSL_FILETYPE_PEM, NULL, NULL));
    must(pyssl_ctx_use_certificate_chain_file(ctx, in_dir("server.crt")), "certificate");
    wrong("key of another certificate",
          pyssl_ctx_use_privatekey_file(ctx, in_dir("other.key"), PYSSL_FILETYPE_PEM, NULL, NULL));
    wrong("no key", pyssl_ctx_check_privatekey(ctx));
    pyssl_ctx_free(ctx);

    {
        static char pem[8192];
        FILE *file = fopen(in_dir("encrypted.key"), "rb");
        size_t len = file == NULL ? 0 : fread(pem, 1, sizeof pem, file);
        if (file != NULL)
            fclose(file);
        wrong("wrong passphrase", pyssl_pkey_load_private(PYSSL_FILETYPE_PEM, (const uint8_t *)pem, len,
                                                          (const uint8_t *)"wrong", 5, NULL, NULL, &key));
    }
}

static void settings(void) {
    pyssl_ctx *ctx = new_ctx();
    pyssl_conn *conn;

    wrong("unknown cipher", pyssl_ctx_set_cipher_list(ctx, (const uint8_t *)"NOSUCH", 6));
    wrong("unknown group", pyssl_ctx_set_groups(ctx, (const uint8_t *)"NOSUCH", 6));
    wrong("SSL 3.0", pyssl_ctx_new(PYSSL_SSLV3_METHOD, &ctx));
    must(pyssl_conn_new(ctx, &conn), "connection");
    wrong("no role", pyssl_conn_do_handshake(conn));
    pyssl_conn_free(conn);
    pyssl_ctx_free(ctx);
}

static void chains(void) {
    pyssl_ctx *client, *server;
    pyssl_store *store;
    pyssl_crl *crl;
    static char pem[8192];
    FILE *file;
    size_t len;

    handshake("expired", client_trusting("ca.crt"), server_of("expired"), NULL, CLIENT);
    handshake("not yet valid", client_trusting("ca.crt"), server_of("future"), NULL, CLIENT);
    handshake("self-signed", client_trusting("ca.crt"), server_of("self"), NULL, CLIENT);
    handshake("unknown CA", client_trusting("other.crt"), server_of("server"), NULL, CLIENT);
    handshake("unknown CA, as the server hears it", client_trusting("other.crt"), server_of("server"), NULL, SERVER);
    handshake("no trust at all", client_trusting(NULL), server_of("server"), NULL, CLIENT);
    handshake("wrong host", client_trusting("ca.crt"), server_of("server"), "wrong.example", CLIENT);
    handshake("wrong address", client_trusting("ca.crt"), server_of("server"), "192.0.2.1", CLIENT);
    handshake("truncated chain", client_trusting("ca.crt"), server_of("leaf"), NULL, CLIENT);
    handshake("client certificate as the server's", client_trusting("ca.crt"), server_of("client"), NULL, CLIENT);

    client = client_trusting("ca.crt");
    must(pyssl_ctx_cert_store(client, &store), "store");
    must(pyssl_store_set_flags(store, X509_V_FLAG_CRL_CHECK), "flags");
    pyssl_store_free(store);
    handshake("no revocation list", client, server_of("server"), NULL, CLIENT);

    file = fopen(in_dir("ca.crl"), "rb");
    len = file == NULL ? 0 : fread(pem, 1, sizeof pem, file);
    if (file != NULL)
        fclose(file);
    client = client_trusting("ca.crt");
    must(pyssl_crl_load(PYSSL_FILETYPE_PEM, (const uint8_t *)pem, len, &crl), "crl");
    must(pyssl_ctx_cert_store(client, &store), "store");
    must(pyssl_store_add_crl(store, crl), "crl");
    must(pyssl_store_set_flags(store, X509_V_FLAG_CRL_CHECK), "flags");
    pyssl_store_free(store);
    pyssl_crl_free(crl);
    handshake("revoked", client, server_of("revoked"), NULL, CLIENT);

    server = server_of("server");
    must(pyssl_ctx_load_verify_locations(server, in_dir("ca.crt"), NULL), "trust");
    must(pyssl_ctx_set_verify(server, VERIFY_FAIL, NULL, NULL, NULL), "verify");
    handshake("no client certificate", client_trusting("ca.crt"), server, NULL, SERVER);
    server = server_of("server");
    must(pyssl_ctx_load_verify_locations(server, in_dir("ca.crt"), NULL), "trust");
    must(pyssl_ctx_set_verify(server, VERIFY_FAIL, NULL, NULL, NULL), "verify");
    handshake("no client certificate, as the client hears it", client_trusting("ca.crt"), server, NULL, CLIENT);
}

static ptrdiff_t refuse(void *userdata, pyssl_conn *conn, const uint8_t *offered, size_t len, uint8_t *room,
                        size_t size) {
    (void)userdata, (void)conn, (void)offered, (void)len, (void)room, (void)size;
    return PYSSL_ALPN_REFUSE;
}

static void agreements(void) {
    pyssl_ctx *client, *server;

    handshake("no server certificate", client_trusting("ca.crt"), new_ctx(), NULL, SERVER);

    client = client_trusting("ca.crt"), server = server_of("server");
    must(pyssl_ctx_set_max_proto_version(client, 0x0303), "version");
    must(pyssl_ctx_set_min_proto_version(server, 0x0304), "version");
    handshake("no common version", client, server, NULL, SERVER);

    client = client_trusting("ca.crt"), server = server_of("server");
    must(pyssl_ctx_set_max_proto_version(client, 0x0303), "version");
    must(pyssl_ctx_set_cipher_list(client, (const uint8_t *)"ECDHE-ECDSA-AES128-GCM-SHA256", 29), "ciphers");
    must(pyssl_ctx_set_cipher_list(server, (const uint8_t *)"ECDHE-ECDSA-AES256-GCM-SHA384", 29), "ciphers");
    handshake("no common cipher", client, server, NULL, SERVER);

    client = client_trusting("ca.crt"), server = server_of("server");
    must(pyssl_ctx_set_groups(client, (const uint8_t *)"X25519", 6), "groups");
    must(pyssl_ctx_set_groups(server, (const uint8_t *)"P-256", 5), "groups");
    handshake("no common group", client, server, NULL, SERVER);

    client = client_trusting("ca.crt"), server = server_of("server");
    must(pyssl_ctx_set_alpn_protos(client, (const uint8_t *)"\x02h2", 3), "protocols");
    must(pyssl_ctx_set_alpn_select_callback(server, refuse, NULL, NULL), "protocols");
    handshake("no common protocol (ALPN)", client, server, NULL, CLIENT);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: mistakes DIR\n", stderr);
        return 2;
    }
    dir = argv[1];
    files();
    settings();
    stranger("plain HTTP server", 0, "HTTP/1.1 400 Bad Request\r\n\r\n");
    stranger("plain HTTP client", 1, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stranger("peer that hangs up", 0, NULL);
    chains();
    agreements();
    return pyssl_handle_count() == 0 ? 0 : 3;
}
