"""keep.py TARGET [COUNT]: adds to tests/fuzz/TARGET the inputs that reach most of what its seeds do not.

The inputs are what `make fuzz` has left in target/fuzz/corpus/TARGET; libFuzzer tells which of the instrumented edges
each runs through. One after the other, the one with the most new edges is taken, the smaller of equals, until COUNT
(12) are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = Path(os.environ.get("PYSSL_FUZZ_DIR", ROOT / "target/fuzz"))
LARGEST = 4096


def main(target: str, count: int) -> None:
    seeds = ROOT / "tests/fuzz" / target
    edges = edges_of(target, [seeds, MADE / "corpus" / target])
    reached = set().union(*(own for path, own in edges.items() if path.parent == seeds))
    before = len(reached)
    candidates = {path: own for path, own in edges.items() if path.parent != seeds and path.stat().st_size <= LARGEST}
    for _ in range(count):
        best = max(candidates, key=lambda path: (len(candidates[path] - reached), -path.stat().st_size), default=None)
        if best is None or not candidates[best] - reached:
            break
        reached |= candidates.pop(best)
        shutil.copy(best, seeds / f"found-{best.name[:8]}")
    everything = len(set().union(*edges.values()))
    print(
        f"{target}: {before} edges by the seeds, {len(reached)} with what is kept, {everything} by all that was found"
    )


def edges_of(target: str, corpora: list[Path]) -> dict[Path, set[int]]:
    """Which edges each input runs through, from the control file of libFuzzer's merge."""
    with tempfile.TemporaryDirectory() as directory:
        control, merged = Path(directory, "control"), Path(directory, "merged")
        merged.mkdir()
        command = [str(MADE / f"fuzz_{target}"), "-set_cover_merge=1", f"-merge_control_file={control}", str(merged)]
        subprocess.run([*command, *map(str, corpora)], check=True, capture_output=True)
        return read(control.read_text().splitlines())


def read(lines: list[str]) -> dict[Path, set[int]]:
    """The lines are: how many files, how many of them in the first corpus, their names; then for each its features.

    A feature is an edge and how often it was run through, as one of eight classes.
    """
    count = int(lines[0])
    names = [Path(line) for line in lines[2 : 2 + count]]
    features = (line.split()[1:] for line in lines[2 + count :] if line.startswith("FT "))
    return {names[int(file)]: {int(number) // 8 for number in numbers} for file, *numbers in features}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 12)
