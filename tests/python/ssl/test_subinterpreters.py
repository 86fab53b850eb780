"""A legacy subinterpreter (one GIL for all): the package works there, threads on one connection too."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
try:
    import _interpreters as interpreters
    made = interpreters.create("legacy")
    run = interpreters.exec
except ImportError:
    import _xxsubinterpreters as interpreters
    made = interpreters.create(isolated=False)
    run = interpreters.run_string
failed = run(made, '''
import random, sys
sys.path[:0] = %r
import handshake, test_waiting_threads
handshake.main()
pattern = bytes(range(256)) * 2048
for version in (0x0303, 0x0304):
    assert test_waiting_threads.load_round(version, random.Random(version), pattern) > 0
print("all bytes came")
''' % (sys.path,))
assert failed is None, failed
interpreters.destroy(made)
print("and it ended")
"""


def test_a_session_and_threads_in_a_subinterpreter() -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}\n" + PROGRAM
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == ["all bytes came", "and it ended"], done.stdout
