"""The interpreter ends while the library is in use: objects that go last, and daemon threads in the middle of calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Tuple

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


def run(program: str) -> Tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONFAULTHANDLER": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        env=environment,
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_ends_in_peace(name: str) -> None:
    for _ in range(2):
        assert run(BEGIN + PROGRAMS[name]) == (0, "", "")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="when atexit lets go of arguments is CPython's own")
def test_the_gate_closes_after_the_last_atexit_function_and_before_the_end_begins() -> None:
    program = """
import atexit, sys
atexit.register(print, "the last function")
from OpenSSL._native import ending
atexit.register(print, "a function")
def closed(self, finalizing=sys.is_finalizing):
    print("begun", self.begun, "finalizing", finalizing())
ending._Ending.__del__ = closed
"""
    assert run(program) == (0, "a function\nthe last function\nbegun True finalizing False\n", "")


def test_atexit_functions_can_wait_for_threads_that_call_back() -> None:
    program = (
        """
import atexit, threading
stop, lock = threading.Event(), threading.Lock()
def join():
    before = rounds.count
    while rounds.count == before:
        time.sleep(0.01)
    with lock:
        stop.set()
    for thread in rounds.threads:
        thread.join()
    print("joined")
atexit.register(join)
"""
        + BEGIN
        + """
client, server = support.client_context(), support.server_context()
client.set_verify(SSL.VERIFY_PEER, lambda conn, cert, code, depth, ok: bool(ok))
class rounds:
    count, threads = 0, []
def work():
    rounds.threads.append(threading.current_thread())
    while not stop.is_set():
        with lock:
            support.connected(client, server)
            rounds.count += 1
daemons(work)
"""
    )
    assert run(program) == (0, "joined\n", "")


def test_a_closed_gate_keeps_other_threads_out_of_python_and_lets_its_own_thread_in() -> None:
    program = (
        BEGIN
        + """
from OpenSSL._native import ending
called = []
client, server = support.client_context(), support.server_context()
client.set_info_callback(lambda *args: called.append(threading.get_ident()))
client.set_keylog_callback(lambda *args: called.append(threading.get_ident()))
ready = threading.Barrier(2)
def work():
    ready.wait()
    time.sleep(0.05)
    support.connected(client, server)
    called.append("came through")
threading.Thread(target=work, daemon=True).start()
ready.wait()
ending.close()
time.sleep(0.3)
assert called == [], called
client_too = support.client_context()
client_too.set_info_callback(lambda *args: called.append("own"))
support.connected(client_too, server)
assert set(called) == {"own"}, called
"""
    )
    assert run(program) == (0, "", "")
