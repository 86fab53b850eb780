#!/usr/bin/env bash
# `make install` into an empty prefix, and what people do with what is there: C99 and C++17 programs by pkg-config and
# by CMake, with the shared library and with the archive. $PYSSL_LIBRARY tells where cargo left the library, $OPENSSL
# (embedded) what that rests on: `embedded`, or `system` as in `make test-system`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
CC=${CC:-cc} CXX=${CXX:-c++} OPENSSL=${OPENSSL:-embedded}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

install_to() { # MAKE'S VARIABLES...
    make -s -C "$root" install FROM="$(dirname "$PYSSL_LIBRARY")" OPENSSL="$OPENSSL" "$@" >/dev/null
}

install_to PREFIX="$dir/prefix"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/rust/Cargo.toml" | head -n 1)
(cd prefix && find . ! -type d | LC_ALL=C sort) >files
grep -v '/doc/' files | diff - <(
    cat <<EOF
./include/pyssl.h
./include/pyssl_checked.h
./include/pyssl_constants.h
./lib/cmake/pyssl/pysslConfig.cmake
./lib/cmake/pyssl/pysslConfigVersion.cmake
./lib/libpyssl.a
./lib/libpyssl.so
./lib/libpyssl.so.0
./lib/libpyssl.so.$version
./lib/pkgconfig/pyssl.pc
EOF
) || fail "what is installed"
[ "$(readlink -f prefix/lib/libpyssl.so)" = "$dir/prefix/lib/libpyssl.so.$version" ] || fail "the links"
objdump -p prefix/lib/libpyssl.so >objdump.out
grep -q 'SONAME *libpyssl.so.0$' objdump.out || fail "the SONAME"
needed=$(sed -n 's/^ *NEEDED *\(lib\(ssl\|crypto\)\.so\).*/\1/p' objdump.out | sort | xargs)
case $OPENSSL in
    embedded) needs= requires= ;;
    system) needs="libcrypto.so libssl.so" requires="libssl >= 3.0.0 libcrypto >= 3.0.0" ;;
esac
[ "$needed" = "$needs" ] || fail "the library needs: ${needed:-nothing of OpenSSL}"
nm -g --defined-only prefix/lib/libpyssl.a | sed -n 's/.* [TDBRVW] //p' | LC_ALL=C sort | diff - "$root/tests/data/symbols.txt" || fail "the archive defines more, or less"
for function in $(cat "$root/tests/data/symbols.txt"); do
    grep -q "<article id=\"$function\">" prefix/share/doc/libpyssl/reference.html || fail "the reference lacks $function"
done
echo "ok what is installed"

cat >program.c <<'EOF'
#include <pyssl.h>
#include <stdio.h>

static int callback(void *userdata, pyssl_conn *conn, pyssl_x509 *cert, int error, int depth, int ok) {
    (void)userdata, (void)conn, (void)error, (void)depth;
    pyssl_x509_free(cert);
    return ok;
}

int main(void) {
    pyssl_ctx *ctx;
    pyssl_pkey *key;

    if (pyssl_ctx_new(PYSSL_TLS_METHOD, &ctx) != PYSSL_OK || pyssl_ctx_free(ctx) != PYSSL_OK ||
        pyssl_ctx_set_verify(ctx, PYSSL_VERIFY_PEER, callback, NULL, NULL) != PYSSL_ERR_HANDLE ||
        pyssl_pkey_new(&key) != PYSSL_OK || pyssl_pkey_generate_ec(key, "P-256") != PYSSL_OK ||
        pyssl_pkey_free(key) != PYSSL_OK)
        return 1;
    printf("version %s\n", pyssl_version());
    return 0;
}
EOF
cp program.c program.cpp

runs() { # PROGRAM DIRECTORY: with the library of that directory and no other
    LD_LIBRARY_PATH=$2 ldd "$1" >ldd.out
    grep -qF "libpyssl.so.0 => $2/libpyssl.so.0 " ldd.out || fail "$1 runs with another library"
    [ "$(env -i LD_LIBRARY_PATH="$2" "$1")" = "version $version" ] || fail "$1"
}
runs_alone() { # PROGRAM: without any libpyssl.so
    ldd "$1" >ldd.out 2>&1 || true # "not a dynamic executable"
    ! grep -q libpyssl ldd.out || fail "$1 needs libpyssl.so"
    [ "$(env -i "$1")" = "version $version" ] || fail "$1"
}

# pkg-config
system_pc=
[ "$OPENSSL" = embedded ] || system_pc=:$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_LIBDIR=$dir/prefix/lib/pkgconfig$system_pc
strict="-Wall -Wextra -Wpedantic -Werror"
# shellcheck disable=SC2086,SC2046 # flags are words
{
    pkg-config --exact-version="$version" pyssl || fail "the version in pyssl.pc"
    [ "$(pkg-config --print-requires-private pyssl | xargs)" = "$requires" ] || fail "Requires.private"
    ! pkg-config --libs pyssl | grep -q -e -lssl || fail "a program with the shared library is told to link OpenSSL"
    $CC -std=c99 $strict program.c -o by_pc_c $(pkg-config --cflags --libs pyssl)
    $CXX -std=c++17 $strict program.cpp -o by_pc_cpp $(pkg-config --cflags --libs pyssl)
    runs ./by_pc_c "$dir/prefix/lib"
    runs ./by_pc_cpp "$dir/prefix/lib"
    echo "ok C99 and C++17 by pkg-config"
    $CC -std=c99 -static program.c -o static_c $(pkg-config --static --cflags --libs pyssl) 2>static.log || fail "$(cat static.log)"
    runs_alone ./static_c
    mkdir archive && cp prefix/lib/libpyssl.a archive # where there is no shared library, -lpyssl means the archive
    $CXX -std=c++17 program.cpp -o static_cpp $(pkg-config --static --cflags pyssl) -Larchive $(pkg-config --static --libs-only-l pyssl)
    runs_alone ./static_cpp
    echo "ok the archive by pkg-config --static"
}

# From a tree that was moved after it was installed: pkg-config, then CMake
mv prefix moved
# shellcheck disable=SC2046
(
    export PKG_CONFIG_LIBDIR=$dir/moved/lib/pkgconfig$system_pc
    $CC -std=c99 program.c -o by_pc_moved $(pkg-config --cflags --libs pyssl)
)
runs ./by_pc_moved "$dir/moved/lib"
echo "ok C99 by pkg-config from a tree that was moved"
mkdir project
cp program.c program.cpp project
cat >project/CMakeLists.txt <<EOF
cmake_minimum_required(VERSION 3.16)
project(user C CXX)
set(CMAKE_C_STANDARD 99)
set(CMAKE_CXX_STANDARD 17)
find_package(pyssl \${WANTED} REQUIRED)
foreach(language c cpp)
    add_executable(by_cmake_\${language} program.\${language})
    target_link_libraries(by_cmake_\${language} PRIVATE pyssl::pyssl)
    add_executable(static_\${language} program.\${language})
    target_link_libraries(static_\${language} PRIVATE pyssl::static)
endforeach()
EOF
for wanted in 0.9 1.0; do
    if cmake -S project -B newer -DCMAKE_PREFIX_PATH="$dir/moved" -DWANTED=$wanted >cmake.log 2>&1; then fail "$version does for $wanted"; fi
    grep -q "version: $version" cmake.log || fail "$(cat cmake.log)"
    rm -rf newer
done
{ cmake -S project -B built -DCMAKE_PREFIX_PATH="$dir/moved" -DWANTED="$version" -DCMAKE_SKIP_RPATH=ON && cmake --build built; } >cmake.log 2>&1 || fail "$(cat cmake.log)"
for language in c cpp; do
    runs "built/by_cmake_$language" "$dir/moved/lib"
    runs_alone "built/static_$language"
done
echo "ok C99 and C++17 by CMake"

# As a distribution does it: staged in DESTDIR, with a directory for the architecture.
install_to DESTDIR="$dir/stage" PREFIX=/usr LIBDIR=/usr/lib/arch-linux
! grep -rq "$dir" stage || fail "a file names the staging directory: $(grep -rl "$dir" stage)"
export PKG_CONFIG_LIBDIR=$dir/stage/usr/lib/arch-linux/pkgconfig$system_pc PKG_CONFIG_SYSROOT_DIR=$dir/stage
# shellcheck disable=SC2046
$CC -std=c99 program.c -o by_stage $(pkg-config --cflags --libs pyssl)
runs ./by_stage "$dir/stage/usr/lib/arch-linux"
rm -rf built
{ cmake -S project -B built -Dpyssl_DIR="$dir/stage/usr/lib/arch-linux/cmake/pyssl" -DWANTED=0.1 && cmake --build built; } >cmake.log 2>&1 || fail "$(cat cmake.log)"
runs built/by_cmake_c "$dir/stage/usr/lib/arch-linux"
echo "ok staged with DESTDIR and LIBDIR"
