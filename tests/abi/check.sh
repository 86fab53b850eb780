#!/bin/sh
# check.sh DIRECTORY HEADER: fails unless the header keeps every promise of the release in the directory (docs/abi.md).
set -eu
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

"$(dirname "$0")/dump.sh" "$2" "$made/now.abi"
abidiff --no-added-syms "$1/pyssl.abi" "$made/now.abi" || {
    echo "$2 breaks programs that were built with $1/pyssl.h" >&2
    exit 1
}
# Of the constants, the version's own change with each release.
constants() { sed -n -e '/PYSSL_VERSION_/d' -e 's/^#define \(PYSSL_[A-Z0-9_]* [-0-9a-fx]*\)$/\1/p' "$1" | LC_ALL=C sort; }
constants "$1/pyssl.h" >"$made/then"
constants "$2" >"$made/now"
[ -s "$made/then" ] || { echo "no constants in $1/pyssl.h" >&2; exit 1; }
LC_ALL=C comm -23 "$made/then" "$made/now" >"$made/gone"
[ ! -s "$made/gone" ] || {
    echo "constants of $1/pyssl.h that are gone or have another value:" >&2
    cat "$made/gone" >&2
    exit 1
}
