/* Both directions of one connection at once, against two connections used one way each: libpyssl only, for an SSL of
 * libssl must not be used by two threads. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"

struct direction {
    peer *from, *to;
    double until;
    long records, received;
};

static void *write_records(void *argument) {
    struct direction *way = argument;
    unsigned char record[RECORD];

    fill(record, RECORD);
    do {
        if (peer_send(way->from, record, RECORD) != RECORD)
            die("send", "a blocking socket did not take a record");
        way->records++;
    } while (wall_clock() < way->until);
    peer_send(way->from, record, 1);
    return NULL;
}

static void *read_records(void *argument) {
    struct direction *way = argument;
    unsigned char expected[RECORD], room[RECORD];

    fill(expected, RECORD);
    while (peer_recv(way->to, room, RECORD) == RECORD)
        way->received++;
    room[0] = expected[0];
    check(room, RECORD, expected);
    return NULL;
}

/* Bytes a second, both directions together; direction i goes from end i of one link to its other end. */
static double both_ways(peer **there, peer **back, double seconds) {
    struct direction ways[2] = {{there[0], there[1], 0, 0, 0}, {back[1], back[0], 0, 0, 0}};
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

double duplex_one(double seconds) {
    struct link link;
    double rate;

    link_up(&link);
    rate = both_ways(link.end, link.end, seconds);
    link_down(&link);
    return rate;
}

double duplex_two(double seconds) {
    struct link one, other;
    double rate;

    link_up(&one);
    link_up(&other);
    rate = both_ways(one.end, other.end, seconds);
    link_down(&one);
    link_down(&other);
    return rate;
}
