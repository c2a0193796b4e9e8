"""The printed tables: every figure beside its bars and beside the baselines.

Belongs here: means over worlds, and Markdown that is also readable on a screen. Stays out: the
bars (bars.py) and the page that the tables end up on (document.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from cx_analytics.bench.attribution import OURS, Result
from cx_analytics.bench.bars import BARS, LEAST, MOST, Bar, Limits, holds, scaled
from cx_analytics.bench.baselines import NOT_INSTALLED, Baseline
from cx_analytics.bench.blame import calibration_error
from cx_analytics.contracts.words import confidence_word

Row = tuple[str, ...]


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean of what was measured (nan = was not), and its standard error over worlds.

    >>> mean, error = mean_and_error([0.9, 1.0, float("nan")])
    >>> round(mean, 3), round(error, 3)
    (0.95, 0.05)
    """
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return float("nan"), float("nan")
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else float("nan")
    return float(known.mean()), float(error)


def attribution_tables(
    results: Sequence[Result], sessions: int, baselines: Sequence[Baseline]
) -> str:
    """A table for each difficulty, in the order of the results."""
    parts = []
    for difficulty in dict.fromkeys(result.difficulty for result in results):
        mine = [result for result in results if result.difficulty == difficulty]
        worlds = len({result.seed for result in mine})
        title = f"**{difficulty}**, {worlds} world{'s' if worlds > 1 else ''}"
        parts.append(f"{title}\n\n{_table(mine, sessions, baselines)}\n\n{_said(mine)}")
    return "\n\n".join(parts)


def markdown(header: Row, rows: Sequence[Row]) -> str:
    """A Markdown table with columns of even width; all but the first are set to the right.

    >>> print(markdown(("what", "n"), [("a", "10")]))
    | what |  n |
    |:-----|---:|
    | a    | 10 |
    """
    widths = [max(len(row[n]) for row in (header, *rows)) for n in range(len(header))]
    rule = ["-" * (width + 1) for width in widths]
    lines = [
        _aligned(header, widths),
        "|:" + "|".join([rule[0], *(f"{r}:" for r in rule[1:])]) + "|",
    ]
    return "\n".join([*lines, *(_aligned(row, widths) for row in rows)])


def _aligned(row: Row, widths: Sequence[int]) -> str:
    first = row[0].ljust(widths[0])
    others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "| " + " | ".join([first, *others]) + " |"


def _table(results: Sequence[Result], sessions: int, baselines: Sequence[Baseline]) -> str:
    names = [baseline.name for baseline in baselines]
    header = ("figure", OURS, "±", "required", "holds", "ambitious", "holds", *names)
    rows = [_row(bar, results, sessions, names) for bar in BARS]
    kept = [row for row in rows if any(cell not in ("", "-") for cell in (row[1], *row[7:]))]
    return markdown(header, kept)


def _row(bar: Bar, results: Sequence[Result], sessions: int, names: Sequence[str]) -> Row:
    difficulty = results[0].difficulty
    required, ambitious = bar.required.get(difficulty), bar.ambitious.get(difficulty)
    if bar.unit == "s":
        required, ambitious = scaled(required, sessions), scaled(ambitious, sessions)
    value, error = mean_and_error(_values(bar, results, OURS))
    words = f"{bar.words} ({bar.reading})" if bar.reading else bar.words
    others = [mean_and_error(_values(bar, results, name))[0] for name in names]
    return (
        words,
        _number(value, bar),
        _number(error, bar),
        _limits(required),
        _yes(holds(value, required)),
        _limits(ambitious),
        _yes(holds(value, ambitious)),
        *(_number(other, bar) for other in others),
    )


def _values(bar: Bar, results: Sequence[Result], method: str) -> list[float]:
    mine = [result for result in results if result.method == method]
    return [result.figures.get(bar.figure, float("nan")) for result in mine]


def _number(value: float, bar: Bar) -> str:
    digits = {"share": 3, "nats": 3, "count": 2, "days": 1, "s": 1}[bar.unit]
    return "-" if np.isnan(value) else f"{value:.{digits}f}"


def _limits(limits: Limits | None) -> str:
    if limits is None:
        return ""
    low, high = limits
    if low == LEAST:
        return f"≤ {high:g}"
    return f"≥ {low:g}" if high == MOST else f"{low:g}–{high:g}"


def _yes(held: bool | None) -> str:
    return "" if held is None else "yes" if held else "NO"


def _said(results: Sequence[Result]) -> str:
    """How often causes of each confidence were real, and on what the baselines rest."""
    told = pl.concat(result.claims for result in results if result.method == OURS)
    words = [_confidence(told), _baselines(results)]
    return "\n".join(line for line in words if line)


def _confidence(told: pl.DataFrame) -> str:
    """Of the causes told as confirmed, probable, suspected: how many were real."""
    if told.is_empty():
        return "No shared cause was told."
    word = pl.col("probability").map_elements(confidence_word, return_dtype=pl.String)
    groups = (
        told.with_columns(word=word)
        .group_by("word")
        .agg(pl.len(), pl.col("right").sum(), pl.col("probability").mean())
    )
    parts = [
        f"{right:.0f} of {count} {name} causes real (told {probability:.3f})"
        for name, count, right, probability in groups.sort(
            "probability", descending=True
        ).iter_rows()
    ]
    error = calibration_error(told["probability"].to_numpy(), told["right"].to_numpy())
    return (
        f"Shared causes, all worlds: {'; '.join(parts)}; ECE of a cause's probability {error:.3f}."
    )


def _baselines(results: Sequence[Result]) -> str:
    samples = {result.method: result.sample for result in results if result.method != OURS}
    return "; ".join(f"{name} saw {sample}" for name, sample in samples.items()) + (
        "." if samples else ""
    )


def not_installed(baselines: Sequence[Baseline]) -> list[str]:
    """A line for each baseline that cannot be run here."""
    return [f"{one.name}: {NOT_INSTALLED}" for one in baselines if not one.installed]
