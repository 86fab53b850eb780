"""tools/run.py: what it makes of the suites' output, and that no failure stays unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CARGO = """
test result: ok. 8 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.35s
test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""
CTEST = """
50% tests passed, 2 tests failed out of 4

The following tests did not run:
\t  3 - test_absent (Skipped)

The following tests FAILED:
\t  1 - test_a (Failed)
\t  2 - test_b (Timeout)
"""
PYTEST = """
======================== test session starts =========================
FAILED tests/python/test_x.py::test_x - assert 0
== 2 failed, 30 passed, 1 skipped, 1 xfailed, 1 error in 63.07s (0:01:03) ==
"""
MINITEST = """
Finished in 0.177561s, 73.2145 runs/s, 416.7592 assertions/s.

13 runs, 74 assertions, 1 failures, 2 errors, 3 skips
"""


@pytest.mark.parametrize(
    ("output", "counts"),
    [(CARGO, "11 passed, 2 failed, 1 skipped"), (CTEST, "1 passed, 2 failed, 1 skipped")]
    + [(PYTEST, "30 passed, 3 failed, 2 skipped"), (MINITEST, "7 passed, 3 failed, 3 skipped")],
    ids=["cargo", "ctest", "pytest", "minitest"],
)
def test_counts_are_those_of_the_suite(output: str, counts: str) -> None:
    code, line = run(f"suite=printf '%s' '{output}'")
    assert (code, counts in line) == (1, True), line


def test_later_suites_run_after_a_failure_which_the_result_tells() -> None:
    code, lines = run("first=false", "second=echo '== 5 passed in 0.10s =='")
    assert code == 1
    assert "FAILED  first: 0 passed, 0 failed (ended with code 1)" in lines
    assert "ok      second: 5 passed, 0 failed" in lines


def test_a_suite_without_tests_or_with_a_bad_end_has_failed() -> None:
    assert run("empty=true")[0] == 1
    assert run("crashed=echo '== 5 passed in 0.10s =='; exit 139")[0] == 1
    assert run("good=echo '== 5 passed in 0.10s =='")[0] == 0
    assert run()[0] == 1


def run(*suites: str) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "tools" / "run.py"), *suites]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout
