/* What the ABI costs by itself, in nanoseconds of processor time: a gate is a call that has nothing to do (free of
 * NULL), a lookup is what a call that stores a number in a connection costs beyond that. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <pyssl.h>

#define AT_ONCE 1000

struct caller {
    pyssl_conn *conn;
    double seconds;
    double gate, call; /* out: nanoseconds of processor time for each */
};

/* Gates and calls in turns, so that what disturbs the one disturbs the other. */
static void *call(void *argument) {
    struct caller *caller = argument;
    double begin = processor_clock(), at = begin, gates = 0, calls = 0;
    long count = 0;
    int status = 0;

    do {
        double before = at;
        for (int i = 0; i < AT_ONCE; i++)
            status |= pyssl_conn_free(NULL);
        at = processor_clock();
        gates += at - before;
        before = at;
        for (int i = 0; i < AT_ONCE; i++)
            status |= pyssl_conn_set_timeout(caller->conn, i);
        at = processor_clock();
        calls += at - before;
        count += AT_ONCE;
    } while (at - begin < caller->seconds);
    if (status != PYSSL_OK)
        die("call", pyssl_error_message());
    caller->gate = 1e9 * gates / (double)count;
    caller->call = 1e9 * calls / (double)count;
    return NULL;
}

static struct caller called(double seconds) {
    peer *conn = peer_new(client_context, 0, -1);
    struct caller caller = {(pyssl_conn *)conn, seconds, 0, 0};

    call(&caller);
    peer_free(conn);
    return caller;
}

double gate(double seconds) { return called(seconds).gate; }

double gate_and_lookup(double seconds) { return called(seconds).call; }

double lookup(double seconds) {
    struct caller caller = called(seconds);

    return caller.call - caller.gate;
}

/* Two threads at once; what a call costs either on the average. */
static double by_two(int same, double seconds) {
    peer *one = peer_new(client_context, 0, -1), *other = peer_new(client_context, 0, -1);
    struct caller callers[2] = {{(pyssl_conn *)one, seconds, 0, 0},
                                {(pyssl_conn *)(same ? one : other), seconds, 0, 0}};
    pthread_t thread;

    start(&thread, call, &callers[0]);
    call(&callers[1]);
    pthread_join(thread, NULL);
    peer_free(one);
    peer_free(other);
    return (callers[0].call + callers[1].call) / 2;
}

double two_handles(double seconds) { return by_two(0, seconds); }

double same_handle(double seconds) { return by_two(1, seconds); }
