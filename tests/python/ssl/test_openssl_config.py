"""The embedded OpenSSL reads no configuration file unless asked, and loads nothing from a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from interop import EMBEDDED
from support import openssl

EVIL = """
#include <stdio.h>
#include <stdlib.h>
static void __attribute__((constructor)) strike(void) {
    FILE *file = fopen(getenv("EVIL_FILE"), "a");
    fputs("loaded\\n", file);
    fclose(file);
}
int OSSL_provider_init(const void *handle, const void *in, const void **out, void **context) {
    static const struct { int id; void (*function)(void); } nothing[1];
    (void)handle, (void)in, (void)context;
    *out = nothing;
    return 1;
}
"""

CONFIG = """
openssl_conf = init_section
[init_section]
ssl_conf = ssl_section
providers = provider_section
[ssl_section]
system_default = weak_section
[weak_section]
MinProtocol = TLSv1
CipherString = DEFAULT:@SECLEVEL=0
[provider_section]
default = default_section
evil = evil_section
[default_section]
activate = 1
[evil_section]
module = {module}
activate = 1
"""

#: Prints the protocol of a handshake in which the server knows TLS 1.0 alone and shows a 1024-bit RSA certificate
#: signed with SHA-1, or why the client refused.
PROGRAM = """
import os, sys
from OpenSSL import SSL, crypto

if len(sys.argv) > 2:
    try:
        SSL.load_openssl_config(sys.argv[2])
    except SSL.Error as error:
        print("config:", error)
        raise SystemExit
with open(sys.argv[1], "rb") as file:
    pem = file.read()
weak = SSL.Context(SSL.TLS_SERVER_METHOD)
weak.set_cipher_list(b"ALL:@SECLEVEL=0")
weak.set_min_proto_version(SSL.TLS1_VERSION)
weak.set_max_proto_version(SSL.TLS1_VERSION)
weak.use_certificate_chain_pem(pem)
weak.use_privatekey_pem(pem)
client, server = SSL.Connection(SSL.Context.client(cadata=pem)), SSL.Connection(weak)
server.set_accept_state()
client.set_client("weak.example")
for _ in range(4):
    for end, other in ((client, server), (server, client)):
        try:
            end.do_handshake()
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            print("refused:", error.reason)
            raise SystemExit
        try:
            other.bio_write(end.bio_read(65536))
        except SSL.WantReadError:
            pass
print("accepted:", client.get_protocol_version_name())
# What asks for providers by name, as old PKCS#12 files do.
old = crypto.load_pkcs12(open(sys.argv[1] + ".p12", "rb").read(), b"x")
print("old file:", old.get_certificate().get_subject().CN)
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a weak certificate, a module that leaves a trace where it is loaded, and an openssl.cnf that
    asks for both."""
    directory = tmp_path_factory.mktemp("hostile")
    (directory / "evil.c").write_text(EVIL)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "evil.so", "evil.c"], cwd=directory, check=True)
    for name in ("legacy", "default", "fips", "null"):
        shutil.copy(directory / "evil.so", directory / f"{name}.so")
    (directory / "openssl.cnf").write_text(CONFIG.format(module=directory / "evil.so"))
    (directory / "by-name.cnf").write_text(CONFIG.format(module="evil.so"))
    key, cert, pem = directory / "weak.key", directory / "weak.crt", directory / "weak.pem"
    # fmt: off
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "30", "-sha1", "-subj", "/CN=weak.example",
            "-addext", "subjectAltName=DNS:weak.example", "-keyout", str(key), "-out", str(cert))
    pem.write_bytes(cert.read_bytes() + key.read_bytes())
    openssl("pkcs12", "-export", "-legacy", "-in", str(pem), "-out", f"{pem}.p12", "-passout", "pass:x")
    # fmt: on
    return directory


def outcome(hostile: Path, tmp_path: Path, environment: Dict[str, str], *arguments: str) -> str:
    """What the program prints, and "loaded" for each time the module was."""
    trace = tmp_path / "trace"
    trace.write_text("")
    environment = {**os.environ, **environment, "EVIL_FILE": str(trace)}
    command = [sys.executable, "-c", PROGRAM, str(hostile / "weak.pem"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + trace.read_text()


@pytest.mark.skipif(not EMBEDDED, reason="the library is built on the system's OpenSSL")
class TestEmbedded:
    @pytest.mark.parametrize(
        "variables", [(), ("OPENSSL_CONF",), ("OPENSSL_MODULES",), ("OPENSSL_CONF", "OPENSSL_MODULES")]
    )
    def test_the_environment_weakens_nothing_and_loads_nothing(
        self, variables: tuple[str, ...], hostile: Path, tmp_path: Path
    ) -> None:
        values = {"OPENSSL_CONF": str(hostile / "openssl.cnf"), "OPENSSL_MODULES": str(hostile)}
        said = outcome(hostile, tmp_path, {name: values[name] for name in variables})
        assert said.startswith("refused: ") and "loaded" not in said

    def test_a_program_may_ask_for_a_file(self, hostile: Path, tmp_path: Path) -> None:
        """And so these settings do weaken a process that has them, and this module does leave a trace."""
        said = outcome(hostile, tmp_path, {}, str(hostile / "openssl.cnf"))
        assert "loaded" in said and "accepted: TLSv1\n" in said

    def test_a_module_without_a_path_is_looked_for_nowhere(self, hostile: Path, tmp_path: Path) -> None:
        said = outcome(hostile, tmp_path, {"OPENSSL_MODULES": str(hostile)}, str(hostile / "by-name.cnf"))
        assert said and "loaded" not in said

    def test_a_file_that_cannot_be_used_is_named(self, hostile: Path, tmp_path: Path) -> None:
        for file in (tmp_path / "none.cnf", tmp_path):
            said = outcome(hostile, tmp_path, {}, str(file))
            assert said.startswith("config: ") and str(file) in said


@pytest.mark.skipif(EMBEDDED, reason="the library is built on its own OpenSSL")
def test_the_system_s_openssl_reads_its_own(hostile: Path, tmp_path: Path) -> None:
    said = outcome(hostile, tmp_path, {"OPENSSL_CONF": str(hostile / "openssl.cnf")})
    assert "accepted: TLSv1\n" in said
