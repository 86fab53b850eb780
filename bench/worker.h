/* What the cases share. A worker is a process that runs cases for bench/run.py: see worker.c. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include "tls.h"
#include <pthread.h>
#include <stddef.h>

#define RECORD 16384

/* Contexts of a worker, made once: TLS 1.3, an EC P-256 certificate, the client verifies. */
extern peer_context *server_context, *client_context;

/* A case works for about that many seconds and gives its result: a number a second, or what it says itself. */
typedef double bench_case(double seconds);

bench_case handshakes, messages_64, messages_1k, records_16k; /* pumped.c */
bench_case bulk, pingpong, second_thread;                     /* sockets.c */
double idle_memory(int pairs);                                /* pumped.c: bytes a side */
/* abi.c and duplex.c, on libpyssl only */
bench_case gate, lookup, gate_and_lookup, two_handles, same_handle, duplex_one, duplex_two, plain_one, plain_two;

double wall_clock(void);
double processor_clock(void); /* time on a processor, of this thread */
void die(const char *doing, const char *why);

/* Bytes that tell where they belong. */
void fill(unsigned char *data, size_t len);
void check(const unsigned char *data, size_t len, const unsigned char *expected);

/* Both ends of a connection without a socket (pumped.c), handshake done. */
void connect_pair(peer **client, peer **server);
/* Both ends of a connection over a socketpair (sockets.c), handshake done. */
struct link {
    int fd[2];
    peer *end[2];
};
void link_up(struct link *link);
void link_down(struct link *link);
/* Runs the function on a thread of its own. */
void start(pthread_t *thread, void *(*function)(void *), void *argument);

#endif
