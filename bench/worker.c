/* Runs cases for bench/run.py:
 *
 *     worker DIR             reads "CASE SECONDS" lines and answers each with a line that holds the result
 *     worker DIR idle PAIRS [release]    prints the resident bytes of one side of an idle connection
 *
 * DIR has server.pem, server.key and ca.pem. The first line out names the OpenSSL inside. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

peer_context *server_context, *client_context;

static const struct {
    const char *name;
    bench_case *run;
} cases[] = {
    {"handshakes", handshakes},
    {"messages-64", messages_64},
    {"messages-1k", messages_1k},
    {"records-16k", records_16k},
    {"bulk", bulk},
    {"pingpong", pingpong},
    {"second-thread", second_thread},
#ifdef BENCH_PYSSL
    {"gate", gate},
    {"lookup", lookup},
    {"gate-and-lookup", gate_and_lookup},
    {"two-handles", two_handles},
    {"same-handle", same_handle},
    {"duplex-one", duplex_one},
    {"duplex-two", duplex_two},
    {"plain-one", plain_one},
    {"plain-two", plain_two},
#endif
};

static void make_contexts(const char *dir, int release) {
    char certificate[4096], key[4096], trust[4096];

    snprintf(certificate, sizeof certificate, "%s/server.pem", dir);
    snprintf(key, sizeof key, "%s/server.key", dir);
    snprintf(trust, sizeof trust, "%s/ca.pem", dir);
    server_context = peer_context_new(certificate, key, NULL, release);
    client_context = peer_context_new(NULL, NULL, trust, release);
}

static double run(const char *name, double seconds) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, name) == 0)
            return cases[i].run(seconds);
    die("no such case", name);
    return 0;
}

int main(int argc, char **argv) {
    char line[256], name[64];
    double seconds;

    if (argc < 2)
        die("usage", "worker DIR [idle PAIRS [release]]");
    make_contexts(argv[1], argc > 4);
    if (argc > 3) {
        printf("%.0f\n", idle_memory(atoi(argv[3])));
        return 0;
    }
    printf("%s\n", peer_version());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%63s %lf", name, &seconds) != 2)
            die("not a case and a number", line);
        printf("%.9g\n", run(name, seconds));
        fflush(stdout);
    }
    peer_context_free(client_context);
    peer_context_free(server_context);
    return 0;
}

void die(const char *doing, const char *why) {
    fprintf(stderr, "worker: %s: %s\n", doing, why);
    exit(1);
}

static double clock_of(clockid_t id) {
    struct timespec now;

    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double wall_clock(void) { return clock_of(CLOCK_MONOTONIC); }

double processor_clock(void) { return clock_of(CLOCK_THREAD_CPUTIME_ID); }

void fill(unsigned char *data, size_t len) {
    for (size_t i = 0; i < len; i++)
        data[i] = (unsigned char)(i * 7 + i / 251);
}

void check(const unsigned char *data, size_t len, const unsigned char *expected) {
    if (memcmp(data, expected, len) != 0)
        die("wrong bytes", "received other than was sent");
}
