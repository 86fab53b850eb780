/* What the ABI costs by itself. A gate is a call that has nothing to do (free of NULL); a lookup is what a call that
 * stores a number in a connection costs beyond a gate. In nanoseconds of processor time. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <pyssl.h>

#define AT_ONCE 1000

struct caller {
    pyssl_conn *conn;
    double seconds;
    double gate, lookup; /* out: seconds of processor time for each */
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
    caller->gate = gates / (double)count;
    caller->lookup = (calls - gates) / (double)count;
    return NULL;
}

static struct caller called(double seconds) {
    peer *conn = peer_new(client_context, 0, -1);
    struct caller caller = {(pyssl_conn *)conn, seconds, 0, 0};

    call(&caller);
    peer_free(conn);
    return caller;
}

double gate(double seconds) { return 1e9 * called(seconds).gate; }

double lookup(double seconds) { return 1e9 * called(seconds).lookup; }

/* Two threads at once; what a lookup costs either on the average. */
static double lookup_by_two(int same, double seconds) {
    peer *one = peer_new(client_context, 0, -1), *other = peer_new(client_context, 0, -1);
    struct caller callers[2] = {{(pyssl_conn *)one, seconds, 0, 0},
                                {(pyssl_conn *)(same ? one : other), seconds, 0, 0}};
    pthread_t thread;

    start(&thread, call, &callers[0]);
    call(&callers[1]);
    pthread_join(thread, NULL);
    peer_free(one);
    peer_free(other);
    return 1e9 * (callers[0].lookup + callers[1].lookup) / 2;
}

double lookup_two(double seconds) { return lookup_by_two(0, seconds); }

double lookup_same(double seconds) { return lookup_by_two(1, seconds); }
