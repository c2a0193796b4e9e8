"""The watch on fixed causes: has it come back?

Belongs here: which causes can be watched, and the evidence day by day. Stays out: finding
causes anew, and calling one recurred in `causes` (attribution does).

The evidence is a Shiryaev–Roberts e-detector (Shin, Ramdas and Rinaldo, E-detectors,
arXiv:2203.03532, section 2): R = (1 + R)·L over days, with L the Poisson likelihood ratio of
the day's faults at a multiple of the rate without the cause, tempered for over-dispersion; the
mean of R over some multiples. While nothing has come back, R minus the number of days is a
supermartingale, so that R passes 365/α within a year with probability at most α.

What is exposed. A fault on an old build, or on a unit of the old lot, says nothing about
whether a repair holds: those conditions name what was repaired, and nothing new can meet them.
So only causes whose conditions outlive their repair are watched: cells, sites, regions, bands,
models, apps as a whole. Versions, revisions and lots are left out until exposure can be told by
release and by date of making; better no row than a false alarm.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import RECURRENCES

FALSE_ALARMS_A_YEAR = 0.01
ALARM = 365 / FALSE_ALARMS_A_YEAR
"""Evidence at which a cause is called recurred."""

RATIOS = (1.5, 2.0, 4.0)
"""How many times the rate without the cause a return may bring; their evidence is averaged."""

SPREAD = 2.0
"""Dispersion that daily counts may have beyond Poisson: faults cluster in customers and hours."""

MARGIN = 1.25
"""The rate without the cause may be this much above its estimate: the estimate is none of a
calm world, and a rate that creeps is no return."""

_HIGHEST, _STEEPEST = 1e300, 600.0
"""Bounds that keep the arithmetic finite; far above any alarm."""

MOST_CONDITIONS = 3
"""As many conditions as `loop/watched_days` takes."""

WATCH_SCHEMA = pl.Schema(
    {
        "cause_id": pl.String(),
        "attributes": pl.List(pl.String()),
        "values": pl.List(pl.String()),
        "watched_since": pl.Datetime("us"),
        "rate": pl.Float64(),
    }
)


def watchable(conditions: Iterable[str]) -> bool:
    """Whether these condition keys outlive a repair.

    >>> watchable(["cell_id"]), watchable(["app_version"]), watchable(["modem_lot"])
    (True, False, False)
    """
    keys = set(conditions)
    repaired = ("version", "revision", "release", "lot", "supplier")
    individual = keys & {"customer_id", "unit_id"}
    return (
        0 < len(keys) <= MOST_CONDITIONS
        and not individual
        and not any(key.rpartition("_")[2] in repaired for key in keys)
    )


def watched(causes_history: pl.DataFrame) -> pl.DataFrame:
    """The fixed causes to watch: one row a cause, from its last row in the history.

    Returns
    -------
    cause_id, attributes and values (each padded to three by repeating the first, as
    `loop/watched_days` wants them), watched_since (the end of the cause), and rate, the faults
    a session to expect without the cause.
    """
    last = causes_history.sort("as_of").group_by("cause_id", maintain_order=True).last()
    rows = [_watch(row) for row in last.sort("cause_id").iter_rows(named=True) if _fixed(row)]
    return pl.DataFrame(rows, schema=WATCH_SCHEMA)


def _fixed(row: Mapping[str, Any]) -> bool:
    return (
        row["kind"] == "shared"
        and row["valid_to"] is not None
        and row["sessions"] > 0
        and (row["expected_faults"] or 0) > 0
        and watchable(row["conditions"])
    )


def _watch(row: Mapping[str, Any]) -> dict[str, Any]:
    pairs = sorted(row["conditions"].items())
    padded = pairs + [pairs[0]] * (MOST_CONDITIONS - len(pairs))
    return {
        "cause_id": row["cause_id"],
        "attributes": [key for key, _ in padded],
        "values": [value for _, value in padded],
        "watched_since": row["valid_to"],
        "rate": row["expected_faults"] / row["sessions"],
    }


def recurrences(watch: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The table `recurrences`: exposed sessions, faults and evidence since the end of each cause.

    Parameters
    ----------
    watch : what `watched` gives.
    days : cause_id, day, sessions, faults: `loop/watched_days` of each cause.
    """
    counted = days.sort("day").partition_by("cause_id", as_dict=True)
    rows = [
        _recurrence(row, counted.get((row["cause_id"],), days.clear()))
        for row in watch.iter_rows(named=True)
    ]
    return frame_of(rows, RECURRENCES)


def _recurrence(row: Mapping[str, Any], days: pl.DataFrame) -> dict[str, Any]:
    evidence, alarmed = detect(
        [(day, sessions * row["rate"], faults) for day, sessions, faults in _counts(days)]
    )
    return {
        "cause_id": row["cause_id"],
        "watched_since": row["watched_since"],
        "exposed_sessions": int(days["sessions"].sum()),
        "faults": int(days["faults"].sum()),
        "evidence": evidence,
        "alarmed_at": alarmed,
    }


def _counts(days: pl.DataFrame) -> list[tuple[date, int, int]]:
    return days.select("day", "sessions", "faults").rows()


def detect(days: Iterable[tuple[date, float, int]]) -> tuple[float, datetime | None]:
    """Evidence after the last day, and the end of the day on which it passed ALARM, if any.

    Each day is (day, faults expected without the cause, faults met).

    >>> from datetime import date
    >>> evidence, alarmed = detect([(date(2026, 1, 1), 1.0, 1), (date(2026, 1, 2), 1.0, 30)])
    >>> alarmed
    datetime.datetime(2026, 1, 3, 0, 0)
    """
    running, alarmed = dict.fromkeys(RATIOS, 0.0), None
    for day, expected, faults in days:
        for ratio, before in running.items():
            running[ratio] = min((1 + before) * _likelihood(ratio, expected, faults), _HIGHEST)
        if alarmed is None and _mean(running.values()) >= ALARM:
            alarmed = datetime.combine(day, time()) + timedelta(days=1)
    return _mean(running.values()), alarmed


def _mean(values: Collection[float]) -> float:
    return sum(values) / len(values)


def _likelihood(ratio: float, expected: float, faults: int) -> float:
    """Likelihood of a day's faults at `ratio` times the calm mean over that at the calm mean."""
    calm = expected * MARGIN
    return math.exp(min((faults * math.log(ratio) - calm * (ratio - 1)) / SPREAD, _STEEPEST))
