/* What the library says of itself, its constants by name, and its errors, as a C program sees them. */
#include "check.h"

static int64_t constant(const char *name) {
    int64_t value = -1000;
    CHECK(pyssl_constant(name, &value) == PYSSL_OK);
    return value;
}

static void the_version_is_the_one_of_the_build(void) { CHECK(strcmp(pyssl_version(), PYSSL_TEST_VERSION) == 0); }

static void openssl_is_3_0_or_later_and_tells_of_itself(void) {
    CHECK(pyssl_openssl_version_number() >= 0x30000000);
    CHECK(strncmp(pyssl_openssl_version(PYSSL_OPENSSL_VERSION), "OpenSSL ", 8) == 0);
    CHECK(strncmp(pyssl_openssl_version(PYSSL_OPENSSL_PLATFORM), "platform:", 9) == 0);
    CHECK(strstr(pyssl_openssl_version(12345), "not available") != NULL);
}

static void constants_are_found_by_name(void) {
    CHECK(constant("PYSSL_OK") == PYSSL_OK);
    CHECK(constant("PYSSL_ERR_UNSUPPORTED") == PYSSL_ERR_UNSUPPORTED);
    CHECK(constant("PYSSL_ERR_MEMORY") == PYSSL_ERR_MEMORY);
    CHECK(constant("PYSSL_OPENSSL_DIR") == PYSSL_OPENSSL_DIR);
    CHECK(constant("SSL_VERIFY_PEER") == 1);
}

static void an_unknown_constant_is_absent_and_leaves_out_alone(void) {
    int64_t value = 42;
    CHECK(pyssl_constant("PYSSL_NO_SUCH_THING", &value) == PYSSL_ERR_ABSENT);
    CHECK(value == 42);
    CHECK(strstr(pyssl_error_message(), "PYSSL_NO_SUCH_THING") != NULL);
}

static void null_arguments_are_refused_by_name(void) {
    int64_t value = 42;
    CHECK(pyssl_constant(NULL, &value) == PYSSL_ERR_ARGUMENT);
    CHECK(strstr(pyssl_error_message(), "name") != NULL);
    CHECK(pyssl_constant("PYSSL_OK", NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_error_last(NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_error_entry_at(0, NULL) == PYSSL_ERR_ARGUMENT);
    CHECK(value == 42);
}

static void text_that_is_not_utf8_is_refused(void) {
    int64_t value = 42;
    CHECK(pyssl_constant("\xff\xfe", &value) == PYSSL_ERR_ARGUMENT);
    CHECK(strstr(pyssl_error_message(), "UTF-8") != NULL);
}

static void an_error_stays_until_the_next_failure_or_clear(void) {
    pyssl_error error;
    int64_t value;
    CHECK(pyssl_constant("PYSSL_NO_SUCH_THING", &value) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_constant("PYSSL_OK", &value) == PYSSL_OK);
    CHECK(pyssl_error_last(&error) == PYSSL_OK);
    CHECK(error.status == PYSSL_ERR_ABSENT && error.sys_errno == 0 && error.verify_depth == -1);
    CHECK(error.path == NULL && error.verify_message == NULL && error.verify_subject == NULL);
    CHECK(strstr(error.message, "PYSSL_NO_SUCH_THING") != NULL);

    pyssl_error_clear();
    CHECK(pyssl_error_last(&error) == PYSSL_OK);
    CHECK(error.status == PYSSL_OK && error.entry_count == 0);
    CHECK(error.message[0] == '\0' && pyssl_error_message()[0] == '\0');
}

static void the_error_queue_ends_where_entry_count_says(void) {
    pyssl_error error;
    pyssl_error_entry entry;
    int64_t value;
    CHECK(pyssl_constant("PYSSL_NO_SUCH_THING", &value) == PYSSL_ERR_ABSENT);
    CHECK(pyssl_error_last(&error) == PYSSL_OK);
    for (size_t i = 0; i < error.entry_count; i++)
        CHECK(pyssl_error_entry_at(i, &entry) == PYSSL_OK && entry.library != NULL);
    CHECK(pyssl_error_entry_at(error.entry_count, &entry) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_error_entry_at((size_t)-1, &entry) == PYSSL_ERR_ARGUMENT);
}

/* The loop one writes first: everything about a failure, then print it. */
static void the_strings_of_a_failure_live_until_the_next_one(void) {
    const uint8_t garbage[] = {0x30, 0x03, 0x02, 0x01, 0x2a};
    pyssl_error error;
    pyssl_error_entry entry, other;
    pyssl_x509 *cert;
    pyssl_ctx *ctx;
    pyssl_conn *conn;
    size_t i, read = 0;
    uint8_t byte;

    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK && pyssl_conn_new(ctx, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pyssl_x509_load(PYSSL_FILETYPE_ASN1, garbage, sizeof garbage, &cert) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.entry_count > 0);
    CHECK(pyssl_error_entry_at(0, &entry) == PYSSL_OK);
    for (i = 0; i < error.entry_count; i++) {
        CHECK(pyssl_error_entry_at(i, &other) == PYSSL_OK && pyssl_error_message() == error.message);
        read += strlen(error.message) + strlen(entry.reason) + strlen(other.reason);
    }
    /* Answers and good calls come between. */
    CHECK(pyssl_conn_recv(conn, &byte, 1, 0) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_do_handshake(conn) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.status == PYSSL_ERROR);
    CHECK(strstr(pyssl_error_message(), entry.reason) != NULL && strcmp(entry.library, "") != 0 && read > 0);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && pyssl_ctx_free(ctx) == PYSSL_OK);
}

static void statuses_have_names(void) {
    int64_t value;
    int status;

    CHECK(strcmp(pyssl_status_name(PYSSL_OK), "PYSSL_OK") == 0);
    CHECK(strcmp(pyssl_status_name(PYSSL_ERR_WANT_READ), "PYSSL_ERR_WANT_READ") == 0);
    CHECK(strcmp(pyssl_status_name(1234), "PYSSL_OK") == 0); /* so many bytes */
    for (status = 0; strcmp(pyssl_status_name(status), "unknown status") != 0; status--)
        CHECK(pyssl_constant(pyssl_status_name(status), &value) == PYSSL_OK && value == status);
    CHECK(status < PYSSL_ERR_MEMORY);
    CHECK(strcmp(pyssl_status_name(-1000), "unknown status") == 0);
}

static void unknown_flags_of_a_receive_are_refused(void) {
    pyssl_ctx *ctx;
    pyssl_conn *conn;
    uint8_t byte;

    CHECK(pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) == PYSSL_OK && pyssl_conn_new(ctx, &conn) == PYSSL_OK);
    CHECK(pyssl_conn_set_connect_state(conn) == PYSSL_OK);
    CHECK(pyssl_conn_recv(conn, &byte, 1, 0x40) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_recv(conn, &byte, 1, PYSSL_MSG_PEEK | 1) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_conn_bio_pending(conn) == 0); /* no ClientHello was written */
    CHECK(pyssl_conn_recv(conn, &byte, 1, PYSSL_MSG_PEEK) == PYSSL_ERR_WANT_READ);
    CHECK(pyssl_conn_free(conn) == PYSSL_OK && pyssl_ctx_free(ctx) == PYSSL_OK);
}

int main(void) {
    RUN(the_version_is_the_one_of_the_build);
    RUN(openssl_is_3_0_or_later_and_tells_of_itself);
    RUN(constants_are_found_by_name);
    RUN(an_unknown_constant_is_absent_and_leaves_out_alone);
    RUN(null_arguments_are_refused_by_name);
    RUN(text_that_is_not_utf8_is_refused);
    RUN(an_error_stays_until_the_next_failure_or_clear);
    RUN(the_error_queue_ends_where_entry_count_says);
    RUN(the_strings_of_a_failure_live_until_the_next_one);
    RUN(statuses_have_names);
    RUN(unknown_flags_of_a_receive_are_refused);
    return 0;
}
