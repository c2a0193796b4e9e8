"""What a reporting system does to good data: values lost, rows sent twice, rows that come late.

Belongs here: damage that a pipeline must survive without changing its answer. Stays out: faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import generator

LOST = {
    "unit_id": 0.01,
    "device_model": 0.01,
    "hardware_revision": 0.02,
    "firmware_version": 0.02,
    "os_version": 0.02,
    "app_version": 0.01,
    "cell_id": 0.02,
    "network_type": 0.01,
    "signal_dbm": 0.03,
}
"""Share of sessions that lack each value."""

SENT_TWICE = 0.005
LATE = 0.003
MOST_DAYS_LATE = 3


def lose_values(frame: pl.DataFrame, day: int, seed: int) -> pl.DataFrame:
    """Blank a few per cent of the values, each column by its own chance."""
    rng = generator(seed, "lost", day)
    return frame.with_columns(
        pl.when(pl.Series(rng.random(frame.height) >= share)).then(pl.col(name)).alias(name)
        for name, share in LOST.items()
    )


@dataclass(frozen=True)
class Delivery:
    """What arrives with the file of one day, and how many rows of it are re-sent or late."""

    frame: pl.DataFrame
    duplicates: int
    late: int


def deliver(
    frame: pl.DataFrame, waiting: dict[int, list[pl.DataFrame]], day: int, days: int, seed: int
) -> Delivery:
    """The rows of a day as they arrive; late ones and re-sent ones are put into `waiting`.

    `waiting[day]` holds the rows that come with a later day's file; the call takes out its own.
    """
    rng = generator(seed, "delivery", day)
    point = rng.random(frame.height)
    late = point < LATE
    lag = rng.integers(1, MOST_DAYS_LATE + 1, frame.height)
    arrives = np.where(late, np.minimum(day + lag, days - 1), day)
    twice = rng.random(frame.height) < SENT_TWICE
    again = np.minimum(arrives + rng.integers(0, 2, frame.height), days - 1)
    arrived = [
        frame.filter(pl.Series(arrives == day)),
        frame.filter(pl.Series(twice & (again == day))),
    ]
    for later in range(day + 1, days):
        rows = np.concatenate(
            [np.flatnonzero(arrives == later), np.flatnonzero(twice & (again == later))]
        )
        if len(rows):
            waiting.setdefault(later, []).append(frame[rows])
    arrived += waiting.pop(day, [])
    return Delivery(pl.concat(arrived), int(twice.sum()), int((arrives > day).sum()))


def malformed_rows(columns: list[str], day: int, start: datetime) -> list[dict[str, object]]:
    """Rows that break one rule each, as any value at all (text formats only)."""
    good = {
        "session_id": f"bad-{day:02d}",
        "customer_id": "c-000001",
        "started_at": start.isoformat(),
        "duration_s": 60.0,
    }
    broken: list[dict[str, object]] = [
        {"session_id": f"bad-{day:02d}-time", "started_at": "yesterday-ish"},
        {"session_id": f"bad-{day:02d}-customer", "customer_id": None},
        {"session_id": f"bad-{day:02d}-duration", "duration_s": -5.0},
    ]
    blank = dict.fromkeys(columns)
    return [{**blank, **good, **row} for row in broken]
