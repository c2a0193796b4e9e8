"""Work on the factory floor: batches of each lot through the stations of a line.

Belongs here: batch times from a first-come-first-served queue a station, and the feed
`production_events`. Stays out: what is built in (products.py) and where units go (units.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import Floats, Ints, generator
from cx_analytics.simulate.products import Products

BATCH = 20
"""Most units that travel together, where they are not too many for that."""
MOST_BATCHES = 60_000
"""More than these the lines do not get done in time: units travel in larger ones instead."""

STEPS: tuple[tuple[str, float, float], ...] = (
    ("smt_placement", 16.0, 0.000),
    ("reflow", 9.0, 0.000),
    ("optical_inspection", 7.0, 0.006),
    ("assembling", 22.0, 0.000),
    ("calibration", 12.0, 0.002),
    ("final_test", 18.0, 0.012),
    ("packing", 6.0, 0.000),
)
"""Step, mean work in minutes a batch, share of pieces rejected there."""


@dataclass(frozen=True)
class Production:
    """Batches and their work: `begun_h` and `ended_h` have a row a batch, a column a step.

    `batch` is how many units travel together at most.
    """

    batch: int
    lot: Ints
    size: Ints
    begun_h: Floats
    ended_h: Floats
    rejected: Ints


def make_production(products: Products, lot_sizes: Ints, seed: int) -> Production:
    """Queue all batches of all lots; `lot_sizes` are the good units of each lot."""
    rng = generator(seed, "production")
    batch = max(BATCH, -(-int(lot_sizes.sum()) // MOST_BATCHES))
    batches = np.maximum(1, -(-lot_sizes // batch))
    lot = np.repeat(np.arange(len(lot_sizes)), batches)
    number = np.arange(len(lot)) - np.repeat(np.cumsum(batches) - batches, batches)
    size = np.minimum(batch, lot_sizes[lot] - number * batch)
    released = products.lot_hour[lot] + number * 0.45 + rng.uniform(0, 0.1, len(lot))
    work = rng.gamma(9.0, 1 / 9.0, (len(lot), len(STEPS)))
    work *= np.array([minutes for _, minutes, _ in STEPS]) / 60
    begun, ended = _queue(released, work, products.lot_line[lot])
    share = np.array([share for _, _, share in STEPS])
    return Production(batch, lot, size, begun, ended, rng.binomial(size[:, None], share))


def production_frame(
    products: Products, made: Production, start: datetime, since_h: float, until_h: float
) -> pl.DataFrame:
    """The feed `production_events`: batches begun at or after `since_h` (hours from start)."""
    row, step = np.nonzero((made.begun_h[:, :1] >= since_h) & (made.ended_h < until_h))
    line = products.lines[products.lot_line[made.lot[row]]]
    names = np.array([name for name, _, _ in STEPS], dtype=object)[step]
    batch = row - np.searchsorted(made.lot, made.lot[row]) + 1
    lot = products.lots[made.lot[row]]
    frame = pl.DataFrame(
        {
            "lot": lot,
            "batch": batch,
            "step": names,
            "started_at": times(start, made.begun_h[row, step]),
            "ended_at": times(start, made.ended_h[row, step]),
            "line": line,
            "quantity_completed": made.size[row].astype(np.float64),
            "quantity_rejected": made.rejected[row, step].astype(np.float64),
        }
    )
    return frame.select(
        case_id=pl.format("{}-{}", "lot", pl.col("batch").cast(pl.String).str.zfill(3)),
        step="step",
        started_at="started_at",
        ended_at="ended_at",
        resource=pl.format("{}/{}", "line", "step"),
        line="line",
        quantity_completed="quantity_completed",
        quantity_rejected="quantity_rejected",
        lot="lot",
    ).sort("started_at", "case_id", "step")


def times(start: datetime, hours: Floats) -> pl.Series:
    """Hours since the start as times with whole seconds; not finite = null."""
    known = np.isfinite(hours)
    seconds = np.where(known, np.floor(np.where(known, hours, 0.0) * 3600), 0).astype(np.int64)
    origin = int((start - datetime(1970, 1, 1)).total_seconds())
    stamps = pl.Series((origin + seconds) * 1_000_000).cast(pl.Datetime("us"))
    blank = pl.Series([None], dtype=pl.Datetime("us"))
    return pl.select(pl.when(pl.Series(known)).then(stamps).otherwise(blank)).to_series()


def _queue(released: Floats, work: Floats, line: Ints) -> tuple[Floats, Floats]:
    """One server a station and line, first come first served (Lindley's recursion)."""
    begun, ended = np.empty_like(work), np.empty_like(work)
    arrives = released
    for step in range(work.shape[1]):
        for one in np.unique(line):
            rows = np.flatnonzero(line == one)
            rows = rows[np.argsort(arrives[rows], kind="stable")]
            done = np.cumsum(work[rows, step])
            idle = np.maximum.accumulate(arrives[rows] - (done - work[rows, step]))
            ended[rows, step] = idle + done
            begun[rows, step] = ended[rows, step] - work[rows, step]
        arrives = ended[:, step] + 0.03
    return begun, ended
