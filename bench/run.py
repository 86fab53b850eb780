"""make bench: C on libssl, C on libpyssl, Python on this package in both modes, pyOpenSSL and Python's ssl, in one run.

    python bench/run.py [--quick] [--only NAMES] [--without VARIANTS] [--rounds N] [--reference PYTHON]

A round measures each variant for a moment, one right after the other and every time in another order; the table has
the medians over all rounds, half the distance between the quartiles, and the ratios of medians. What does not wait is
measured by the processor's time. Ends non-zero when a case cannot be run or moved wrong bytes, never for a number.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import files, plan, table, variants  # noqa: E402 (a script's own folder is not a package)
from bench.plan import Case  # noqa: E402
from bench.variants import Variant  # noqa: E402

SHORT = {
    "libssl": plan.LIBSSL,
    "libpyssl": plan.LIBPYSSL,
    "abi": plan.ABI,
    "api": plan.API,
    "pyopenssl": plan.PYOPENSSL,
    "ssl": plan.SSL,
}


def main() -> int:
    options = arguments()
    cases = [case for case in plan.cases() if not options.only or case.name in options.only]
    labels = {row.variant for case in cases for row in case.rows} - {SHORT[name] for name in options.without}
    cases = [case._replace(rows=[row for row in case.rows if row.variant in labels]) for case in cases]
    running: dict[str, Variant] = {}
    try:
        files.issue(variants.FILES)
        running = variants.make(labels, options.reference)
        print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}, {load()}")
        report(cases, running, options)
    except variants.Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    finally:
        for variant in running.values():
            variant.stop()
    return 0


def report(cases: list[Case], running: dict[str, Variant], options: argparse.Namespace) -> None:
    for missing in {row.variant for case in cases for row in case.rows} - running.keys():
        print(f"{missing}: not built here")
    measured: dict[str, dict[str, list[float]]] = {
        case.name: {row.label: [] for row in case.rows if row.variant in running} for case in cases
    }
    for number in range(options.rounds):
        for case in cases:
            if not case.fresh:
                one_round(case, running, measured[case.name], number, options.slice)
    for variant in running.values():
        print(f"{variant.label}: {variant.version}" if variant.version else variant.label)
    for case in cases:
        for number in range(min(case.fresh, options.fresh)):
            one_round(case, running, measured[case.name], number, options.slice)
        print("\n" + "\n".join(table.lines(case, measured[case.name])), flush=True)
    print(f"\n{options.rounds} rounds, {load()}")


def one_round(
    case: Case, running: dict[str, Variant], measured: dict[str, list[float]], number: int, part: float
) -> None:
    rows = [row for row in case.rows if row.variant in running]
    first = number % len(rows) if rows else 0
    for row in rows[first:] + rows[:first]:
        variant = running[row.variant]
        answer = variant.fresh(row.case) if case.fresh else variant.measure(row.case, case.seconds * part)
        measured[row.label].append(answer)


def load() -> str:
    return "load " + " ".join(f"{average:.1f}" for average in os.getloadavg())


def arguments() -> argparse.Namespace:
    names = [case.name for case in plan.cases()]

    def listed(known: list[str], text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: known are {', '.join(known)}")
        return chosen

    parser = argparse.ArgumentParser(description="Speed and memory of this package, of what it rests on, and of others")
    parser.add_argument("--quick", action="store_true", help="two short rounds: to see that it works")
    parser.add_argument("--rounds", type=int, help="how many (11)")
    parser.add_argument("--only", type=lambda text: listed(names, text), default=[], help=",".join(names))
    parser.add_argument("--without", type=lambda text: listed([*SHORT], text), default=[], help=",".join(SHORT))
    parser.add_argument("--reference", type=Path, help="a Python that has pyOpenSSL, in place of target/bench-venv")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 11)
    options.slice = 0.2 if options.quick else 1.0
    options.fresh = 1 if options.quick else 15
    return options


if __name__ == "__main__":
    sys.exit(main())
