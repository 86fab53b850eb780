/* A hostile peer: an OpenSSL of the harness's own (the static libssl that was built for the library), so that it has
 * the right keys and an input can still say what it sends. Handshake messages are changed before they are hashed and
 * encrypted, and records of any type and content are sent under the connection's keys. */
#ifndef PYSSL_FUZZ_PEER_H
#define PYSSL_FUZZ_PEER_H

/* OpenSSL's headers come first: pyssl.h then leaves their constants alone. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "fuzz.h"

/* Certificates, made once for a run. All are good for a day and for "seed.test", except as said. */
enum identity {
    TRUSTED,    /* the authority signed it */
    OTHER_NAME, /* the authority signed it, for "other.test" */
    EVIL,       /* another authority of the same name signed it */
    IDENTITIES
};

/* The authority's certificate and an identity's, as the library's objects. */
pyssl_x509 *authority(void);
pyssl_x509 *identity_cert(enum identity who);
pyssl_pkey *identity_key(enum identity who);

struct peer {
    SSL *ssl;
    BIO *in, *out;
    /* Says how handshake messages are changed; see change_message(). Empty: not at all. */
    struct input changes;
    int skip; /* messages until the next change */
    int touched;
    uint8_t *message;
};

/* A new connection of the peer's; who is its certificate, or -1 for none (a client). */
void peer_open(struct peer *peer, int dtls, int version, int server, int who);
void peer_close(struct peer *peer);

/* Goes on with the peer's handshake as far as that goes. */
int peer_handshake(struct peer *peer);
/* Sends a record of any type under the current keys. Returns whether it went. */
int peer_send_record(struct peer *peer, uint8_t type, const uint8_t *bytes, size_t size);

/* Moves ciphertext, until there is none. */
void pump_to_peer(pyssl_conn *conn, struct peer *peer);
void pump_from_peer(pyssl_conn *conn, struct peer *peer);
/* Handshakes to the end, or to where both wait. Returns the library's last answer. */
pyssl_status handshake_with_peer(pyssl_conn *conn, struct peer *peer);

/* Asks a connection for all that it knows. */
void look_at_connection(pyssl_conn *conn);

/* Contexts of the library with the authority as the one trusted. */
pyssl_ctx *client_ctx(int method);
pyssl_ctx *server_ctx(int method);

#endif
