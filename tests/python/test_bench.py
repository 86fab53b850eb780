"""bench/run.py runs its cases and says what there is to say of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bench" / "run.py"), "--quick", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def rows_of(output: str) -> dict[str, dict[str, float]]:
    """{case: {row: number}} of the table."""
    rows: dict[str, dict[str, float]] = {}
    case = ""
    for line in output.splitlines():
        if line.endswith("]"):
            case = line.rsplit("[", 1)[1][:-1]
            rows[case] = {}
        elif case and line.startswith("    "):
            rows[case][line[4:35].strip()] = float(line[35:44])
    return rows


def test_the_table_has_a_row_for_each_variant_and_what_is_wanted() -> None:
    done = bench("--only", "messages-64,digest,bulk", "--without", "pyopenssl")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    python = {"Python, ABI mode", "Python, compiled shim"} - {
        line.split(":")[0] for line in done.stdout.splitlines() if line.endswith("not built here")
    }
    assert set(rows["messages-64"]) == {"C on libssl", "C on libpyssl", "Python's ssl"} | python
    assert set(rows["bulk"]) == set(rows["messages-64"])
    assert set(rows["digest"]) == python
    assert all(number > 0 for case in rows.values() for number in case.values())
    assert ", wants >= 0.95" in done.stdout


def test_threads_abi_and_memory_run_in_c_on_the_library() -> None:
    done = bench("--only", "duplex,abi,memory", "--without", "libssl,abi,api,pyopenssl,ssl")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert set(rows["duplex"]) == {
        "one connection, both ways",
        "two connections, one way each",
        "one plain socket, both ways",
        "two plain sockets, one way each",
    }
    assert set(rows["abi"]) >= {"gate", "lookup", "two threads, one handle"}
    assert 10 < rows["memory"]["C on libpyssl"] < 100, "KB of one side of a connection"


@pytest.mark.parametrize(("options", "why"), [(["--only", "nothing"], "known are"), (["--without", "x"], "known are")])
def test_names_that_mean_nothing_are_refused(options: list[str], why: str) -> None:
    done = bench(*options)
    assert done.returncode == 2
    assert why in done.stderr


def test_a_variant_that_cannot_run_is_a_failure(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    only = ["--only", "digest", "--without", "abi,api"]
    done = bench(*only, "--reference", str(broken))
    assert done.returncode == 1
    assert "bench: pyOpenSSL: start: it ended with 3" in done.stderr
