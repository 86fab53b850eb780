#!/usr/bin/env bash
# tsan.sh DIRECTORY: the threads of tests/c under ThreadSanitizer, the library's Rust code included. OpenSSL (the one that
# OPENSSL_DIR names) and Rust's standard library are as they are. Needs clang and its runtime; what is no option of a stable
# rustc is asked of it all the same. ROUNDS is how often each program runs (5).
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$(realpath -m "$1")
target=$(rustc -vV | sed -n 's/^host: //p')

RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer -Zexternal-clangrt" \
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo build --release --lib -p pyssl --target "$target" --target-dir "$directory"
library=$directory/$target/release
ln -sfn libpyssl.so "$library/libpyssl.so.0"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' rust/Cargo.toml | head -n 1)

# What rustc calls and clang 14 has not.
cat >"$directory/missing.c" <<'END'
#include <string.h>
void *__tsan_memcpy(void *to, const void *from, size_t len) { return memcpy(to, from, len); }
void *__tsan_memmove(void *to, const void *from, size_t len) { return memmove(to, from, len); }
void *__tsan_memset(void *to, int byte, size_t len) { return memset(to, byte, len); }
END
# Once, in the standard library, synchronizes unseen.
echo 'race:once_lock' >"$directory/suppressions"
export PYSSL_CACHES=off # the races of what is freed are seen
export TSAN_OPTIONS="suppressions=$directory/suppressions halt_on_error=1"
for name in test_threads test_many test_crowded; do
    clang -g -O1 -fsanitize=thread -fno-builtin -rdynamic -pthread -Iinclude -D_POSIX_C_SOURCE=200809L \
        -DPYSSL_TEST_VERSION="\"$version\"" "tests/c/$name.c" "$directory/missing.c" -o "$directory/$name" \
        "$library/libpyssl.so.0" "-Wl,-rpath,$library"
    for ((round = 1; round <= ${ROUNDS:-5}; round++)); do
        echo "$name, round $round"
        # The short form: the long one leaves a thread inside of a callback, beside which nothing can be ended in order.
        "$directory/$name" short
    done
done
