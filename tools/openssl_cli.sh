#!/bin/sh
# openssl_cli.sh INSTALLED DIRECTORY: makes DIRECTORY/openssl, the command-line program of the OpenSSL that the library
# embeds. INSTALLED is where cargo has put that OpenSSL's static libraries; the program's source is openssl-src's, the
# crate they were built from. Configured as that crate does it; only apps/ is compiled.
set -eu

installed=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd)
[ -f "$installed/lib/libssl.a" ] || { echo "no libssl.a in '$installed/lib': cargo build --release first" >&2; exit 1; }

manifest=$(cargo metadata --format-version 1 --locked | tr ',' '\n' | sed -n 's|.*"manifest_path":"\(.*/openssl-src-[^/"]*/Cargo.toml\)".*|\1|p')
[ -f "$manifest" ] || { echo "cargo has no source of openssl-src" >&2; exit 1; }
source=$(dirname "$manifest")/openssl

build=$directory/build
rm -rf "$build"
mkdir "$build"
cd "$build"
{
    "$source/Configure" no-shared no-module no-tests no-docs no-comp no-zlib no-ssl3
    cp "$installed/lib/libssl.a" "$installed/lib/libcrypto.a" .
    make build_generated
    # -o: the libraries are as new as their sources.
    make -j 2 -o libssl.a -o libcrypto.a apps/openssl
} >"$directory/log" 2>&1 || { tail -n 20 "$directory/log" >&2; exit 1; }
cp apps/openssl "$directory/openssl"
rm -rf "$build"
