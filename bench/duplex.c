/* Both directions of one connection at once, against two connections used one way each: libpyssl only, for an SSL of
 * libssl must not be used by two threads. And the same of plain sockets, which have no lock but the kernel's: what they
 * lose to two cores' sharing of one socket no TLS on top of them can win back. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef long sender(void *end, const void *record, size_t len);
typedef long receiver(void *end, void *room, size_t size);

struct direction {
    void *from, *to;
    sender *send;
    receiver *receive;
    double until;
    long records, received;
};

static void *write_records(void *argument) {
    struct direction *way = argument;
    unsigned char record[RECORD];

    fill(record, RECORD);
    do {
        if (way->send(way->from, record, RECORD) != RECORD)
            die("send", "a blocking socket did not take a record");
        way->records++;
    } while (wall_clock() < way->until);
    way->send(way->from, record, 1);
    return NULL;
}

static void *read_records(void *argument) {
    struct direction *way = argument;
    unsigned char expected[RECORD], room[RECORD];

    fill(expected, RECORD);
    while (way->receive(way->to, room, RECORD) == RECORD)
        way->received++;
    room[0] = expected[0];
    check(room, RECORD, expected);
    return NULL;
}

/* Bytes a second, both directions together; direction i goes from end i of one link to its other end. */
static double both_ways(void **there, void **back, sender *send, receiver *receive, double seconds) {
    struct direction ways[2] = {{there[0], there[1], send, receive, 0, 0, 0},
                                {back[1], back[0], send, receive, 0, 0, 0}};
    pthread_t threads[4];
    double begin = wall_clock();
    long records = 0;

    for (int i = 0; i < 2; i++) {
        ways[i].until = begin + seconds;
        start(&threads[2 * i], write_records, &ways[i]);
        start(&threads[2 * i + 1], read_records, &ways[i]);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        if (ways[i].records != ways[i].received)
            die("receive", "records are missing");
        records += ways[i].records;
    }
    return (double)records * RECORD / (wall_clock() - begin);
}

static long tls_send(void *end, const void *record, size_t len) { return peer_send(end, record, len); }

static long tls_receive(void *end, void *room, size_t size) { return peer_recv(end, room, size); }

static double of_tls(int links, double seconds) {
    struct link link[2];
    void *ends[2][2];
    double rate;

    for (int i = 0; i < links; i++) {
        link_up(&link[i]);
        for (int end = 0; end < 2; end++)
            ends[i][end] = link[i].end[end];
    }
    rate = both_ways(ends[0], ends[links - 1], tls_send, tls_receive, seconds);
    for (int i = 0; i < links; i++)
        link_down(&link[i]);
    return rate;
}

double duplex_one(double seconds) { return of_tls(1, seconds); }

double duplex_two(double seconds) { return of_tls(2, seconds); }

/* A record on a plain socket has a header that tells its length, as TLS's have, and a sum of its bytes in place of a
 * tag. */
enum { HEADER = 5, TAG = 17 };

static unsigned char look_at(const unsigned char *bytes, size_t len) {
    uint64_t sum = 0, word;
    for (size_t i = 0; i + sizeof word <= len; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        sum += word;
    }
    return (unsigned char)(sum >> 32);
}

static long plain_send(void *end, const void *record, size_t len) {
    unsigned char sent[HEADER + RECORD + TAG] = {23, 3, 3, (unsigned char)((len + TAG) >> 8),
                                                 (unsigned char)(len + TAG)};
    size_t done = 0, whole = HEADER + len + TAG;

    memcpy(sent + HEADER, record, len);
    sent[HEADER + len] = look_at(record, len);
    while (done < whole) {
        ssize_t more = send(*(int *)end, sent + done, whole - done, 0);
        if (more <= 0)
            die("send", "a plain socket failed");
        done += (size_t)more;
    }
    return (long)len;
}

static long plain_receive(void *end, void *room, size_t size) {
    unsigned char header[HEADER], body[RECORD + TAG];
    size_t len;

    if (recv(*(int *)end, header, HEADER, MSG_WAITALL) != HEADER)
        die("receive", "a plain socket failed");
    len = (size_t)header[3] << 8 | header[4];
    if (len > sizeof body || recv(*(int *)end, body, len, MSG_WAITALL) != (ssize_t)len || len - TAG > size)
        die("receive", "no whole record came over a plain socket");
    memcpy(room, body, len - TAG);
    if (look_at(room, len - TAG) != body[len - TAG])
        die("receive", "a plain socket changed something");
    return (long)(len - TAG);
}

static double of_plain_sockets(int links, double seconds) {
    int fd[2][2];
    void *ends[2][2];
    double rate;

    for (int i = 0; i < links; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd[i]) != 0)
            die("socketpair", "cannot be had");
        for (int end = 0; end < 2; end++)
            ends[i][end] = &fd[i][end];
    }
    rate = both_ways(ends[0], ends[links - 1], plain_send, plain_receive, seconds);
    for (int i = 0; i < links; i++)
        for (int end = 0; end < 2; end++)
            close(fd[i][end]);
    return rate;
}

double plain_one(double seconds) { return of_plain_sockets(1, seconds); }

double plain_two(double seconds) { return of_plain_sockets(2, seconds); }
