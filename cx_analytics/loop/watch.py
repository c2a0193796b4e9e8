"""The watch on fixed causes: has it come back?

Belongs here: which causes are watched, the table `recurrences`, and what it says of `causes`.
Stays out: finding causes anew, who is exposed (exposed.py), and the evidence (detector.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import RECURRENCES
from cx_analytics.contracts.words import INDIVIDUAL_ATTRIBUTES
from cx_analytics.loop.detector import ALARM, evidence
from cx_analytics.loop.exposed import Exposed, exposed_of

DAYS_SCHEMA = pl.Schema(
    {"cause_id": pl.String, "day": pl.Date, "sessions": pl.Int64, "faults": pl.Int64}
)
"""What was counted of each watch."""


@dataclass(frozen=True)
class Watch:
    """A fixed cause, who could show it again, and the faults a session expected without it."""

    cause_id: str
    exposed: Exposed
    rate: float


def watched(
    causes_history: pl.DataFrame,
    actions: pl.DataFrame,
    releases: pl.DataFrame,
    released_at: Mapping[str, datetime] | None = None,
) -> list[Watch]:
    """The causes to watch, by id, each as its last row in the history tells it.

    A cause has ended when its window has, or when the last run did not find it any more.

    Parameters
    ----------
    causes_history, actions : the tables.
    releases : the feed app_releases.
    released_at : of holds by action_id, where the ledger says it.
    """
    newest = causes_history["as_of"].max()
    last = causes_history.sort("as_of").group_by("cause_id", maintain_order=True).last()
    taken = _with_release(actions, released_at or {})
    trusted = releases.drop_nulls("released_at").to_dicts()
    found = []
    for row in last.sort("cause_id").iter_rows(named=True):
        ended = row["valid_to"] is not None or row["as_of"] != newest
        exposed = exposed_of(row, taken, trusted, ended=ended) if _can_be_watched(row) else None
        if exposed is not None:
            rate = row["expected_faults"] / row["sessions"]
            found.append(Watch(row["cause_id"], exposed, rate))
    return found


def _with_release(
    actions: pl.DataFrame, released_at: Mapping[str, datetime]
) -> list[dict[str, Any]]:
    return [
        row | {"released_at": released_at.get(row["action_id"])}
        for row in actions.iter_rows(named=True)
    ]


def _can_be_watched(row: Mapping[str, Any]) -> bool:
    return (
        row["kind"] == "shared"
        and bool(row["conditions"])
        and (row["sessions"] or 0) > 0
        and (row["expected_faults"] or 0) > 0
        and not set(INDIVIDUAL_ATTRIBUTES) & set(row["conditions"])
    )


def recurrences(watches: Iterable[Watch], days: pl.DataFrame) -> pl.DataFrame:
    """The table `recurrences`: exposed sessions, faults and evidence since each cause was fixed.

    Parameters
    ----------
    watches : what `watched` gives.
    days : cause_id, day, sessions, faults of the exposed, as the models `loop/watched_…` count.
    """
    counted = days.sort("day").partition_by("cause_id", as_dict=True)
    rows = [_recurrence(one, counted.get((one.cause_id,), days.clear())) for one in watches]
    return frame_of(rows, RECURRENCES)


def _recurrence(watch: Watch, days: pl.DataFrame) -> dict[str, Any]:
    counts = days.select("day", "sessions", "faults").rows()
    found, alarmed = detect([(day, n * watch.rate, faults) for day, n, faults in counts])
    sessions = int(days["sessions"].sum())
    return {
        "cause_id": watch.cause_id,
        "watched_since": watch.exposed.since,
        "exposed_sessions": sessions,
        "faults": int(days["faults"].sum()),
        "expected_faults": sessions * watch.rate,
        "evidence": found,
        "alarmed_at": alarmed,
    }


def detect(days: Iterable[tuple[date, float, int]]) -> tuple[float, datetime | None]:
    """Evidence after the last day, and the end of the day on which it passed ALARM, if any.

    Each day is (day, faults expected without the cause, faults met).

    >>> from datetime import date
    >>> found, alarmed = detect([(date(2026, 1, 1), 1.0, 1), (date(2026, 1, 2), 1.0, 90)])
    >>> alarmed
    datetime.datetime(2026, 1, 3, 0, 0)
    """
    dates, expected, faults = tuple(zip(*days, strict=True)) or ((), (), ())
    if not dates:
        return 0.0, None
    found = evidence(expected, faults)
    above = (found >= ALARM).nonzero()[0]
    if not above.size:
        return float(found[-1]), None
    return float(found[-1]), datetime.combine(dates[above[0]], time()) + timedelta(days=1)


def say_recurred(
    causes: pl.DataFrame, recurred: pl.DataFrame, causes_history: pl.DataFrame
) -> pl.DataFrame:
    """The table `causes`, in which those on which the watch alarmed are `recurred`.

    One that the last run did not find any more, since nobody runs the old version, stands as
    its last row in the history tells it.
    """
    back = recurred.drop_nulls("alarmed_at")["cause_id"].to_list()
    gone = causes_history.filter(
        pl.col("cause_id").is_in(back) & ~pl.col("cause_id").is_in(causes["cause_id"].to_list())
    )
    last = gone.sort("as_of").group_by("cause_id", maintain_order=True).last()
    said = pl.concat([causes, last.sort("cause_id").select(causes.columns)])
    status = pl.when(pl.col("cause_id").is_in(back)).then(pl.lit("recurred"))
    return said.with_columns(status=status.otherwise(pl.col("status")))
