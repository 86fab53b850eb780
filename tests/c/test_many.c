/* Several threads send and several receive on one connection, at both ends at once: every record arrives whole, once.
 */
#include "pair.h"

enum { SENDERS = 2, RECEIVERS = 2, LARGEST = 16384, LEAST = 16 };

/* What one end of a connection receives. */
typedef struct {
    pyssl_conn *conn;
    int fd, nonblocking;
    /* per sender of the other end: how often each of its records came */
    unsigned char *seen[SENDERS];
    uint32_t records;
} receiving;

typedef struct {
    pyssl_conn *conn;
    int fd, nonblocking;
    uint32_t sender, records;
} sending;

static int wait_for(int fd, int nonblocking, ptrdiff_t status) {
    struct pollfd wait = {fd, status == PYSSL_ERR_WANT_WRITE ? POLLOUT : POLLIN, 0};
    if (!nonblocking || (status != PYSSL_ERR_WANT_READ && status != PYSSL_ERR_WANT_WRITE))
        return 0;
    poll(&wait, 1, 5); /* another thread may take what this one waits for */
    return 1;
}

/* Sender, number, length, and bytes that follow from them. */
static size_t make_record(uint8_t *record, uint32_t sender, uint32_t number) {
    uint32_t len = LEAST + (number * 2654435761u >> 7) % (LARGEST - LEAST + 1), i;
    memcpy(record, &sender, 4);
    memcpy(record + 4, &number, 4);
    memcpy(record + 8, &len, 4);
    for (i = 12; i < len; i++)
        record[i] = (uint8_t)(sender * 57 + number * 31 + i);
    return len;
}

static void send_record(const sending *s, const uint8_t *record, size_t len) {
    ptrdiff_t sent;
    do
        sent = pyssl_conn_send(s->conn, record, len);
    while (sent < 0 && wait_for(s->fd, s->nonblocking, sent));
    CHECK(sent == (ptrdiff_t)len);
}

static void *sends(void *argument) {
    const sending *s = argument;
    uint8_t record[LARGEST];
    uint32_t number;
    for (number = 0; number < s->records; number++)
        send_record(s, record, make_record(record, s->sender, number));
    return NULL;
}

/* Until a record of one byte: there is one for each receiver. */
static void *receives(void *argument) {
    receiving *r = argument;
    uint8_t room[LARGEST], expected[LARGEST];
    for (;;) {
        uint32_t sender, number;
        ptrdiff_t got = pyssl_conn_recv(r->conn, room, sizeof room, 0);
        if (got < 0 && wait_for(r->fd, r->nonblocking, got))
            continue;
        if (got == 1)
            return NULL;
        CHECK(got >= LEAST);
        memcpy(&sender, room, 4);
        memcpy(&number, room + 4, 4);
        CHECK(sender < SENDERS && number < r->records);
        CHECK((size_t)got == make_record(expected, sender, number) && memcmp(room, expected, (size_t)got) == 0);
        CHECK(__atomic_add_fetch(&r->seen[sender][number], 1, __ATOMIC_SEQ_CST) == 1);
    }
}

static void share(int version, int nonblocking, transport_kind kind, uint32_t records) {
    pair p;
    pthread_t senders[2][SENDERS], receivers[2][RECEIVERS];
    sending out[2][SENDERS];
    receiving in[2];
    int end, i;
    uint32_t number;
    open_pair(&p, version, kind);
    shake_hands(&p);
    for (end = 0; end < 2; end++) {
        receiving r = {p.conn[end], p.fd[end], nonblocking, {NULL}, records};
        in[end] = r;
        if (nonblocking)
            set_nonblocking(p.fd[end]);
        for (i = 0; i < SENDERS; i++)
            CHECK((in[end].seen[i] = calloc(records, 1)) != NULL);
    }
    for (end = 0; end < 2; end++) {
        for (i = 0; i < RECEIVERS; i++)
            CHECK(pthread_create(&receivers[end][i], NULL, receives, &in[end]) == 0);
        for (i = 0; i < SENDERS; i++) {
            sending s = {p.conn[end], p.fd[end], nonblocking, (uint32_t)i, records};
            out[end][i] = s;
            CHECK(pthread_create(&senders[end][i], NULL, sends, &out[end][i]) == 0);
        }
    }
    for (end = 0; end < 2; end++) {
        for (i = 0; i < SENDERS; i++)
            CHECK(pthread_join(senders[end][i], NULL) == 0);
        for (i = 0; i < RECEIVERS; i++)
            send_record(&out[end][0], (const uint8_t *)"e", 1);
    }
    for (end = 0; end < 2; end++) {
        for (i = 0; i < RECEIVERS; i++)
            CHECK(pthread_join(receivers[end][i], NULL) == 0);
        for (i = 0; i < SENDERS; i++) {
            for (number = 0; number < records; number++)
                CHECK(in[end].seen[i][number] == 1);
            free(in[end].seen[i]);
        }
    }
    close_pair(&p);
}

static uint32_t records = 1500;

static void senders_and_receivers_share_a_blocking_descriptor(void) {
    share(TLS1_3, 0, DESCRIPTOR, records);
    share(TLS1_2, 0, DESCRIPTOR, records);
}

static void senders_and_receivers_share_a_descriptor_that_does_not_block(void) {
    share(TLS1_3, 1, DESCRIPTOR, records);
    share(TLS1_2, 1, DESCRIPTOR, records);
}

static void senders_and_receivers_share_a_transport_of_functions(void) {
    share(TLS1_3, 0, FUNCTIONS, records);
    share(TLS1_2, 1, FUNCTIONS, records);
}

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "short") == 0)
        records = 60;
    RUN(senders_and_receivers_share_a_blocking_descriptor);
    RUN(senders_and_receivers_share_a_descriptor_that_does_not_block);
    RUN(senders_and_receivers_share_a_transport_of_functions);
    return 0;
}
