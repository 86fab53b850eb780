"""The interpreter ends while the library is in use: objects that go last, and daemon threads in the middle of calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: What each program begins with.
BEGIN = """
import sys, threading, time
import support
from OpenSSL import SSL, crypto
support.pki()

def daemons(work, count=4):
    for _ in range(count):
        threading.Thread(target=work, daemon=True).start()
    time.sleep(0.1)
"""

PROGRAMS = {
    "a callback of a global": """
context = support.server_context()
context.set_info_callback(lambda *args: None)
ends = support.connected(None, context)
""",
    "objects that outlive all modules": """
context = support.server_context()
context.set_info_callback(lambda *args: None)
sys.kept = (context, support.connected(None, context))
""",
    "objects in a cycle": """
class Program: pass
program = Program()
context = program.context = support.server_context()
context.set_info_callback(lambda *args: program)
program.ends = support.connected(None, context)
SSL.Connection.kept = crypto.X509.kept = program
""",
    "threads in handshakes with callbacks": """
client, server = support.client_context(), support.server_context()
client.set_verify(SSL.VERIFY_PEER, lambda conn, cert, code, depth, ok: bool(ok))
client.set_info_callback(lambda *args: sum(range(1000)))
server.set_keylog_callback(lambda *args: None)
def work():
    while True:
        support.connected(client, server)
daemons(work)
""",
    "threads asleep in a callback": """
client = support.client_context()
client.set_info_callback(lambda *args: time.sleep(0.02))
def work():
    while True:
        support.connected(client)
daemons(work)
""",
    "threads in a transport": """
class Transport:
    def read(self, size):
        time.sleep(0.001)
    def write(self, data):
        return len(data)
def work():
    client = SSL.Connection(support.client_context(), Transport())
    client.set_connect_state()
    while True:
        try:
            client.do_handshake()
        except SSL.WantReadError:
            pass
daemons(work)
""",
    "threads that wait for a peer": """
def shake(end):
    end.do_handshake()
    end.recv(10)
def work():
    client, server = support.socket_pair()
    threading.Thread(target=shake, args=(client,), daemon=True).start()
    shake(server)
daemons(work)
""",
    "threads asked for passphrases": """
key = crypto.PKey()
key.generate_key(crypto.TYPE_RSA, 1024)
pem = crypto.dump_privatekey(crypto.FILETYPE_PEM, key, "aes-128-cbc", b"secret")
def ask(*args):
    time.sleep(0)
    return b"secret"
def work():
    while True:
        crypto.load_privatekey(crypto.FILETYPE_PEM, pem, ask)
daemons(work)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_ends_in_peace(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONFAULTHANDLER": "1"}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + PROGRAMS[name]],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parent,
            env=environment,
            timeout=120,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
