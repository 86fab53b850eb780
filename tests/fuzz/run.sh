#!/usr/bin/env bash
# run.sh LIBRARY SECONDS [TARGET...]: libFuzzer on each parser entry and on a server, so many seconds each.
#
# It starts from the seeds in tests/fuzz/TARGET; what it finds goes to target/fuzz/corpus/TARGET, and is gone on with the
# next time. A crash ends the run and leaves its input in target/fuzz. SECONDS 0 runs the seeds and a thousand variations.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
library=$(realpath "$1")
seconds=$2
shift 2
[ $# -gt 0 ] || set -- certificate request crl pkcs7 pkcs12 spki key session server
made=${PYSSL_FUZZ_DIR:-$root/target/fuzz}
mkdir -p "$made/lib"
ln -sfn "$library" "$made/lib/libpyssl.so.0"

for target; do
    corpus=$made/corpus/$target
    mkdir -p "$corpus"
    clang -std=c99 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -DFUZZ="fuzz_$target" \
        -I "$root/include" "$root/tests/fuzz/fuzz.c" -o "$made/fuzz_$target" "$library" -Wl,-rpath,"$made/lib"
    if [ "$seconds" -gt 0 ]; then limit=-max_total_time=$seconds; else limit=-runs=1000; fi
    "$made/fuzz_$target" "$limit" -max_len=20000 -timeout=20 -verbosity=0 -print_final_stats=1 -artifact_prefix="$made/$target-" \
        "$corpus" "$root/tests/fuzz/$target" >"$made/$target.log" 2>&1 || {
        tail -n 60 "$made/$target.log" >&2
        exit 1
    }
    echo "ok $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$made/$target.log") inputs"
done
