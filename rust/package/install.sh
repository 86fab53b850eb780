#!/bin/sh
# install.sh FROM: installs the library that cargo left in the directory FROM for C programs. `make install` calls it.
#
# From the environment: PREFIX (/usr/local), LIBDIR ($PREFIX/lib, absolute), DESTDIR (none: put before every path that is
# written, but into no file). OPENSSL is `embedded` or `system`: what the library was built on. STRIP, LD, OBJCOPY, AR and
# NM name tools; an empty STRIP leaves the shared library's debug information in.
set -eu
cd "$(dirname "$0")/../.."
from=$1
PREFIX=${PREFIX:-/usr/local}
LIBDIR=${LIBDIR:-$PREFIX/lib}
OPENSSL=${OPENSSL:-embedded}
root=${DESTDIR:-}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' rust/Cargo.toml | head -n 1)
SONAME=$(sed -n 's/.*-soname,\(libpyssl\.so\.[0-9]*\).*/\1/p' rust/build.rs)
[ -n "$VERSION" ] && [ -n "$SONAME" ] || { echo "install.sh: no version in rust/Cargo.toml, or no SONAME in rust/build.rs" >&2; exit 1; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT

main() {
    archive "$from/libpyssl.a" "$made/libpyssl.a"
    describe_links
    mkdir -p "$root$LIBDIR/cmake/pyssl" "$root$LIBDIR/pkgconfig" "$root$PREFIX/include" "$root$PREFIX/share/doc/libpyssl"

    install -m 755 "$from/libpyssl.so" "$root$LIBDIR/libpyssl.so.$VERSION"
    [ -z "${STRIP-strip}" ] || "${STRIP-strip}" --strip-unneeded "$root$LIBDIR/libpyssl.so.$VERSION"
    ln -sf "libpyssl.so.$VERSION" "$root$LIBDIR/$SONAME"
    ln -sf "$SONAME" "$root$LIBDIR/libpyssl.so"
    install -m 644 "$made/libpyssl.a" "$root$LIBDIR/libpyssl.a"
    install -m 644 include/pyssl.h include/pyssl_constants.h include/pyssl_checked.h "$root$PREFIX/include"

    fill pyssl.pc "$LIBDIR/pkgconfig"
    fill pysslConfig.cmake "$LIBDIR/cmake/pyssl"
    fill pysslConfigVersion.cmake "$LIBDIR/cmake/pyssl"

    python3 tools/reference.py include/pyssl.h "$VERSION" >"$made/reference.html"
    install -m 644 "$made/reference.html" LICENSE docs/abi.md c-examples/*.c "$root$PREFIX/share/doc/libpyssl"
    echo "libpyssl $VERSION ($OPENSSL OpenSSL) is in $root$PREFIX"
}

# The archive as one object that defines pyssl_* and nothing else. So a program may link OpenSSL or other Rust
# libraries beside it. (Sections of LLVM's own are useless once joined, and upset tools that read them.)
archive() { # FROM TO
    sed 's/^/-u /' tests/data/symbols.txt >"$made/wanted"
    "${LD:-ld}" -r --gc-sections "@$made/wanted" -o "$made/all.o" --whole-archive "$1"
    "${OBJCOPY:-objcopy}" --strip-debug -R .llvmbc -R .llvmcmd --keep-global-symbols=tests/data/symbols.txt \
        "$made/all.o" "$made/pyssl.o"
    "${AR:-ar}" rcs "$2" "$made/pyssl.o"
}

# What a program that links the archive needs beside it.
describe_links() {
    case $OPENSSL in
        embedded) REQUIRES= beside= ;;
        system) REQUIRES='libssl >= 3.0.0, libcrypto >= 3.0.0' beside='ssl;crypto;' ;;
        *) echo "install.sh: OPENSSL is embedded or system, not $OPENSSL" >&2; exit 1 ;;
    esac
    STATIC_LIBRARIES="${beside}util;rt;pthread;m;dl"
}

fill() { # NAME DIRECTORY: the template of that name, filled in
    sed -e "s|@PC_TO_PREFIX@|$(realpath -m --relative-to="$LIBDIR/pkgconfig" "$PREFIX")|" -e "s|@VERSION@|$VERSION|" -e "s|@REQUIRES@|$REQUIRES|" \
        -e "s|@SONAME@|$SONAME|" -e "s|@MAJOR@|${VERSION%%.*}|" -e "s|@STATIC_LIBRARIES@|$STATIC_LIBRARIES|" \
        -e "s|@TO_PREFIX@|$(realpath -m --relative-to="$LIBDIR/cmake/pyssl" "$PREFIX")|" \
        -e "s|@POINTER@|$(($(getconf LONG_BIT) / 8))|" "rust/package/$1.in" >"$made/$1"
    install -m 644 "$made/$1" "$root$2/$1"
}

main
