#!/usr/bin/env bash
# Today's library under a program that was compiled with the last release's header and linked with that release's
# symbols (docs/abi.md). $PYSSL_LIBRARY is the library.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
release=$root/tests/abi/0.1
mkdir "$dir/then" "$dir/now"
ln -s "$(realpath "$PYSSL_LIBRARY")" "$dir/now/libpyssl.so.0"

"$root/tests/abi/stub.sh" "$release/pyssl.h" "$dir/then/libpyssl.so.0"
${CC:-cc} -std=c99 -Wall -Wextra -Werror -I "$release" "$root/tests/abi/program.c" -o "$dir/program" "$dir/then/libpyssl.so.0"
LD_LIBRARY_PATH=$dir/now "$dir/program"
echo "ok a program of the last release runs"

# Every function of that release is there: with LD_BIND_NOW the program starts only if all are found.
{
    echo '#include <pyssl.h>'
    echo 'typedef void (*any)(void);'
    echo 'any all[] = {'
    nm -D --defined-only "$dir/then/libpyssl.so.0" | sed -n 's/.* T \(pyssl_.*\)/    (any)\1,/p'
    echo '};'
    echo 'int main(void) { return all[0] == 0 || pyssl_version()[0] == 0; }'
} >"$dir/all.c"
functions=$(grep -c '(any)' "$dir/all.c")
[ "$functions" -gt 100 ]
${CC:-cc} -std=c99 -I "$release" "$dir/all.c" -o "$dir/all" "$dir/then/libpyssl.so.0"
LD_BIND_NOW=1 LD_LIBRARY_PATH=$dir/now "$dir/all"
echo "ok its $functions functions are there"

# The comparison itself notices what it is for.
broken() { # WHAT SED: the header with that change is refused
    sed "$2" "$root/include/pyssl.h" >"$dir/broken.h"
    if cmp -s "$dir/broken.h" "$root/include/pyssl.h"; then echo "FAILED: nothing to change for: $1" >&2; exit 1; fi
    if "$root/tests/abi/check.sh" "$release" "$dir/broken.h" >"$dir/report" 2>&1; then
        echo "FAILED: unnoticed: $1" >&2
        exit 1
    fi
    echo "ok noticed: $1"
}
"$root/tests/abi/check.sh" "$release" "$root/include/pyssl.h"
broken "a parameter of another type" 's/^pyssl_status pyssl_rand_seed(const uint8_t \*data, size_t data_len);/pyssl_status pyssl_rand_seed(const uint8_t *data, int data_len);/'
broken "a function that is gone" 's/^uint64_t pyssl_openssl_version_number(void);//'
broken "a structure that grew" 's/^    size_t entry_count;/    size_t entry_count; int more;/'
broken "a constant of another value" 's/^#define PYSSL_ERR_EOF -7/#define PYSSL_ERR_EOF -70/'
sed 's/^uint64_t pyssl_openssl_version_number(void);/&\nint pyssl_one_more(int one);/' "$root/include/pyssl.h" >"$dir/more.h"
"$root/tests/abi/check.sh" "$release" "$dir/more.h"
echo "ok an addition is fine"
