"""From numbers to lines."""

from __future__ import annotations

import statistics

from bench.plan import Case


def lines(case: Case, measured: dict[str, list[float]]) -> list[str]:
    """A title, and a line for each row that was measured: median, spread, and what is to be said of it."""
    medians = {label: statistics.median(numbers) / case.divisor for label, numbers in measured.items()}
    text = [f"{case.title} ({case.unit})  [{case.name}]"]
    for label, numbers in measured.items():
        spread = f"+-{spread_of(numbers):.0%}"
        line = f"    {label:<31}{number(medians[label]):>9} {spread:>6}   {'; '.join(remarks(case, label, medians))}"
        text.append(line.rstrip())
    return text


def remarks(case: Case, label: str, medians: dict[str, float]) -> list[str]:
    """Ratios and limits of a row, each with what is wanted and whether it is reached."""
    said = []
    sign = "<=" if case.small_is_good else ">="
    for want in case.wants:
        if want.label != label or want.against not in medians:
            continue
        ratio = medians[label] / medians[want.against]
        said.append(f"{ratio:.2f} of {want.against}")
        if want.ratio is not None:
            said[-1] += f", wants {sign} {want.ratio:g}{verdict(case, ratio, want.ratio)}"
    for limit in case.limits:
        if limit.label == label:
            where = f" {limit.where}" if limit.where else ""
            said.append(f"wants {sign} {limit.number:g}{where}{verdict(case, medians[label], limit.number)}")
    return said


def verdict(case: Case, got: float, wanted: float) -> str:
    """By the two digits that are shown."""
    reached = round(got, 2) <= wanted if case.small_is_good else round(got, 2) >= wanted
    return "" if reached else " (missed)"


def spread_of(numbers: list[float]) -> float:
    """Half the distance between the quartiles, of the median."""
    middle = statistics.median(numbers)
    if len(numbers) < 2 or not middle:
        return 0.0
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return abs((high - low) / 2 / middle)


def number(value: float) -> str:
    """Three digits at the least, none that mean nothing."""
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f"{value:.{digits}f}"
