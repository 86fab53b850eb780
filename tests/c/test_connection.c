/* Connections from C: pumped, on sockets, on functions; deadlines, other threads, and what is refused where. */
#include "made.h"
#include "waiting.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static pyssl_ctx *server_ctx(void) {
    pyssl_pkey *key = made_key();
    pyssl_x509 *cert = made_cert("server.example", key, NULL, NULL);
    pyssl_ctx *ctx = NULL;
    CHECK(pyssl_ctx_new(PYSSL_TLS_SERVER_METHOD, &ctx) == PYSSL_OK);
    CHECK(pyssl_ctx_use_certificate(ctx, cert) == PYSSL_OK);
    CHECK(pyssl_ctx_use_privatekey(ctx, key) == PYSSL_OK);
    CHECK(pyssl_x509_free(cert) == PYSSL_OK && pyssl_pkey_free(key) == PYSSL_OK);
    return ctx;
}

static pyssl_ctx *client_ctx(void) {
    pyssl_ctx *ctx = NULL;
    CHECK(pyssl_ctx_new(PYSSL_TLS_CLIENT_METHOD, &ctx) == PYSSL_OK);
    return ctx;
}

typedef struct {
    pyssl_conn *client, *server;
} ends;

static void set_roles(ends pair) {
    CHECK(pyssl_conn_set_connect_state(pair.client) == PYSSL_OK);
    CHECK(pyssl_conn_set_accept_state(pair.server) == PYSSL_OK);
}

static ends pumped(void) {
    pyssl_ctx *ours = client_ctx(), *theirs = server_ctx();
    ends pair;
    CHECK(pyssl_conn_new(ours, &pair.client) == PYSSL_OK && pyssl_conn_new(theirs, &pair.server) == PYSSL_OK);
    CHECK(pyssl_ctx_free(ours) == PYSSL_OK && pyssl_ctx_free(theirs) == PYSSL_OK);
    set_roles(pair);
    return pair;
}

static ends on_sockets(int sockets[2]) {
    pyssl_ctx *ours = client_ctx(), *theirs = server_ctx();
    ends pair;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    CHECK(pyssl_conn_new_fd(ours, sockets[0], &pair.client) == PYSSL_OK);
    CHECK(pyssl_conn_new_fd(theirs, sockets[1], &pair.server) == PYSSL_OK);
    CHECK(pyssl_ctx_free(ours) == PYSSL_OK && pyssl_ctx_free(theirs) == PYSSL_OK);
    set_roles(pair);
    return pair;
}

static void free_ends(ends pair) {
    CHECK(pyssl_conn_free(pair.client) == PYSSL_OK && pyssl_conn_free(pair.server) == PYSSL_OK);
}

static void close_sockets(const int sockets[2]) {
    close(sockets[0]);
    close(sockets[1]);
}

static void pump(pyssl_conn *from, pyssl_conn *to) {
    uint8_t room[4096];
    ptrdiff_t count;
    while ((count = pyssl_conn_bio_read(from, room, sizeof room)) > 0)
        CHECK(pyssl_conn_bio_write(to, room, (size_t)count) == count);
    CHECK(count == PYSSL_ERR_WANT_READ);
}

static void shake(ends pair) {
    int client = PYSSL_ERR_WANT_READ, server = PYSSL_ERR_WANT_READ;
    for (int round = 0; round < 10 && (client || server); round++) {
        client = pyssl_conn_do_handshake(pair.client);
        CHECK(client == PYSSL_OK || client == PYSSL_ERR_WANT_READ);
        pump(pair.client, pair.server);
        server = pyssl_conn_do_handshake(pair.server);
        CHECK(server == PYSSL_OK || server == PYSSL_ERR_WANT_READ);
        pump(pair.server, pair.client);
    }
    CHECK(client == PYSSL_OK && server == PYSSL_OK);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *run_handshake(void *conn) {
    CHECK(pyssl_conn_do_handshake(conn) == PYSSL_OK);
    return NULL;
}

static void shake_in_threads(ends pair) {
    pthread_t server;
    CHECK(pthread_create(&server, NULL, run_handshake, pair.server) == 0);
    CHECK(pyssl_conn_do_handshake(pair.client) == PYSSL_OK);
    pthread_join(server, NULL);
}

/* ---- without a transport */

static void two_ends_talk_through_buffers(void) {
    ends pair = pumped();
    uint8_t room[100];
    size_t len, pending;
    int version, bits, done, want;
    char text[100];
    CHECK(pyssl_conn_cipher_bits(pair.client, &bits) == PYSSL_ERR_ABSENT);
    shake(pair);
    CHECK(pyssl_conn_version(pair.client, &version) == PYSSL_OK && version == 0x0304);
    CHECK(pyssl_conn_cipher_bits(pair.client, &bits) == PYSSL_OK && bits >= 128);
    CHECK(pyssl_conn_cipher_list(pair.client, text, sizeof text, &len) == PYSSL_ERR_BUFFER && len > sizeof text);

    CHECK(pyssl_conn_bio_pending(pair.client) == 0);
    CHECK(pyssl_conn_send(pair.client, (const uint8_t *)"hello", 5) == 5);
    /* RFC 8446, 5.2: header, content, its type and the tag of AES-GCM or ChaCha20-Poly1305 */
    CHECK(pyssl_conn_bio_pending(pair.client) == 5 + 5 + 1 + 16);
    pump(pair.client, pair.server);
    CHECK(pyssl_conn_bio_pending(pair.client) == 0);
    CHECK(pyssl_conn_recv(pair.server, room, 2, PYSSL_MSG_PEEK) == 2);
    CHECK(pyssl_conn_pending(pair.server, &pending) == PYSSL_OK && pending == 5);
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == 5 && memcmp(room, "hello", 5) == 0);
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_want(pair.server, &want) == PYSSL_OK && want == PYSSL_WANT_READ);
    CHECK(pyssl_conn_recv(pair.server, room, 0, 0) == 0);
    CHECK(pyssl_conn_send(pair.server, NULL, 0) == 0);

    CHECK(pyssl_conn_shutdown(pair.client, &done) == PYSSL_OK && done == 0);
    pump(pair.client, pair.server);
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == PYSSL_ERR_ZERO_RETURN);
    CHECK(pyssl_conn_shutdown(pair.server, &done) == PYSSL_OK && done == 1);
    free_ends(pair);
}

static void the_end_of_a_pumped_stream_is_told_apart(void) {
    ends pair = pumped();
    uint8_t room[10];
    shake(pair);
    CHECK(pyssl_conn_bio_shutdown(pair.client) == PYSSL_OK);
    CHECK(pyssl_conn_recv(pair.client, room, sizeof room, 0) == PYSSL_ERR_EOF);
    free_ends(pair);
}

static void facts_are_equal_on_both_ends(void) {
    ends pair = pumped();
    uint8_t ours[64], theirs[64];
    size_t len, other;
    CHECK(pyssl_conn_master_key(pair.client, ours, sizeof ours, &len) == PYSSL_ERR_ABSENT);
    shake(pair);
    /* With the ticket comes the session that both ends will speak of. */
    CHECK(pyssl_conn_recv(pair.client, ours, 1, 0) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_master_key(pair.client, ours, sizeof ours, &len) == PYSSL_OK);
    CHECK(pyssl_conn_master_key(pair.server, theirs, sizeof theirs, &other) == PYSSL_OK);
    CHECK(len == 48 && other == 48 && memcmp(ours, theirs, len) == 0);
    CHECK(pyssl_conn_finished(pair.client, ours, sizeof ours, &len) == PYSSL_OK);
    CHECK(pyssl_conn_peer_finished(pair.server, theirs, sizeof theirs, &other) == PYSSL_OK);
    CHECK(len == other && memcmp(ours, theirs, len) == 0);
    for (int with = 0; with < 2; with++) {
        const uint8_t *context = with ? (const uint8_t *)"ctx" : NULL;
        const uint8_t *label = (const uint8_t *)"EXPORTER-test";
        CHECK(pyssl_conn_export_keying_material(pair.client, label, 13, context, with * 3, ours, 40) == PYSSL_OK);
        CHECK(pyssl_conn_export_keying_material(pair.server, label, 13, context, with * 3, theirs, 40) == PYSSL_OK);
        CHECK(memcmp(ours, theirs, 40) == 0);
    }
    free_ends(pair);
}

static void chains_are_new_handles_or_none(void) {
    ends pair = pumped();
    pyssl_x509 *chain[4] = {0};
    size_t count = 99;
    CHECK(pyssl_conn_peer_cert_chain(pair.client, chain, 4, &count) == PYSSL_ERR_ABSENT);
    shake(pair);
    CHECK(pyssl_conn_peer_cert_chain(pair.client, NULL, 0, &count) == PYSSL_ERR_BUFFER && count == 1);
    CHECK(pyssl_conn_peer_cert_chain(pair.client, chain, 4, &count) == PYSSL_OK && count == 1);
    free_ends(pair);
    CHECK(pyssl_x509_free(chain[0]) == PYSSL_OK);
}

static void a_session_goes_through_bytes(void) {
    ends pair = pumped();
    pyssl_ctx *ours = NULL, *theirs = NULL;
    pyssl_session *session = NULL, *again = NULL, *stranger = NULL;
    uint8_t room[8192], byte;
    size_t len;
    int reused;
    CHECK(pyssl_conn_session(pair.client, &session) == PYSSL_OK && session == NULL);
    CHECK(pyssl_conn_context(pair.client, &ours) == PYSSL_OK);
    CHECK(pyssl_conn_context(pair.server, &theirs) == PYSSL_OK);
    shake(pair);
    CHECK(pyssl_conn_recv(pair.client, &byte, 1, 0) == PYSSL_ERR_WANT_READ); /* the ticket */
    CHECK(pyssl_conn_session(pair.client, &session) == PYSSL_OK && session != NULL);
    CHECK(pyssl_session_to_bytes(session, room, 10, &len) == PYSSL_ERR_BUFFER && len > 10);
    CHECK(pyssl_session_to_bytes(session, room, sizeof room, &len) == PYSSL_OK);
    CHECK(pyssl_session_from_bytes(room, len, &again) == PYSSL_OK);
    CHECK(pyssl_session_from_bytes(room, len / 2, &stranger) == PYSSL_ERROR && stranger == NULL);

    ends second;
    CHECK(pyssl_conn_new(ours, &second.client) == PYSSL_OK && pyssl_conn_new(theirs, &second.server) == PYSSL_OK);
    set_roles(second);
    CHECK(pyssl_conn_set_session(second.client, again) == PYSSL_OK);
    shake(second);
    CHECK(pyssl_conn_session_reused(second.client, &reused) == PYSSL_OK && reused == 1);

    ends other = pumped();
    CHECK(pyssl_conn_set_session(other.client, session) == PYSSL_ERR_ARGUMENT);
    CHECK(strstr(pyssl_error_message(), "another context") != NULL);
    free_ends(other);
    free_ends(second);
    free_ends(pair);
    CHECK(pyssl_session_free(session) == PYSSL_OK && pyssl_session_free(again) == PYSSL_OK);
    CHECK(pyssl_session_free(again) == PYSSL_ERR_HANDLE && pyssl_session_free(NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_free(ours) == PYSSL_OK && pyssl_ctx_free(theirs) == PYSSL_OK);
}

static void the_wrong_host_is_named_beside_those_offered(void) {
    ends pair = pumped();
    pyssl_error error;
    int mode, status = PYSSL_ERR_WANT_READ;
    CHECK(pyssl_conn_set_verify_host(pair.client, "*.example") == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_set_verify_host(pair.client, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_verify_mode(pair.client, &mode) == PYSSL_OK && mode == PYSSL_VERIFY_NONE);
    CHECK(pyssl_conn_set_verify_host(pair.client, "192.0.2.7") == PYSSL_OK);
    CHECK(pyssl_conn_verify_mode(pair.client, &mode) == PYSSL_OK && mode == PYSSL_VERIFY_PEER);
    for (int round = 0; round < 5 && status == PYSSL_ERR_WANT_READ; round++) {
        status = pyssl_conn_do_handshake(pair.client);
        if (status == PYSSL_ERR_WANT_READ) {
            pump(pair.client, pair.server);
            CHECK(pyssl_conn_do_handshake(pair.server) == PYSSL_ERR_WANT_READ);
            pump(pair.server, pair.client);
        }
    }
    CHECK(status == PYSSL_ERROR && pyssl_error_last(&error) == PYSSL_OK);
    CHECK(strstr(error.message, "certificate verify failed") != NULL && error.verify_code != 0);
    CHECK(error.verify_depth == 0 && strcmp(error.verify_subject, "CN=server.example") == 0);
    free_ends(pair);
}

/* ---- on sockets */

static void sockets_block_and_keep_their_owner(void) {
    int sockets[2];
    ends pair = on_sockets(sockets);
    uint8_t room[10];
    CHECK(pyssl_conn_bio_read(pair.client, room, sizeof room) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_bio_pending(pair.client) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_bio_write(pair.client, room, sizeof room) == PYSSL_ERR_ARGUMENT);
    shake_in_threads(pair);
    CHECK(pyssl_conn_send(pair.server, (const uint8_t *)"abc", 3) == 3);
    CHECK(pyssl_conn_recv(pair.client, room, sizeof room, 0) == 3);
    free_ends(pair);
    CHECK(write(sockets[0], "x", 1) == 1);
    close_sockets(sockets);
}

static void a_deadline_is_for_the_whole_call(void) {
    int sockets[2];
    ends pair = on_sockets(sockets);
    static uint8_t much[8 << 20];
    uint8_t byte;
    size_t sent = 99;
    double begin = now();
    CHECK(pyssl_conn_set_timeout(pair.client, 200) == PYSSL_OK);
    CHECK(pyssl_conn_do_handshake(pair.client) == PYSSL_ERR_TIMEOUT);
    CHECK(now() - begin > 0.19 && now() - begin < 30);
    CHECK(pyssl_conn_set_timeout(pair.client, -1) == PYSSL_OK);
    shake_in_threads(pair);
    CHECK(pyssl_conn_set_timeout(pair.client, 0) == PYSSL_OK);
    CHECK(pyssl_conn_recv(pair.client, &byte, 1, 0) == PYSSL_ERR_TIMEOUT);
    CHECK(pyssl_conn_set_timeout(pair.client, 100) == PYSSL_OK);
    begin = now();
    CHECK(pyssl_conn_send_all(pair.client, much, sizeof much, &sent) == PYSSL_ERR_TIMEOUT);
    CHECK(now() - begin > 0.09 && now() - begin < 30 && sent > 0 && sent < sizeof much);
    free_ends(pair);
    close_sockets(sockets);
}

static void *run_recv(void *conn) {
    uint8_t byte;
    return (void *)(intptr_t)pyssl_conn_recv(conn, &byte, 1, 0);
}

static void *run_send(void *conn) {
    static uint8_t much[16384];
    ptrdiff_t count;
    while ((count = pyssl_conn_send(conn, much, sizeof much)) > 0) {
    }
    return (void *)(intptr_t)count;
}

static void close_from_another_thread_wakes_reader_and_writer(void) {
    int sockets[2];
    ends pair = on_sockets(sockets);
    pthread_t reader, writer;
    void *read, *written;
    shake_in_threads(pair);
    CHECK(pthread_create(&reader, NULL, run_recv, pair.client) == 0);
    CHECK(pthread_create(&writer, NULL, run_send, pair.client) == 0);
    others_wait(2);
    CHECK(pyssl_conn_close(pair.client) == PYSSL_OK);
    pthread_join(reader, &read);
    pthread_join(writer, &written);
    CHECK((intptr_t)read == PYSSL_ERR_CLOSED && (intptr_t)written == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_do_handshake(pair.client) == PYSSL_ERR_CLOSED);
    free_ends(pair);
    close_sockets(sockets);
}

static void free_while_another_thread_reads_is_defined(void) {
    int sockets[2];
    ends pair = on_sockets(sockets);
    pthread_t reader;
    void *read;
    shake_in_threads(pair);
    CHECK(pthread_create(&reader, NULL, run_recv, pair.client) == 0);
    others_wait(1);
    CHECK(pyssl_conn_free(pair.client) == PYSSL_OK);
    pthread_join(reader, &read);
    CHECK((intptr_t)read == PYSSL_ERR_CLOSED);
    CHECK(pyssl_conn_do_handshake(pair.client) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_conn_free(pair.client) == PYSSL_ERR_HANDLE);
    CHECK(pyssl_conn_free(pair.server) == PYSSL_OK);
    close_sockets(sockets);
}

static void a_descriptor_that_is_another_file_now_is_not_touched(void) {
    int sockets[2], others[2];
    ends pair = on_sockets(sockets);
    uint8_t room[10];
    pyssl_error error;
    shake_in_threads(pair);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, others) == 0);
    CHECK(write(others[1], "not yours", 9) == 9);
    CHECK(dup2(others[0], sockets[0]) == sockets[0]);
    CHECK(pyssl_conn_recv(pair.client, room, sizeof room, 0) == PYSSL_ERR_SYSCALL);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == 9);
    CHECK(read(others[0], room, sizeof room) == 9);
    free_ends(pair);
    close_sockets(sockets);
    close_sockets(others);
}

static void a_descriptor_that_is_not_open_is_refused(void) {
    pyssl_ctx *ctx = client_ctx();
    pyssl_conn *conn = NULL;
    pyssl_error error;
    CHECK(pyssl_conn_new_fd(ctx, 999999, &conn) == PYSSL_ERR_SYSCALL && conn == NULL);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == 9);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
}

/* ---- on functions */

typedef struct {
    int fd;
    pyssl_conn *conn;
    int busy, destroyed, fail;
} pipe_end;

static ptrdiff_t pipe_read(void *userdata, uint8_t *buffer, size_t size) {
    pipe_end *end = userdata;
    uint8_t byte;
    /* Looking is fine in here, moving bytes is not. */
    int version;
    CHECK(pyssl_conn_version(end->conn, &version) == PYSSL_OK);
    end->busy += pyssl_conn_recv(end->conn, &byte, 1, 0) == PYSSL_ERR_BUSY;
    end->busy += pyssl_conn_do_handshake(end->conn) == PYSSL_ERR_BUSY;
    return end->fail ? PYSSL_TRANSPORT_FAILED : read(end->fd, buffer, size);
}

static ptrdiff_t pipe_write(void *userdata, const uint8_t *bytes, size_t len) {
    pipe_end *end = userdata;
    end->busy += pyssl_conn_send(end->conn, bytes, 1) == PYSSL_ERR_BUSY;
    /* As little as it may. */
    return write(end->fd, bytes, len > 100 ? 100 : len);
}

static void pipe_destroy(void *userdata) { ((pipe_end *)userdata)->destroyed++; }

static void functions_are_a_transport_and_cannot_move_bytes_themselves(void) {
    pyssl_ctx *ours = client_ctx(), *theirs = server_ctx();
    pipe_end near = {0}, far = {0};
    pyssl_transport transport = {pipe_read, pipe_write, &near, pipe_destroy};
    int sockets[2], done;
    ends pair;
    uint8_t room[100];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    near.fd = sockets[0];
    far.fd = sockets[1];
    CHECK(pyssl_conn_new_transport(ours, &transport, &pair.client) == PYSSL_OK);
    transport.userdata = &far;
    CHECK(pyssl_conn_new_transport(theirs, &transport, &pair.server) == PYSSL_OK);
    near.conn = pair.client;
    far.conn = pair.server;
    set_roles(pair);
    shake_in_threads(pair);
    CHECK(near.busy > 2 && far.busy > 2);
    CHECK(pyssl_conn_send(pair.client, (const uint8_t *)"through functions", 17) == 17);
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == 17);
    far.fail = 1;
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == PYSSL_ERR_CALLBACK);
    far.fail = 0;
    CHECK(pyssl_conn_shutdown(pair.client, &done) == PYSSL_OK);
    CHECK(pyssl_conn_recv(pair.server, room, sizeof room, 0) == PYSSL_ERR_ZERO_RETURN);
    free_ends(pair);
    CHECK(near.destroyed == 1 && far.destroyed == 1);

    /* The destructor runs also where nothing comes of it. */
    transport.read = NULL;
    CHECK(pyssl_conn_new_transport(ours, &transport, &pair.client) == PYSSL_ERR_ARGUMENT);
    CHECK(far.destroyed == 2);
    CHECK(pyssl_ctx_free(ours) == PYSSL_OK && pyssl_ctx_free(theirs) == PYSSL_OK);
    close_sockets(sockets);
}

static void wrong_handles_are_refused_and_nothing_happens(void) {
    pyssl_ctx *ctx = client_ctx();
    pyssl_conn *wrong[] = {NULL, (pyssl_conn *)ctx, (pyssl_conn *)(intptr_t)0x1234};
    uint8_t byte = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(pyssl_conn_send(wrong[i], &byte, 1) == PYSSL_ERR_HANDLE);
        CHECK(pyssl_conn_recv(wrong[i], &byte, 1, 0) == PYSSL_ERR_HANDLE && byte == 7);
        CHECK(pyssl_conn_close(wrong[i]) == PYSSL_ERR_HANDLE);
    }
    CHECK(pyssl_conn_free(NULL) == PYSSL_OK);
    CHECK(pyssl_ctx_free(ctx) == PYSSL_OK);
}

int main(void) {
    RUN(two_ends_talk_through_buffers);
    RUN(the_end_of_a_pumped_stream_is_told_apart);
    RUN(facts_are_equal_on_both_ends);
    RUN(chains_are_new_handles_or_none);
    RUN(a_session_goes_through_bytes);
    RUN(the_wrong_host_is_named_beside_those_offered);
    RUN(sockets_block_and_keep_their_owner);
    RUN(a_deadline_is_for_the_whole_call);
    RUN(close_from_another_thread_wakes_reader_and_writer);
    RUN(free_while_another_thread_reads_is_defined);
    RUN(a_descriptor_that_is_another_file_now_is_not_touched);
    RUN(a_descriptor_that_is_not_open_is_refused);
    RUN(functions_are_a_transport_and_cannot_move_bytes_themselves);
    RUN(wrong_handles_are_refused_and_nothing_happens);
    return 0;
}
