"""run.py NAME=COMMAND...: runs test suites, each whatever became of those before, and ends with a line for each.

Counts are read from what cargo test, ctest, pytest and minitest print (bindings/lua prints what minitest does). The
result is non-zero when a test failed, a suite did not run to its end, or one ran no test at all.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import NamedTuple

RUNS = r"^(\d+) runs, \d+ assertions, (\d+) failures, (\d+) errors, (\d+) skips"


class Outcome(NamedTuple):
    name: str
    passed: int
    failed: int
    skipped: int
    code: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.code == 0 and self.failed == 0 and self.passed > 0

    def __str__(self) -> str:
        counts = f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")
        if not self.good and not self.failed:
            counts += f" (ended with code {self.code})" if self.code else " (no test ran)"
        return f"{'ok    ' if self.good else 'FAILED'}  {self.name}: {counts}, {self.seconds:.0f} s"


def main(suites: list[str]) -> int:
    outcomes = [run(*suite.split("=", 1)) for suite in suites]
    print()
    for outcome in outcomes:
        print(outcome)
    return 0 if outcomes and all(outcome.good for outcome in outcomes) else 1


def run(name: str, command: str) -> Outcome:
    print(f"\n==== {name}: {command}", flush=True)
    begin = time.monotonic()
    lines = []
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            lines.append(line.decode(errors="replace"))
    passed, failed, skipped = count("".join(lines))
    return Outcome(name, passed, failed, skipped, process.returncode, time.monotonic() - begin)


def count(output: str) -> tuple[int, int, int]:
    """(passed, failed, skipped) by the summaries of cargo test (one for each program), ctest, pytest and minitest."""
    passed = failed = skipped = 0
    for good, bad, ignored in re.findall(r"^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored", output, re.M):
        passed, failed, skipped = passed + int(good), failed + int(bad), skipped + int(ignored)
    for bad, total in re.findall(r"^\d+% tests passed, (\d+) tests failed out of (\d+)", output, re.M):
        left_out = len(re.findall(r"^\s*\d+ - .*\(Skipped\)$", output, re.M))
        passed, failed, skipped = passed + int(total) - int(bad) - left_out, failed + int(bad), skipped + left_out
    for summary in re.findall(r"^=+ (.*) in [\d.]+s.* =+$", output, re.M):
        for number, what in re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed)", summary):
            passed += int(number) if what == "passed" else 0
            failed += int(number) if what in ("failed", "error", "errors") else 0
            skipped += int(number) if what in ("skipped", "xfailed") else 0
    for runs, *bad, left_out in re.findall(RUNS, output, re.M):
        wrong, skips = sum(map(int, bad)), int(left_out)
        passed, failed, skipped = passed + int(runs) - wrong - skips, failed + wrong, skipped + skips
    return passed, failed, skipped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
