/* Connections over a socketpair, and threads. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void start(pthread_t *thread, void *(*function)(void *), void *argument) {
    if (pthread_create(thread, NULL, function, argument) != 0)
        die("thread", "cannot be started");
}

static void *shake(void *end) {
    if (peer_handshake(end) != 0)
        die("handshake", "a blocking socket did not block");
    return NULL;
}

void link_up(struct link *link) {
    pthread_t thread;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, link->fd) != 0)
        die("socketpair", "cannot be had");
    link->end[0] = peer_new(client_context, 0, link->fd[0]);
    link->end[1] = peer_new(server_context, 1, link->fd[1]);
    start(&thread, shake, link->end[0]);
    shake(link->end[1]);
    pthread_join(thread, NULL);
}

void link_down(struct link *link) {
    for (int i = 0; i < 2; i++) {
        peer_free(link->end[i]);
        close(link->fd[i]);
    }
}

struct writer {
    peer *end;
    double until;
    long records;
};

/* Full records until it is time, then one of a byte: it tells the reader that this was all. */
static void *write_until(void *argument) {
    struct writer *writer = argument;
    unsigned char record[RECORD];

    fill(record, RECORD);
    do {
        if (peer_send(writer->end, record, RECORD) != RECORD)
            die("send", "a blocking socket did not take a record");
        writer->records++;
    } while (wall_clock() < writer->until);
    peer_send(writer->end, record, 1);
    return NULL;
}

double bulk(double seconds) {
    struct link link;
    struct writer writer = {0};
    unsigned char expected[RECORD], room[RECORD];
    pthread_t thread;
    double begin;
    long records = 0;

    fill(expected, RECORD);
    link_up(&link);
    begin = wall_clock();
    writer.end = link.end[1];
    writer.until = begin + seconds;
    start(&thread, write_until, &writer);
    while (peer_recv(link.end[0], room, RECORD) == RECORD)
        records++;
    seconds = wall_clock() - begin;
    pthread_join(thread, NULL);
    if (records != writer.records)
        die("receive", "records are missing");
    room[0] = expected[0];
    check(room, RECORD, expected);
    link_down(&link);
    return (double)records * RECORD / seconds;
}

static void *echo(void *end) {
    unsigned char message[64];
    long got;

    while ((got = peer_recv(end, message, sizeof message)) == (long)sizeof message)
        peer_send(end, message, sizeof message);
    if (got != 1)
        die("receive", "neither a message nor the end");
    return NULL;
}

double pingpong(double seconds) {
    struct link link;
    unsigned char message[64], room[64];
    pthread_t thread;
    double begin, now;
    long count = 0;

    fill(message, sizeof message);
    link_up(&link);
    start(&thread, echo, link.end[1]);
    begin = wall_clock();
    do {
        peer_send(link.end[0], message, sizeof message);
        if (peer_recv(link.end[0], room, sizeof room) != (long)sizeof room)
            die("receive", "the answer is not whole");
        count++;
        now = wall_clock();
    } while (now - begin < seconds);
    check(room, sizeof room, message);
    peer_send(link.end[0], message, 1);
    pthread_join(thread, NULL);
    link_down(&link);
    return (double)count / (now - begin);
}

struct shaker {
    double until;
    long count;
};

static void *shake_until(void *argument) {
    struct shaker *shaker = argument;

    do {
        peer *client, *server;

        connect_pair(&client, &server);
        peer_free(client);
        peer_free(server);
        shaker->count++;
    } while (wall_clock() < shaker->until);
    return NULL;
}

/* Handshakes a second that so many threads do together, all on the same two contexts. */
static double handshakes_of(int threads, double seconds) {
    struct shaker shakers[2] = {{0, 0}, {0, 0}};
    pthread_t running[2];
    double begin = wall_clock();
    long count = 0;

    for (int i = 0; i < threads; i++) {
        shakers[i].until = begin + seconds;
        start(&running[i], shake_until, &shakers[i]);
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(running[i], NULL);
        count += shakers[i].count;
    }
    return (double)count / (wall_clock() - begin);
}

/* How many times faster two threads are than one. */
double second_thread(double seconds) {
    double one = handshakes_of(1, seconds / 2);

    return handshakes_of(2, seconds / 2) / one;
}
