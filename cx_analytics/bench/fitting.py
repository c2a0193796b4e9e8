"""One cold fit on a planted world, in this process: counting, exposure, `find_causes`.

Belongs here: the way from joined sessions to findings, and its processor time. Stays out: the
whole pipeline (handed in by the command line) and the scores.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cx_analytics import attribute
from cx_analytics.bench.planted import Planted
from cx_analytics.engine.duck import Duck


@dataclass(frozen=True)
class Findings:
    """A diagnosis: its causes, shares of each fault, faulty sessions, and credible sets.

    `rivals` has `cause_id` and `rival` (a label), or is None where nobody said any.
    """

    causes: pl.DataFrame
    fault_causes: pl.DataFrame
    faults: pl.DataFrame
    rivals: pl.DataFrame | None = None


@dataclass(frozen=True)
class Cost:
    """Processor seconds of this process, all threads: counting the sessions, and the rest."""

    counting_cpu_s: float
    fit_cpu_s: float


def fit(planted: Planted, *, spill: Path, threads: int = 1) -> tuple[Findings, Cost]:
    """Count a world's sessions and find its causes as of the last day, from a cold start."""
    with Duck(spill=spill, threads=threads) as engine:
        begun = time.process_time()
        counts, counter = count(planted, engine)
        extra = Asked(counter)
        counted = time.process_time()
        found = attribute.find_causes(
            counts,
            as_of=planted.days[-1],
            window_days=len(planted.days),
            warm=False,
            count=extra,
        )
    counting = counted - begun + extra.cpu_s
    cost = Cost(counting, time.process_time() - begun - counting)
    assert found.shares is not None
    # A single fit has no history: when a cause was first told is for a run to say.
    causes = found.causes.with_columns(first_reported_on=pl.lit(None, dtype=pl.Date))
    shares = found.shares.select("session_id", "cause_id", "share")
    return Findings(causes, shares, planted.faults, found.rivals), cost


@dataclass
class Asked:
    """Counts what a search asks for while it goes on, and adds up the processor time of that."""

    counter: attribute.CellCounter
    cpu_s: float = 0.0

    def __call__(self, wanted: pl.DataFrame) -> pl.DataFrame:
        begun = time.process_time()
        exposure = self.counter(wanted)
        self.cpu_s += time.process_time() - begun
        return exposure


def count(planted: Planted, engine: Duck) -> tuple[attribute.Counts, attribute.CellCounter]:
    """The additive counts of all days, with the exposure that a fit asks for at first.

    The counter is for what it asks for besides.
    """
    engine.view("session", planted.files)
    aggregates = attribute.day_aggregates(engine, planted.attributes, planted.days)
    counts = attribute.Counts.build(aggregates, planted.attributes)
    missing = attribute.missing_cells(attribute.wanted_cells(counts), None)
    counter = attribute.CellCounter(engine, counts, {})
    return counts.with_cells(counter(missing)), counter
