/* libFuzzer's entry. The program's name says which target it runs: fuzz_certificate, and so on (run.sh). */
#include "fuzz.h"

uint8_t scratch[1 << 20];
size_t scratch_len;

static const struct {
    const char *name;
    void (*run)(const uint8_t *data, size_t size);
} targets[] = {
    {"certificate", fuzz_certificate},
    {"request", fuzz_request},
    {"crl", fuzz_crl},
    {"pkcs7", fuzz_pkcs7},
    {"pkcs12", fuzz_pkcs12},
    {"spki", fuzz_spki},
    {"key", fuzz_key},
    {"session", fuzz_session},
    {"session_rules", fuzz_session_rules},
    {"server", fuzz_server},
    {"hostile_server", fuzz_hostile_server},
    {"mutual", fuzz_mutual},
    {"established", fuzz_established},
    {"dtls", fuzz_dtls},
    {"records", fuzz_records},
    {"pem", fuzz_pem},
    {"store_ctx", fuzz_store_ctx},
};

static void (*target)(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const char *name = strstr((*argv)[0], "/fuzz_");
    size_t i;

    (void)argc;
    for (i = 0; name != NULL && i < sizeof targets / sizeof *targets; i++)
        if (strcmp(name + strlen("/fuzz_"), targets[i].name) == 0)
            target = targets[i].run;
    if (target == NULL) {
        fprintf(stderr, "%s: no target has this name\n", (*argv)[0]);
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static size_t before = SIZE_MAX;

    target(data, size);
    if (before == SIZE_MAX)
        before = pyssl_handle_count(); /* contexts that targets make once */
    MUST(pyssl_handle_count() == before);
    return 0;
}

int fine(ptrdiff_t status) {
    MUST(status != PYSSL_ERR_PANIC && status != PYSSL_ERR_HANDLE);
    return status >= PYSSL_OK;
}

uint8_t take(struct input *input) {
    uint8_t byte = 0;

    if (input->size > 0) {
        byte = *input->data++;
        input->size--;
    }
    return byte;
}

struct input take_bytes(struct input *input, size_t count) {
    struct input taken = *input;

    if (taken.size > count)
        taken.size = count;
    input->data += taken.size;
    input->size -= taken.size;
    return taken;
}
