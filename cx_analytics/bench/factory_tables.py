"""The printed table of `bench factory`: figures of many worlds together, beside their bars.

Belongs here: sums over worlds and their words. Stays out: one world's figures (factory.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan

import numpy as np

from cx_analytics.bench.bars import LEAST, MOST, Limits, holds
from cx_analytics.bench.factory import Capture, FactoryScore, Inside, each_inside
from cx_analytics.bench.tables import Row, markdown

BANDS: dict[str, Limits] = {"80": (0.72, 0.88), "90": (LEAST, MOST), "95": (0.90, 0.99)}
"""Shares of what came that the bands of 80 and 95 % must hold."""

LIFT = 3.0
"""The top must hold so many times its share of the failures."""

Worlds = Sequence[FactoryScore]


def factory_table(scores: Worlds) -> str:
    """A table with a column a difficulty, in the order of the worlds."""
    return _table(scores, _figures(scores))


def backtest_table(scores: Worlds) -> str:
    """The same for forecasts of past days, all worlds together in the last column."""
    figures = [
        *_bands("forecast of 14 days", lambda one: one.backtests),
        ("top 10 % of units under defects: share of failures", "≥ 0.30", _top("capture")),
    ]
    return _table(scores, figures, together=True)


_Figure = tuple[str, str, Callable[[Worlds], "_Measured"]]
"""Words, bar in words, and how it is measured."""


def _table(scores: Worlds, figures: Sequence[_Figure], *, together: bool = False) -> str:
    levels = list(dict.fromkeys(one.difficulty for one in scores))
    worlds = {str(level): [one for one in scores if one.difficulty == level] for level in levels}
    if together and len(levels) > 1:
        worlds["all"] = list(scores)
    header = ("figure", "bar", *(_counted(name, mine) for name, mine in worlds.items()))
    rows = [
        _row(words, bar, [measure(mine) for mine in worlds.values()])
        for words, bar, measure in figures
    ]
    return markdown(header, [row for row in rows if any(cell not in ("", "-") for cell in row[2:])])


def healthy_table(scores: Worlds) -> str:
    """What was told and proposed where nothing is wrong: all of it is false."""
    rows = [
        ("defects told", "", str(sum(one.defects for one in scores))),
        ("lots proposed for hold", "0", str(sum(one.holds for one in scores))),
        ("processes to change, rollouts to stop", "", str(sum(one.proposals for one in scores))),
    ]
    return markdown(("figure", "bar", f"{len(scores)} healthy worlds"), rows)


_Measured = tuple[str, float, Limits | None]
"""What is printed, the value, and its limits."""


def _figures(scores: Worlds) -> list[tuple[str, str, Callable[[Worlds], _Measured]]]:
    kinds = sorted({kind for one in scores for kind in one.planted})
    found = [(f"{kind}: found of planted", "", _found(kind)) for kind in kinds]
    return [
        *found,
        ("all of the factory's causes: found of planted", "", _found(None)),
        ("lots proposed for hold with nothing wrong, of all", "0", _clean_holds),
        ("defects told whose cause is none, of all", "", _false_defects),
        ("relative error of a lot's excess (against expected)", "", _mean("lot_error")),
        ("relative error of a lot's excess (against true faults)", "", _mean("lot_error_counted")),
        ("days from a strong lot's onset to the first report", "≤ 6", _days),
        *_bands("forecast of 14 days, as the run tests it", lambda one: one.backtests),
        *_bands("forecast of 90 days, against the planted truth", lambda one: one.ahead),
        ("top 10 % of units under defects: share of failures", "≥ 0.30", _top("capture")),
        ("top 10 % of all serials: share of a lot's failures", "≥ 0.30", _top("serials")),
    ]


def _counted(name: str, worlds: Worlds) -> str:
    return f"{name}, {len(worlds)} world{'' if len(worlds) == 1 else 's'}"


def _row(words: str, bar: str, measured: Sequence[_Measured]) -> Row:
    told = []
    for text, value, limits in measured:
        missed = holds(value, limits) is False
        told.append(f"{text} NO" if missed else text)
    return (words, bar, *told)


def _found(kind: str | None) -> Callable[[Worlds], _Measured]:
    def measure(worlds: Worlds) -> _Measured:
        planted = sum(n for one in worlds for k, n in one.planted.items() if kind in (None, k))
        found = sum(n for one in worlds for k, n in one.found.items() if kind in (None, k))
        return (f"{found} of {planted}" if planted else "-", nan, None)

    return measure


def _clean_holds(worlds: Worlds) -> _Measured:
    clean, held = sum(one.clean_holds for one in worlds), sum(one.holds for one in worlds)
    return f"{clean} of {held}", float(clean), (LEAST, 0.0)


def _false_defects(worlds: Worlds) -> _Measured:
    false, told = sum(one.false_defects for one in worlds), sum(one.defects for one in worlds)
    return f"{false} of {told}", nan, None


_ERRORS: dict[str, Limits] = {"easy": (LEAST, 0.08), "medium": (LEAST, 0.08), "hard": (LEAST, 0.2)}
"""The bars of attribution on a lot's excess."""


def _mean(name: str) -> Callable[[Worlds], _Measured]:
    def measure(worlds: Worlds) -> _Measured:
        values = [value for one in worlds for value in getattr(one, name)]
        if not values:
            return "-", nan, None
        limits = _ERRORS.get(worlds[0].difficulty) if name == "lot_error" else None
        bar = f", bar {limits[1]:g}" if limits else ""
        return f"{np.mean(values):.3f} (n = {len(values)}{bar})", float(np.mean(values)), limits

    return measure


def _days(worlds: Worlds) -> _Measured:
    values = [value for one in worlds for value in one.report_days]
    if not values:
        return "-", nan, None
    return f"{np.mean(values):.1f} (n = {len(values)})", float(np.mean(values)), (LEAST, 6.0)


def _bands(
    words: str, of: Callable[[FactoryScore], Sequence[Inside]]
) -> list[tuple[str, str, Callable[[Worlds], _Measured]]]:
    return [
        (f"{words}: {level} % bands hold", _bar(BANDS[level]), _held(level, of))
        for level in ("80", "90", "95")
    ]


def _bar(limits: Limits) -> str:
    return f"{limits[0]:.2f}–{limits[1]:.2f}" if limits[0] != LEAST else ""


def _held(
    level: str, of: Callable[[FactoryScore], Sequence[Inside]]
) -> Callable[[Worlds], _Measured]:
    def measure(worlds: Worlds) -> _Measured:
        rows = [row for one in worlds for row in of(one)]
        if not rows:
            return "-", nan, None
        share = dict(each_inside(rows))[level] / len(rows)
        return f"{share:.3f} (n = {len(rows)})", share, BANDS[level]

    return measure


def _top(name: str) -> Callable[[Worlds], _Measured]:
    def measure(worlds: Worlds) -> _Measured:
        rows: list[Capture] = [row for one in worlds for row in getattr(one, name)]
        failed = sum(row.failed for row in rows)
        if not failed:
            return "-", nan, None
        share = sum(row.at_top for row in rows) / failed
        return f"{share:.3f} (of {failed})", share, (LIFT * 0.1, MOST)

    return measure
