#!/bin/sh
# dump.sh HEADER OUT: writes the ABI that a header declares, as libabigail sees it.
set -eu
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$(dirname "$0")/stub.sh" "$1" "$made/libpyssl.so.0"
abidw --no-corpus-path --no-comp-dir-path --no-show-locs "$made/libpyssl.so.0" >"$2"
