#!/usr/bin/env bash
# run.sh LIBRARY SECONDS [TARGET...]: libFuzzer on each target of main.c, so many seconds each.
#
# It starts from the seeds in tests/fuzz/TARGET; what it finds goes to target/fuzz/corpus/TARGET, and is gone on with the
# next time. A crash ends the run and leaves its input in target/fuzz. SECONDS 0 runs the seeds and a thousand variations,
# or as many as three seconds allow. The hostile peers are an OpenSSL of their own: the static one in OPENSSL_STATIC_DIR,
# or the newest that a release build has left in target/release.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
library=$(realpath "$1")
seconds=$2
shift 2
[ $# -gt 0 ] || mapfile -t -O 1 targets < <(sed -n 's/^    {"\([a-z0-9_]*\)", fuzz_.*/\1/p' "$root/tests/fuzz/main.c")
[ $# -gt 0 ] || set -- "${targets[@]}"
openssl=${OPENSSL_STATIC_DIR:-$(ls -dt "$root"/target/release/build/openssl-sys-*/out/openssl-build/install 2>/dev/null | head -n 1)}
[ -n "$openssl" ] || { echo "run.sh: no static OpenSSL in target/release: cargo build --release makes it" >&2; exit 1; }
made=${PYSSL_FUZZ_DIR:-$root/target/fuzz}
mkdir -p "$made/lib"
ln -sfn "$library" "$made/lib/libpyssl.so.0"

clang -std=c99 -D_POSIX_C_SOURCE=200809L -g -O1 -Wall -Wextra -fsanitize=fuzzer,address,undefined \
    -fno-sanitize-recover=undefined -I "$root/include" -I "$openssl/include" "$root"/tests/fuzz/*.c -o "$made/fuzz" \
    -Wl,--wrap=dtls1_write_bytes "$library" -Wl,-rpath,"$made/lib" \
    "$(find "$openssl" -name libssl.a)" "$(find "$openssl" -name libcrypto.a)" -lpthread -ldl

for target; do
    corpus=$made/corpus/$target
    mkdir -p "$corpus"
    ln -sfn fuzz "$made/fuzz_$target"
    if [ "$seconds" -gt 0 ]; then limit=(-max_total_time="$seconds"); else limit=(-runs=1000 -max_total_time=3); fi
    # Our caches are off: what is freed goes to ASan, so that it sees who uses it still.
    PYSSL_CACHES=off "$made/fuzz_$target" "${limit[@]}" -max_len=20000 -timeout=20 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$made/$target-" "$corpus" "$root/tests/fuzz/$target" >"$made/$target.log" 2>&1 || {
        tail -n 60 "$made/$target.log" >&2
        exit 1
    }
    echo "ok $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$made/$target.log") inputs"
done
