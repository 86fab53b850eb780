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

int main(void) {
    RUN(the_version_is_the_one_of_the_build);
    RUN(openssl_is_3_0_or_later_and_tells_of_itself);
    RUN(constants_are_found_by_name);
    RUN(an_unknown_constant_is_absent_and_leaves_out_alone);
    RUN(null_arguments_are_refused_by_name);
    RUN(text_that_is_not_utf8_is_refused);
    RUN(an_error_stays_until_the_next_failure_or_clear);
    RUN(the_error_queue_ends_where_entry_count_says);
    return 0;
}
