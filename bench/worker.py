"""The Python side of what worker.c does: a process that runs cases for run.py.

    python -m bench.... DIR                reads "CASE SECONDS" lines and answers each with a line that holds the result
    python -m bench.... DIR idle PAIRS     prints the resident bytes of one side of an idle connection

DIR has server.pem, server.key, ca.pem and ca.key. The first line out names what is measured.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Callable

FOLDER = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()

#: Works for about that many seconds and gives the rate, as a number a second.
Case = Callable[[float], float]

#: What does not wait is measured by the processor's time: that other programs run meanwhile matters less then.
processor_clock = time.thread_time
wall_clock = time.perf_counter


def serve(version: str, cases: dict[str, Case], idle: Callable[[int], float]) -> None:
    if sys.argv[2:3] == ["idle"]:
        print(idle(int(sys.argv[3])))
        return
    print(version, flush=True)
    for line in sys.stdin:
        name, seconds = line.split()
        print(cases[name](float(seconds)), flush=True)


def rate(work: Callable[[], object], at_once: int, seconds: float) -> float:
    """How often a second `work` gets done; the clock is looked at after so many of them."""
    work()
    begin = processor_clock()
    count = 0
    while True:
        for _ in range(at_once):
            work()
        count += at_once
        spent = processor_clock() - begin
        if spent >= seconds:
            return count / spent


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
