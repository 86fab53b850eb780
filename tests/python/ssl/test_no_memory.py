"""Memory runs out while bytes pile up: a MemoryError, the one connection ends, and the process lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import resource, sys
import support
from OpenSSL import SSL, crypto

def limit(more):
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + more, resource.RLIM_INFINITY))

def free():
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

def fails(call, rounds=10**6):
    for _ in range(rounds):
        try:
            call()
        except MemoryError:
            return
    raise AssertionError("there was memory for all of it")

client, server = support.connected()
data, more = bytes(2**20), bytes(16384)
limit(64 * 2**20)
"""

END = """
free()
fresh = support.connected()
assert support.exchange(*fresh) == b"hello"
print("lives")
"""

#: What fails, and what the connection says afterwards.
PROGRAMS = {
    "bytes that nobody receives": """
fails(lambda: server.bio_write(data))
for call in (lambda: server.bio_write(b"x"), lambda: server.recv(1), lambda: server.send(b"x"), server.do_handshake):
    fails(call, 1)
""",
    "bytes that nobody takes": """
fails(lambda: client.send(more))
for call in (lambda: client.bio_read(1), lambda: client.recv(1), lambda: client.send(b"x")):
    fails(call, 1)
""",
    "handles": """
kept = []
fails(lambda: kept.append(crypto.X509Store()))
del kept
""",
    "a large PEM": """
free()
pem = crypto.dump_certificate(crypto.FILETYPE_PEM, support.pki().root.x509())
begin, end = b"-----BEGIN CERTIFICATE-----\\n", b"-----END CERTIFICATE-----\\n"
pem = begin + (b"MIIB" * 16 + b"\\n") * (2**20) + end
limit(16 * 2**20)
fails(lambda: crypto.load_certificate(crypto.FILETYPE_PEM, pem), 1)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_process_lives_when_memory_runs_out(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + PROGRAMS[name] + END],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env=environment,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "lives\n", "")
