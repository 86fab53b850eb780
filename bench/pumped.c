/* Connections without a socket: the program carries the ciphertext. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How much one take moves. */
#define ROOM 32768

static void carry(peer *from, peer *to) {
    unsigned char ciphertext[ROOM];
    long taken;

    while ((taken = peer_take(from, ciphertext, sizeof ciphertext)) > 0)
        peer_give(to, ciphertext, (size_t)taken);
}

void connect_pair(peer **client, peer **server) {
    unsigned char nothing[1];

    *client = peer_new(client_context, 0, -1);
    *server = peer_new(server_context, 1, -1);
    for (int rounds = 0; rounds < 10; rounds++) {
        long client_waits = peer_handshake(*client);
        carry(*client, *server);
        long server_waits = peer_handshake(*server);
        carry(*server, *client);
        if (!client_waits && !server_waits) {
            /* The session tickets. */
            if (peer_recv(*client, nothing, sizeof nothing) != PEER_LATER)
                die("handshake", "data from nowhere");
            return;
        }
    }
    die("handshake", "not done after ten rounds");
}

static void free_pair(peer *client, peer *server) {
    peer_free(client);
    peer_free(server);
}

double handshakes(double seconds) {
    double begin = processor_clock(), now;
    long count = 0;

    do {
        peer *client, *server;

        connect_pair(&client, &server);
        free_pair(client, server);
        count++;
        now = processor_clock();
    } while (now - begin < seconds);
    return (double)count / (now - begin);
}

/* Sends one message and receives it, up to the call that says that there is no more. */
static void exchange(peer *from, peer *to, const unsigned char *message, size_t len, unsigned char *room) {
    unsigned char ciphertext[ROOM];
    size_t got = 0;

    if (peer_send(from, message, len) != (long)len)
        die("send", "not all of it went");
    while (got < len) {
        long taken = peer_take(from, ciphertext, sizeof ciphertext), count;

        if (taken < 0)
            die("take", "the message is not all there");
        peer_give(to, ciphertext, (size_t)taken);
        while ((count = peer_recv(to, room, RECORD)) > 0)
            got += (size_t)count;
    }
    if (got != len)
        die("receive", "more came than was sent");
}

static double messages(size_t len, int at_once, double seconds) {
    unsigned char message[RECORD], room[RECORD];
    double begin, now;
    long count = 0;
    peer *client, *server;

    fill(message, len);
    connect_pair(&client, &server);
    exchange(client, server, message, len, room);
    begin = processor_clock();
    do {
        for (int i = 0; i < at_once; i++)
            exchange(client, server, message, len, room);
        count += at_once;
        now = processor_clock();
    } while (now - begin < seconds);
    check(room, len, message);
    free_pair(client, server);
    return (double)count / (now - begin);
}

double messages_64(double seconds) { return messages(64, 50, seconds); }

double messages_1k(double seconds) { return messages(1024, 50, seconds); }

double records_16k(double seconds) { return messages(RECORD, 10, seconds) * RECORD; }

static double resident(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        die("/proc/self/statm", "cannot be read");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

double idle_memory(int pairs) {
    peer *client, *server, **ends = calloc((size_t)pairs, 2 * sizeof *ends);
    double before;

    if (ends == NULL)
        die("memory", "none");
    for (int i = 0; i < 20; i++) { /* what the first connections bring along is not theirs */
        connect_pair(&client, &server);
        free_pair(client, server);
    }
    memset(ends, 1, (size_t)pairs * 2 * sizeof *ends);
    before = resident();
    for (int i = 0; i < pairs; i++)
        connect_pair(&ends[2 * i], &ends[2 * i + 1]);
    return (resident() - before) / pairs / 2;
}
