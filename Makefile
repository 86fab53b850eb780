# GNU make. `make help` lists the targets.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
LIB    := target/release/libpyssl.so
ABI    := python/OpenSSL/_native/_abi.py
COMPILED := $(VENV)/compiled
SYSTEM := target/system/release/libpyssl.so
C_CODE  = $(wildcard c-examples/*.[ch] tests/c/*.[ch] bench/*.[ch] tests/fuzz/*.[ch] tests/abi/*.c python/speedups/*.[ch])
PYTHON_CODE := python tests bench tools setup.py
RELEASED := tests/abi/0.1

# Debug builds (tests, clippy) link the OpenSSL that the release build has made, instead of making a second one.
OPENSSL_MADE  = $(shell ls -dt $(CURDIR)/target/release/build/openssl-sys-*/out/openssl-build/install 2>/dev/null | head -n 1)
CARGO_DEBUG   = $(if $(OPENSSL_MADE),OPENSSL_NO_VENDOR=1 OPENSSL_STATIC=1 OPENSSL_DIR=$(OPENSSL_MADE)) cargo
# pkg-config finds the system's OpenSSL only where nothing in the environment names another.
CARGO_SYSTEM  = env -u OPENSSL_DIR -u OPENSSL_STATIC -u OPENSSL_NO_VENDOR cargo
SYSTEM_FLAGS := --no-default-features --features system --target-dir target/system
ctest = cmake -S tests -B $(1) -DPYSSL_LIBRARY=$(CURDIR)/$(2) && cmake --build $(1) && ctest --test-dir $(1) -j 2 --output-on-failure
CTEST = $(call ctest,target/ctest,$(LIB))
CTEST_SANITIZED = $(call ctest,target/ctest-sanitized,$(LIB) -DPYSSL_SANITIZE=ON)
CTEST_SYSTEM = $(call ctest,target/ctest-system,$(SYSTEM) -DPYSSL_OPENSSL=system) -E "_valgrind|test_fuzz"

# make install takes these, and STRIP, LD, OBJCOPY and AR (rust/package/install.sh).
DESTDIR ?=
PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
# embedded, or system: the library on the machine's own OpenSSL
OPENSSL ?= embedded
FROM    ?= $(if $(filter system,$(OPENSSL)),target/system/release,target/release)
FUZZ_SECONDS ?= 300
FUZZ_TARGETS ?=

.PHONY: build dev demo test test-all test-programs test-system test-pythons check check-rust check-python check-c check-header check-symbols
.PHONY: openssl-cli check-abi header abi-dump install wheel bench soak fuzz tsan idle fresh clean help library tools tools-system

# `test` installs tools before it builds: the compiled modules need Python.h.
.NOTPARALLEL:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 14

build: library $(VENV)/ready $(ABI) $(COMPILED) ## target/release/libpyssl.so and a .venv in which `import OpenSSL` works

dev: ## target/debug/libpyssl.so, without link-time optimization: seconds after a change; name it in PYSSL_LIBRARY
	$(CARGO_DEBUG) build
	@ln -sfn libpyssl.so target/debug/libpyssl.so.0

demo: build ## certificates, an HTTPS server, Python and C clients: the whole road, with a report
	$(PY) tests/demo/demo.py

test: tools build openssl-cli ## cargo test, ctest, pytest, Ruby, Lua on the embedded OpenSSL; ends with a line for each
	$(PY) tools/run.py 'cargo test=$(CARGO_DEBUG) test --workspace' \
	    'cargo test, no memory=$(CARGO_DEBUG) test -p pyssl --features failing-allocator --test no_memory' 'ctest=$(CTEST)' \
	    'ctest, C with ASan and UBSan=$(CTEST_SANITIZED)' \
	    'pytest, a subset under valgrind=$(PY) tools/memcheck.py' \
	    'pytest, compiled shim=PYSSL_FFI=api PYSSL_MUTATIONS=10000 $(PY) -m pytest' 'pytest, ABI mode=PYSSL_FFI=abi $(PY) -m pytest' \
	    'ruby=PYSSL_LIBRARY=$(CURDIR)/$(LIB) PYSSL_HEADER=$(CURDIR)/include/pyssl.h timeout 600 ruby -w bindings/ruby/run.rb' \
	    'luajit=PYTHON=$(PY) PYSSL_LIBRARY=$(CURDIR)/$(LIB) PYSSL_HEADER=$(CURDIR)/include/pyssl.h timeout 600 luajit bindings/lua/test_pyssl.lua'

test-all: test test-system test-pythons test-programs ## every suite

test-programs: tools build ## installers and released programs on this package, from package indexes
	$(PY) -m pytest tests/programs

test-system: tools tools-system build ## the same library on the system's OpenSSL (libssl-dev 3.0 or later): cargo test, ctest, pytest
	$(CARGO_SYSTEM) build --release $(SYSTEM_FLAGS)
	@ln -sfn libpyssl.so $(SYSTEM).0
	$(PY) tools/run.py 'cargo test, system OpenSSL=$(CARGO_SYSTEM) test $(SYSTEM_FLAGS)' \
	    'ctest, system OpenSSL=$(CTEST_SYSTEM)' \
	    'pytest, system OpenSSL=PYSSL_LIBRARY=$(CURDIR)/$(SYSTEM) $(PY) -m pytest'

test-pythons: tools build openssl-cli ## pytest under every other Python 3.9+ of this machine (PYTHONS="3.9 3.13" names some)
	$(PY) tools/pythons.py $(PYTHONS)

openssl-cli: target/openssl/openssl ## the openssl program of the embedded OpenSSL, which the interoperability tests talk to

check: check-rust check-python check-c check-header check-symbols check-abi ## formats, lints, types, header and symbol comparisons

check-rust: library
	cargo fmt --all --check
	$(CARGO_DEBUG) clippy --workspace --all-targets -- -D warnings

check-python: build
	@tools/tools.sh node
	$(PY) -m ruff check $(PYTHON_CODE)
	$(PY) -m ruff format --check $(PYTHON_CODE)
	$(PY) -m mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(PY) -m pyright --pythonpath $(PY)

check-c: $(VENV)/ready
	$(VENV)/bin/clang-format --dry-run -Werror $(C_CODE)

check-header: $(VENV)/ready
	cargo run -q -p pyssl-header -- rust target/pyssl.h
	diff -u include/pyssl.h target/pyssl.h || { echo 'include/pyssl.h is not what rust/src/abi says: make header'; exit 1; }
	diff -u include/pyssl_checked.h target/pyssl_checked.h || { echo 'include/pyssl_checked.h is not what rust/src/abi says: make header'; exit 1; }
	diff -u include/pyssl_constants.h target/pyssl_constants.h || { echo 'include/pyssl_constants.h is not what rust/src/core/constant.rs says: make header'; exit 1; }

check-symbols: build
	$(PY) python/ffi_build.py --symbols include/pyssl.h | diff -u tests/data/symbols.txt - || { echo 'the header declares other functions: make header'; exit 1; }
	nm -D --defined-only $(LIB) | sed 's/.* //' | LC_ALL=C sort | diff -u tests/data/symbols.txt - || { echo 'the library exports other symbols than tests/data/symbols.txt'; exit 1; }

check-abi:
	@tools/tools.sh abidiff
	tests/abi/check.sh $(RELEASED) include/pyssl.h

header: ## write include/*.h and tests/data/symbols.txt from rust/src
	cargo run -q -p pyssl-header -- rust include/pyssl.h
	$(MAKE) -s $(VENV)/ready
	$(PY) python/ffi_build.py --symbols include/pyssl.h > tests/data/symbols.txt

abi-dump: ## at a release: write the ABI that later ones are held to (docs/abi.md)
	@tools/tools.sh abidw
	@mkdir -p $(RELEASED)
	cp include/*.h $(RELEASED)/
	tests/abi/dump.sh include/pyssl.h $(RELEASED)/pyssl.abi

install: | $(FROM)/libpyssl.so ## library, header, pkg-config, CMake package, reference: DESTDIR= PREFIX= LIBDIR= OPENSSL=system
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' OPENSSL='$(OPENSSL)' rust/package/install.sh '$(FROM)'

wheel: build ## dist/*.whl: libpyssl, and the same files as pyOpenSSL (docs/guide/replacing.md); they need nothing but cffi
	rm -rf build dist
	$(PY) -m pip wheel -q --no-build-isolation --no-deps --wheel-dir dist .
	@$(PY) tools/pyopenssl_wheel.py dist/libpyssl-*.whl > /dev/null
	@ls dist

bench: build ## C on libssl, C on libpyssl, Python, pyOpenSSL and ssl in one interleaved run
	$(PY) bench/run.py

soak: tools build ## threads on one connection for 60 seconds each in C and Python, a thousand forks
	cmake -S tests -B target/ctest -DPYSSL_LIBRARY=$(CURDIR)/$(LIB) && cmake --build target/ctest --target test_threads test_fork
	PYSSL_SOAK=60 target/ctest/c/test_threads
	PYSSL_FORKS=1000 target/ctest/c/test_fork
	PYSSL_SOAK=60 PYSSL_FORKS=1000 $(PY) -m pytest -s tests/python/ssl/test_waiting_threads.py tests/python/ssl/test_fork.py

fuzz: library ## libFuzzer on each target of tests/fuzz, or FUZZ_TARGETS=, FUZZ_SECONDS= each (300), with ASan and coverage inside OpenSSL
	@tools/tools.sh fuzzer
	tests/fuzz/instrument.sh target/instrumented
	tests/fuzz/run.sh $(CURDIR)/target/instrumented/libpyssl.so $(FUZZ_SECONDS) $(FUZZ_TARGETS)

tsan: library ## the threads of tests/c under ThreadSanitizer, with the library's Rust code
	@tools/tools.sh tsan
	OPENSSL_NO_VENDOR=1 OPENSSL_STATIC=1 OPENSSL_DIR='$(or $(OPENSSL_MADE),$(OPENSSL_DIR))' tools/tsan.sh target/tsan

fresh: ## both commands of the README in a minimal Debian 12 that debootstrap makes: an hour or more (root)
	tools/fresh.sh

idle: library tools ## the echo server with 10,000 idle connections: memory of each
	cmake -S tests -B target/ctest -DPYSSL_LIBRARY=$(CURDIR)/$(LIB) && cmake --build target/ctest --target epoll_echo echo_clients
	EXAMPLES=target/ctest/c-examples bash tests/c/idle.sh 10000

clean: ## remove what the other targets made
	rm -rf target build dist $(VENV) $(ABI) python/OpenSSL/_native/_shim* python/OpenSSL/_native/_speedups* python/OpenSSL/_native/libpyssl.so.0 python/*.egg-info

# ---- what the targets rest on

library:
	cargo build --release
	@ln -sfn libpyssl.so $(LIB).0

target/release/libpyssl.so:
	cargo build --release

# Made again when these may name another OpenSSL, or another build of it.
target/openssl/openssl: tools/openssl_cli.sh Cargo.lock rust/Cargo.toml rust/openssl-src/Cargo.toml | library
	tools/openssl_cli.sh '$(or $(OPENSSL_MADE),$(OPENSSL_DIR))' target/openssl

target/system/release/libpyssl.so:
	$(CARGO_SYSTEM) build --release $(SYSTEM_FLAGS)

$(VENV)/ready: tools/requirements.txt pyproject.toml setup.py | library
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q -r tools/requirements.txt
	$(PY) -m pip install -q --no-build-isolation --no-deps -e .
	@touch $@

$(ABI): include/pyssl.h python/ffi_build.py | $(VENV)/ready
	$(PY) python/ffi_build.py include/pyssl.h $@
	@touch $@

# The package's compiled modules. Without Python.h there are none, and the next build tries again.
$(COMPILED): include/pyssl.h python/ffi_build.py setup.py $(wildcard python/speedups/*) | $(VENV)/ready
	@if PYTHON=$(PY) tools/tools.sh --check Python.h; then $(PY) setup.py -q build_ext --inplace && touch $@; \
	else echo 'Until then the package works without its compiled modules, in ABI mode: a call takes twice as long.'; fi

tools:
	@PYTHON=$(PYTHON) tools/tools.sh cc c++ cmake openssl curl valgrind asan fuzzer nm readelf Python.h pkg-config abidiff ruby luajit

tools-system:
	@tools/tools.sh libssl
