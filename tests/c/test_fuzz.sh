#!/usr/bin/env bash
# The fuzz targets on their seeds and up to a thousand variations each; `make fuzz` runs them for minutes.
set -euo pipefail
PYSSL_FUZZ_DIR=$(mktemp -d)
export PYSSL_FUZZ_DIR
trap 'rm -rf "$PYSSL_FUZZ_DIR"' EXIT
"$(dirname "$0")/../fuzz/run.sh" "$PYSSL_LIBRARY" 0
