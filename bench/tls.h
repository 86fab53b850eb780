/* What the cases need of a TLS library: tls_openssl.c is libssl itself, tls_pyssl.c libpyssl. */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <stddef.h>

typedef struct peer_context peer_context;
typedef struct peer peer;

/* Nothing can be moved now; every other failure ends the program with the library's own words. */
#define PEER_LATER (-1L)

/* Which OpenSSL is inside. */
const char *peer_version(void);

/* TLS 1.3 only. A server has a certificate and a key, a client a file of CAs by which it verifies: the others are NULL.
 * `release` asks for SSL_MODE_RELEASE_BUFFERS where the library leaves that to its user. */
peer_context *peer_context_new(const char *certificate, const char *key, const char *trust, int release);
void peer_context_free(peer_context *context);

/* On a descriptor, or with -1 without a socket: then peer_take() and peer_give() move the ciphertext. */
peer *peer_new(peer_context *context, int server, int fd);
void peer_free(peer *connection);

long peer_handshake(peer *connection); /* 0 when it is done */
long peer_send(peer *connection, const void *data, size_t len);
long peer_recv(peer *connection, void *room, size_t size);
long peer_take(peer *connection, void *room, size_t size);
long peer_give(peer *connection, const void *data, size_t len);

#endif
