/* What the ABI costs by itself. A gate is a call that has nothing to do (free of NULL); a lookup is what a call that
 * stores a number in a connection costs beyond a gate. As calls a second, processor time. */
#define _POSIX_C_SOURCE 200809L
#include "worker.h"
#include <pyssl.h>

#define AT_ONCE 1000

struct caller {
    pyssl_conn *conn;
    double seconds;
    double each; /* out: seconds of processor time for a call */
};

static void *call(void *argument) {
    struct caller *caller = argument;
    double begin = processor_clock(), now;
    long count = 0;
    int status = 0;

    do {
        if (caller->conn == NULL)
            for (int i = 0; i < AT_ONCE; i++)
                status |= pyssl_conn_free(NULL);
        else
            for (int i = 0; i < AT_ONCE; i++)
                status |= pyssl_conn_set_timeout(caller->conn, i);
        count += AT_ONCE;
        now = processor_clock();
    } while (now - begin < caller->seconds);
    if (status != PYSSL_OK)
        die("call", pyssl_error_message());
    caller->each = (now - begin) / (double)count;
    return NULL;
}

static double seconds_for(pyssl_conn *conn, double seconds) {
    struct caller caller = {conn, seconds, 0};

    call(&caller);
    return caller.each;
}

/* Two threads at once; what a call costs either on the average. */
static double seconds_for_two(pyssl_conn *one, pyssl_conn *other, double seconds) {
    struct caller callers[2] = {{one, seconds, 0}, {other, seconds, 0}};
    pthread_t thread;

    start(&thread, call, &callers[0]);
    call(&callers[1]);
    pthread_join(thread, NULL);
    return (callers[0].each + callers[1].each) / 2;
}

double gate(double seconds) { return 1 / seconds_for(NULL, seconds); }

double lookup(double seconds) {
    peer *conn = peer_new(client_context, 0, -1);
    double each = seconds_for((pyssl_conn *)conn, seconds / 2) - seconds_for(NULL, seconds / 2);

    peer_free(conn);
    return 1 / each;
}

static double lookup_by_two(int same, double seconds) {
    peer *one = peer_new(client_context, 0, -1), *other = peer_new(client_context, 0, -1);
    double each = seconds_for_two((pyssl_conn *)one, (pyssl_conn *)(same ? one : other), seconds / 2);

    each -= seconds_for(NULL, seconds / 2);
    peer_free(one);
    peer_free(other);
    return 1 / each;
}

double lookup_two(double seconds) { return lookup_by_two(0, seconds); }

double lookup_same(double seconds) { return lookup_by_two(1, seconds); }
