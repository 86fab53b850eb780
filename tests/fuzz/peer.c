#include "peer.h"

/* Of libssl's inside: what makes the peer hostile. */
typedef int (*mutate_cb)(const unsigned char *in, size_t in_len, unsigned char **out, size_t *out_len, void *arg);
typedef void (*finish_mutate_cb)(void *arg);
int ossl_statem_set_mutator(SSL *s, mutate_cb mutate, finish_mutate_cb finish, void *arg);
int ssl3_write_bytes(SSL *s, uint8_t type, const void *buf, size_t len, size_t *written);
int dtls1_write_bytes(SSL *s, uint8_t type, const void *buf, size_t len, size_t *written);
int __real_dtls1_write_bytes(SSL *s, uint8_t type, const void *buf, size_t len, size_t *written);
int __wrap_dtls1_write_bytes(SSL *s, uint8_t type, const void *buf, size_t len, size_t *written);

/* ---- Certificates. */

static X509 *ca_cert, *certs[IDENTITIES];
static EVP_PKEY *keys[IDENTITIES];

static void add(X509 *cert, X509 *issuer, int nid, const char *value) {
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    MUST(extension != NULL && X509_add_ext(cert, extension, -1));
    X509_EXTENSION_free(extension);
}

static X509 *issue(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key) {
    static long serial;
    X509 *cert = X509_new();
    X509_NAME *subject = X509_NAME_new();
    char san[64];

    MUST(cert != NULL && subject != NULL && X509_set_version(cert, 2));
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial));
    MUST(X509_gmtime_adj(X509_getm_notBefore(cert), -3600) && X509_gmtime_adj(X509_getm_notAfter(cert), 86400));
    MUST(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0));
    MUST(X509_set_subject_name(cert, subject) && X509_set_pubkey(cert, key));
    MUST(X509_set_issuer_name(cert, issuer == NULL ? subject : X509_get_subject_name(issuer)));
    X509_NAME_free(subject);
    if (issuer == NULL) {
        add(cert, cert, NID_basic_constraints, "critical,CA:TRUE");
        add(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
        add(cert, cert, NID_subject_key_identifier, "hash");
    } else {
        snprintf(san, sizeof san, "DNS:%s", name);
        add(cert, issuer, NID_subject_alt_name, san);
        add(cert, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
    }
    MUST(X509_sign(cert, issuer_key, EVP_sha256()) > 0);
    return cert;
}

static void make_certificates(void) {
    EVP_PKEY *ca_key, *evil_key;
    X509 *evil;
    int i;

    if (ca_cert != NULL)
        return;
    ca_key = EVP_EC_gen("P-256");
    evil_key = EVP_EC_gen("P-256");
    ca_cert = issue("seed authority", ca_key, NULL, ca_key);
    evil = issue("seed authority", evil_key, NULL, evil_key);
    for (i = 0; i < IDENTITIES; i++)
        keys[i] = EVP_EC_gen("P-256");
    certs[TRUSTED] = issue("seed.test", keys[TRUSTED], ca_cert, ca_key);
    certs[OTHER_NAME] = issue("other.test", keys[OTHER_NAME], ca_cert, ca_key);
    certs[EVIL] = issue("seed.test", keys[EVIL], evil, evil_key);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(evil_key);
    X509_free(evil);
}

static pyssl_x509 *handed_over(X509 *cert) {
    unsigned char *der = NULL;
    int size = i2d_X509(cert, &der);
    pyssl_x509 *handle;

    MUST(size > 0 && pyssl_x509_load(PYSSL_FILETYPE_ASN1, der, (size_t)size, &handle) == PYSSL_OK);
    OPENSSL_free(der);
    return handle;
}

pyssl_x509 *authority(void) {
    make_certificates();
    return handed_over(ca_cert);
}

pyssl_x509 *identity_cert(enum identity who) {
    make_certificates();
    return handed_over(certs[who]);
}

pyssl_pkey *identity_key(enum identity who) {
    unsigned char *der = NULL;
    int size;
    pyssl_pkey *handle;

    make_certificates();
    size = i2d_PrivateKey(keys[who], &der);
    MUST(size > 0);
    MUST(pyssl_pkey_load_private(PYSSL_FILETYPE_ASN1, der, (size_t)size, NULL, 0, NULL, NULL, &handle) == PYSSL_OK);
    OPENSSL_free(der);
    return handle;
}

/* ---- What it sends. */

/* Changes a message as the next bytes of peer->changes say: which byte, and one of: other bits, another value, cut
 * there, other bytes put there, some taken out, replaced by what follows; the length in its header is made right or
 * left. Each change says also how many messages go unchanged before the next. */
static size_t change_message(struct peer *peer, uint8_t *message, size_t size, size_t room, size_t header) {
    struct input *changes = &peer->changes, more;
    uint8_t how;
    size_t at, count;

    if (changes->size == 0 || peer->skip-- > 0)
        return size;
    peer->touched = 1;
    how = take(changes);
    peer->skip = how >> 4;
    at = (size_t)take(changes) << 8;
    at |= take(changes);
    at %= size;
    count = take(changes);
    switch (how % 6) {
    case 0:
        message[at] ^= (uint8_t)(count | 1);
        break;
    case 1:
        message[at] = (uint8_t)count;
        break;
    case 2:
        size = at;
        break;
    case 3:
        more = take_bytes(changes, count);
        if (more.size > room - size)
            more.size = room - size;
        memmove(message + at + more.size, message + at, size - at);
        memcpy(message + at, more.data, more.size);
        size += more.size;
        break;
    case 4:
        if (count > size - at)
            count = size - at;
        memmove(message + at, message + at + count, size - at - count);
        size -= count;
        break;
    case 5:
        more = take_bytes(changes, count * 4 < room - header ? count * 4 : room - header);
        memcpy(message + header, more.data, more.size);
        size = header + more.size;
        break;
    }
    if (size < header)
        size = header;
    if ((how & 8) == 0 && header == SSL3_HM_HEADER_LENGTH) {
        message[1] = (uint8_t)((size - header) >> 16);
        message[2] = (uint8_t)((size - header) >> 8);
        message[3] = (uint8_t)(size - header);
    }
    return size;
}

static int mutate(const unsigned char *in, size_t in_len, unsigned char **out, size_t *out_len, void *arg) {
    struct peer *peer = arg;
    size_t room = in_len + 2048;

    peer->message = malloc(room);
    MUST(peer->message != NULL);
    memcpy(peer->message, in, in_len);
    *out = peer->message;
    *out_len = change_message(peer, peer->message, in_len, room, SSL3_HM_HEADER_LENGTH);
    return 1;
}

static void finish_mutate(void *arg) {
    struct peer *peer = arg;

    free(peer->message);
    peer->message = NULL;
}

/* Of DTLS a fragment is changed where it stands, before it is hashed; it cannot grow. */
int __wrap_dtls1_write_bytes(SSL *s, uint8_t type, const void *buf, size_t len, size_t *written) {
    struct peer *peer = SSL_get_app_data(s);

    if (type == SSL3_RT_HANDSHAKE && peer != NULL && len > DTLS1_HM_HEADER_LENGTH)
        (void)change_message(peer, (uint8_t *)(size_t)buf, len, len, DTLS1_HM_HEADER_LENGTH);
    return __real_dtls1_write_bytes(s, type, buf, len, written);
}

int peer_send_record(struct peer *peer, uint8_t type, const uint8_t *bytes, size_t size) {
    size_t written;
    int sent;

    if (SSL_in_init(peer->ssl) || SSL_get_shutdown(peer->ssl) & SSL_SENT_SHUTDOWN)
        return 0;
    if (SSL_is_dtls(peer->ssl))
        sent = __real_dtls1_write_bytes(peer->ssl, type, bytes, size < 16384 ? size : 16384, &written);
    else
        sent = ssl3_write_bytes(peer->ssl, type, bytes, size, &written);
    ERR_clear_error();
    return sent > 0;
}

/* ---- A connection. */

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned int in_len, void *arg) {
    (void)ssl;
    (void)arg;
    if (in_len < 1 || (unsigned int)in[0] + 1 > in_len)
        return SSL_TLSEXT_ERR_NOACK;
    *out = in + 1;
    *out_len = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static int staple(SSL *ssl, void *arg) {
    uint8_t *response = OPENSSL_malloc(16);

    (void)arg;
    MUST(response != NULL);
    memset(response, 0x30, 16);
    return SSL_set_tlsext_status_ocsp_resp(ssl, response, 16) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *peer_ctx(int dtls, int server) {
    static SSL_CTX *made[2][2];
    SSL_CTX **ctx = &made[dtls][server];

    if (*ctx != NULL)
        return *ctx;
    *ctx = SSL_CTX_new(dtls ? DTLS_method() : TLS_method());
    MUST(*ctx != NULL);
    SSL_CTX_set_verify(*ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(*ctx, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    SSL_CTX_set_session_id_context(*ctx, (const unsigned char *)"peer", 4);
    if (server) {
        SSL_CTX_set_alpn_select_cb(*ctx, select_alpn, NULL);
        SSL_CTX_set_tlsext_status_cb(*ctx, staple);
    } else {
        SSL_CTX_set_tlsext_status_type(*ctx, TLSEXT_STATUSTYPE_ocsp);
        SSL_CTX_set_post_handshake_auth(*ctx, 1);
    }
    return *ctx;
}

void peer_open(struct peer *peer, int dtls, int version, int server, int who) {
    make_certificates();
    memset(peer, 0, sizeof *peer);
    peer->ssl = SSL_new(peer_ctx(dtls, server));
    peer->in = BIO_new(dtls ? BIO_s_dgram_mem() : BIO_s_mem());
    peer->out = BIO_new(dtls ? BIO_s_dgram_mem() : BIO_s_mem());
    MUST(peer->ssl != NULL && peer->in != NULL && peer->out != NULL);
    BIO_set_mem_eof_return(peer->in, -1);
    SSL_set_bio(peer->ssl, peer->in, peer->out);
    if (version != 0)
        MUST(SSL_set_min_proto_version(peer->ssl, version) && SSL_set_max_proto_version(peer->ssl, version));
    if (dtls) {
        SSL_set_options(peer->ssl, SSL_OP_NO_QUERY_MTU);
        SSL_set_mtu(peer->ssl, 1400);
        SSL_set_app_data(peer->ssl, peer);
    } else {
        MUST(ossl_statem_set_mutator(peer->ssl, mutate, finish_mutate, peer));
    }
    if (who >= 0)
        MUST(SSL_use_certificate(peer->ssl, certs[who]) > 0 && SSL_use_PrivateKey(peer->ssl, keys[who]) > 0);
    if (server)
        SSL_set_accept_state(peer->ssl);
    else
        SSL_set_connect_state(peer->ssl);
}

void peer_close(struct peer *peer) {
    SSL_free(peer->ssl);
    free(peer->message);
    ERR_clear_error();
}

int peer_handshake(struct peer *peer) {
    int done = SSL_do_handshake(peer->ssl) == 1;

    ERR_clear_error();
    return done;
}

void pump_to_peer(pyssl_conn *conn, struct peer *peer) {
    uint8_t bytes[20000];
    ptrdiff_t count;

    while ((count = pyssl_conn_bio_read(conn, bytes, sizeof bytes)) > 0)
        (void)BIO_write(peer->in, bytes, (int)count);
    MUST(count == PYSSL_ERR_WANT_READ || count == PYSSL_ERR_CLOSED);
}

void pump_from_peer(pyssl_conn *conn, struct peer *peer) {
    uint8_t bytes[20000];
    int count;

    while ((count = BIO_read(peer->out, bytes, sizeof bytes)) > 0)
        fine(pyssl_conn_bio_write(conn, bytes, (size_t)count));
    ERR_clear_error();
}

pyssl_status handshake_with_peer(pyssl_conn *conn, struct peer *peer) {
    pyssl_status status = PYSSL_ERR_WANT_READ;
    int round, peer_done = 0;

    for (round = 0; round < 12 && !(status == PYSSL_OK && peer_done); round++) {
        status = pyssl_conn_do_handshake(conn);
        fine(status);
        pump_to_peer(conn, peer);
        peer_done = peer_handshake(peer);
        pump_from_peer(conn, peer);
        if (status != PYSSL_OK && status != PYSSL_ERR_WANT_READ && status != PYSSL_ERR_WANT_WRITE)
            break;
    }
    return status;
}

pyssl_ctx *client_ctx(int method) {
    pyssl_ctx *ctx;
    pyssl_store *store;
    pyssl_x509 *ca = authority();

    MUST(pyssl_ctx_new(method, &ctx) == PYSSL_OK && pyssl_ctx_cert_store(ctx, &store) == PYSSL_OK);
    MUST(pyssl_store_add_cert(store, ca) == PYSSL_OK);
    MUST(pyssl_store_free(store) == PYSSL_OK && pyssl_x509_free(ca) == PYSSL_OK);
    MUST(pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, NULL, NULL, NULL) == PYSSL_OK);
    return ctx;
}

pyssl_ctx *server_ctx(int method) {
    pyssl_ctx *ctx = client_ctx(method);
    pyssl_x509 *cert = identity_cert(TRUSTED);
    pyssl_pkey *key = identity_key(TRUSTED);

    MUST(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK && pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    MUST(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    MUST(pyssl_ctx_set_session_id(ctx, (const uint8_t *)"fuzz", 4) == PYSSL_OK);
    return ctx;
}

void look_at_connection(pyssl_conn *conn) {
    pyssl_x509 *cert, *chain[32];
    pyssl_name *names[32];
    pyssl_session *session;
    size_t count, i;
    int number;
    char text[512];

    fine(pyssl_conn_version(conn, &number));
    fine(pyssl_conn_cipher_name(conn, text, sizeof text, &count));
    fine(pyssl_conn_group_name(conn, text, sizeof text, &count));
    fine(pyssl_conn_state_string(conn, text, sizeof text, &count));
    fine(pyssl_conn_cipher_list(conn, (char *)scratch, sizeof scratch, &count));
    fine(pyssl_conn_alpn_proto_negotiated(conn, scratch, sizeof scratch, &count));
    fine(pyssl_conn_servername(conn, scratch, sizeof scratch, &count));
    fine(pyssl_conn_finished(conn, scratch, sizeof scratch, &count));
    fine(pyssl_conn_peer_finished(conn, scratch, sizeof scratch, &count));
    fine(pyssl_conn_master_key(conn, scratch, sizeof scratch, &count));
    fine(pyssl_conn_pending(conn, &count));
    fine(pyssl_conn_want(conn, &number));
    fine(pyssl_conn_verify_result(conn, &number));
    if (fine(pyssl_conn_peer_certificate(conn, &cert)) && cert != NULL)
        MUST(pyssl_x509_free(cert) == PYSSL_OK);
    if (fine(pyssl_conn_peer_cert_chain(conn, chain, 32, &count)))
        for (i = 0; i < count; i++)
            MUST(pyssl_x509_free(chain[i]) == PYSSL_OK);
    if (fine(pyssl_conn_verified_chain(conn, chain, 32, &count)))
        for (i = 0; i < count; i++)
            MUST(pyssl_x509_free(chain[i]) == PYSSL_OK);
    if (fine(pyssl_conn_client_ca_list(conn, names, 32, &count)))
        for (i = 0; i < count; i++)
            MUST(pyssl_name_free(names[i]) == PYSSL_OK);
    if (fine(pyssl_conn_session(conn, &session)) && session != NULL) {
        fine(pyssl_session_to_bytes(session, scratch, sizeof scratch, &count));
        MUST(pyssl_session_free(session) == PYSSL_OK);
    }
}
