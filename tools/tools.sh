#!/bin/sh
# tools.sh [--check] NEED...: makes sure that this machine has what the suites need. A need is a command, or one of the words of
# works() below, and is found out by using it: a compiler is asked to compile, a library to link.
#
# Installs the Debian packages of the missing ones with apt where it can (root and apt-get) and may (no --check). Where a
# need is missing after that, one sentence names needs and packages, and the result is 1. PYTHON is the Python that runs
# the tests (python3).
set -eu

python=${PYTHON:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

main() {
    may_install=yes
    if [ "$1" = --check ]; then
        may_install=''
        shift
    fi
    missing=$(missing "$@")
    [ -n "$missing" ] || exit 0
    if [ -n "$may_install" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Needed here:$(named "$missing"). apt-get installs$(packages_of "$missing")."
        install_packages "$missing"
        missing=$(missing "$@")
        [ -n "$missing" ] || exit 0
    fi
    echo "This machine lacks$(named "$missing"): install the Debian packages$(packages_of "$missing")." >&2
    exit 1
}

# Tells whether a need is met.
works() {
    case $1 in
        cc) program 'int main(void) { return 0; }' cc -x c ;;
        c++) program '#include <vector>
            int main() { return 0; }' c++ -x c++ ;;
        asan) program 'int main(void) { return 0; }' cc -x c -fsanitize=address,undefined ;; # tests/CMakeLists.txt
        fuzzer) program '#include <stddef.h>
            int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) { return data == 0 && size > 0; }' \
            clang -x c -fsanitize=fuzzer,address,undefined -- -runs=1 ;; # tests/fuzz/run.sh
        tsan) program 'int main(void) { return 0; }' clang -x c -fsanitize=thread ;; # tools/tsan.sh
        Python.h) # the compiled modules of the package, and tests/handoff
            include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])') &&
                program '#include <Python.h>
                int main(void) { return 0; }' cc -x c -I"$include" ;;
        libssl) # what rust's feature `system` links
            command -v pkg-config && flags=$(pkg-config --cflags --libs 'openssl >= 3.0') &&
                # shellcheck disable=SC2086 # a word for each flag
                program '#include <openssl/ssl.h>
                int main(void) { return SSL_CTX_new(TLS_method()) == 0; }' cc -x c - $flags ;;
        ruby) ruby -e 'require "fiddle"; require "minitest"' ;;
        valgrind) valgrind --quiet true ;; # wants the C library's symbols
        *) command -v "$1" ;;
    esac
}

# program SOURCE COMPILER FLAG... [-- ARGUMENT...]: compiles, links and runs a program. The flags may place the `-` that
# stands for the source.
program() {
    printf '%s\n' "$1" >"$scratch/probe.c"
    shift
    command -v "$1" || return 1
    arguments='' command='' placed=''
    while [ $# -gt 0 ]; do
        case $1 in
            --) shift; arguments=$*; break ;;
            -) command="$command $scratch/probe.c"; placed=yes ;;
            *) command="$command $1" ;;
        esac
        shift
    done
    [ -n "$placed" ] || command="$command $scratch/probe.c"
    # shellcheck disable=SC2086 # words
    $command -o "$scratch/probe" && "$scratch/probe" $arguments
}

# Prints the Debian packages that meet a need.
packages() {
    case $1 in
        cc | asan) echo gcc libc6-dev ;;
        c++) echo g++ ;;
        fuzzer | tsan) echo clang libclang-rt-dev ;;
        Python.h) echo libc6-dev "$("$python" -c 'import sys; print("python%d.%d-dev" % sys.version_info[:2])')" ;;
        libssl) echo pkg-config libssl-dev ;;
        nm | readelf) echo binutils ;;
        abidiff | abidw) echo abigail-tools ;;
        node) echo nodejs ;;
        ruby) echo ruby ruby-minitest ;;
        unshare) echo util-linux ;;
        *) echo "$1" ;;
    esac
}

missing() {
    for need; do
        works "$need" >"$scratch/log" 2>&1 || printf ' %s' "$need"
    done
}

packages_of() {
    for need in $1; do packages "$need"; done | tr ' ' '\n' | sort -u | sed 's/^/ /' | tr -d '\n'
}

# " a, b" for " a b".
named() {
    echo "$1" | sed 's/\([^ ]\) /\1, /g'
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    names=$(packages_of "$1")
    install() { apt-get install -qq -y --no-install-recommends "$@" >"$scratch/log" 2>&1; }
    # shellcheck disable=SC2086 # a word for each package
    install $names || apt-get update -qq || true
    for name in $names; do # a package that apt does not know keeps none of the others away
        install "$name" || { echo "apt-get install $name:" && tail -n 3 "$scratch/log"; } >&2
    done
}

main "$@"
