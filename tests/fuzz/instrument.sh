#!/usr/bin/env bash
# instrument.sh DIRECTORY: builds libpyssl.so there for fuzzing: OpenSSL with ASan, and it and the Rust code with what
# guides libFuzzer to new code. Takes some minutes the first time. Only a program made with clang's
# -fsanitize=fuzzer,address (run.sh) can load it.
set -euo pipefail
cd "$(dirname "$0")/../.."
directory=$1
target=$(rustc -vV | sed -n 's/^host: //p')

unset OPENSSL_NO_VENDOR OPENSSL_DIR OPENSSL_STATIC
export CC=clang CFLAGS="-fsanitize=address,fuzzer-no-link -g1"
# The same passes of LLVM for Rust's code. Without link-time optimization, which takes longer than it saves here.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
export CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
# --target keeps the flags off build scripts.
cargo build --release --lib -p pyssl --target "$target" --target-dir "$directory"
ln -sfn "$target/release/libpyssl.so" "$directory/libpyssl.so"
