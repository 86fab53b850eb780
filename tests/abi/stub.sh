#!/bin/sh
# stub.sh HEADER OUT: a shared object that defines every function of the header, without doing anything.
#
# It stands for the library where only declarations matter: abidw reads its debug information (that of the library
# describes Rust's types), and programs are linked with it as with the release that the header is of.
set -eu
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
python3 "$(dirname "$0")/define.py" "$1" >"$made/stub.c"
"${CC:-cc}" -std=c99 -g -fno-eliminate-unused-debug-types -fPIC -shared -Wl,-soname,libpyssl.so.0 \
    -I "$(dirname "$1")" -I "$(dirname "$0")/../../include" -o "$2" "$made/stub.c"
