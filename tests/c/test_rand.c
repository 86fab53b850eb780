/* The random generator, seed files, and an entropy daemon that this program forks. */

#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/pyssl-rand-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void draws(void) {
    uint8_t a[32] = {0}, b[32] = {0};
    CHECK(pyssl_rand_status() == 1);
    CHECK(pyssl_rand_bytes(a, sizeof a) == PYSSL_OK);
    CHECK(pyssl_rand_bytes(b, sizeof b) == PYSSL_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(pyssl_rand_bytes(NULL, 0) == PYSSL_OK);
    CHECK(pyssl_rand_bytes(NULL, 1) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_rand_add(a, sizeof a, 0.0) == PYSSL_OK);
    CHECK(pyssl_rand_add(NULL, 0, 5.0) == PYSSL_OK);
    CHECK(pyssl_rand_add(NULL, 5, 5.0) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_rand_seed(a, sizeof a) == PYSSL_OK);
    CHECK(pyssl_rand_cleanup() == PYSSL_OK);
    CHECK(pyssl_rand_status() == 1);
}

static void files(void) {
    struct stat info;
    struct pyssl_error error;
    size_t count = 0;
    CHECK(pyssl_rand_write_file(in_folder("seed"), &count) == PYSSL_OK);
    CHECK(count == 1024);
    CHECK(stat(in_folder("seed"), &info) == 0);
    CHECK(info.st_size == 1024 && (info.st_mode & 0777) == 0600);
    CHECK(pyssl_rand_load_file(in_folder("seed"), -1, &count) == PYSSL_OK && count == 1024);
    CHECK(pyssl_rand_load_file(in_folder("seed"), 100, &count) == PYSSL_OK && count == 100);
    CHECK(pyssl_rand_load_file(NULL, -1, &count) == PYSSL_ERR_ARGUMENT);
    CHECK(pyssl_rand_load_file(in_folder("none"), -1, &count) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK);
    CHECK(error.sys_errno == ENOENT && strcmp(error.path, in_folder("none")) == 0);
    CHECK(unlink(in_folder("seed")) == 0);
}

/* Answers one connection: as asked, but with less than it announces where 7 bytes are asked for. */
static void serve(int listener) {
    uint8_t command[2], answer[256] = {0};
    int client = accept(listener, NULL, NULL);
    while (read(client, command, 2) == 2) {
        size_t size = command[1] == 7 ? 3 : (size_t)command[1] + 1;
        answer[0] = command[1];
        if (write(client, answer, size) < 0 || command[1] == 7)
            break;
    }
    close(client);
}

static void entropy_daemon(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pyssl_error error;
    size_t count = 0;
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    pid_t child;

    CHECK(pyssl_rand_egd(in_folder("egd"), 20, 1000, &count) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == ENOENT);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_folder("egd"));
    CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(listener, 5) == 0);

    CHECK(pyssl_rand_egd(in_folder("egd"), 20, 100, &count) == PYSSL_ERROR);
    CHECK(pyssl_error_last(&error) == PYSSL_OK && error.sys_errno == ETIMEDOUT);
    CHECK(pyssl_rand_egd(in_folder("egd"), -1, 100, &count) == PYSSL_ERR_ARGUMENT);
    close(accept(listener, NULL, NULL)); /* the one that gave up */

    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        serve(listener);
        serve(listener);
        _exit(0);
    }
    CHECK(pyssl_rand_egd(in_folder("egd"), 600, 5000, &count) == PYSSL_OK && count == 600);
    CHECK(pyssl_rand_egd(in_folder("egd"), 7, 5000, &count) == PYSSL_ERROR);
    CHECK(waitpid(child, NULL, 0) == child);
    close(listener);
    CHECK(unlink(in_folder("egd")) == 0);
}

int main(void) {
    size_t handles = pyssl_handle_count();
    CHECK(mkdtemp(folder) != NULL);
    draws();
    files();
    entropy_daemon();
    CHECK(rmdir(folder) == 0);
    CHECK(pyssl_handle_count() == handles);
    return 0;
}
