"""Baseline: every value and pair of values on its own, by rate ratio, with a bound on errors.

Belongs here: tests and their correction for many. It is what a careful analyst does first, and
it cannot tell a cause from what merely goes along with it.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, poisson

from cx_analytics.bench.baselines.diagnosis import Cell, Diagnosis, diagnosis
from cx_analytics.bench.baselines.sample import Sample, pair_cells, single_cells

FALSE_DISCOVERIES = 0.05


def univariate(sample: Sample) -> Diagnosis:
    """Cells whose fault rate is too high, at a false discovery rate of 5 %.

    A value is held against all sessions, a pair against each of its two values (a one-sided
    Poisson test each, the worse one counts); p-values go through Benjamini and Hochberg (JRSS B
    57, 1995).
    """
    singles = single_cells(sample)
    nothing = pl.lit(None, dtype=pl.String)
    alone = singles.with_columns(b=nothing, value_b=nothing, expected=sample.rate * _sessions())
    cells = pl.concat([alone, _held_against_values(pair_cells(sample), singles)], how="diagonal")
    if cells.is_empty():
        return diagnosis([], sample.faults)
    p = _p(cells["faults"].to_numpy(), cells["expected"].to_numpy())
    kept = cells.filter(pl.Series(false_discovery_control(p) <= FALSE_DISCOVERIES))
    ratio = pl.max_horizontal(pl.col("faults") / (sample.rate * _sessions()), 1.0)
    rows = kept.with_columns(ratio=ratio).select("a", "value_a", "b", "value_b", "ratio")
    return diagnosis([_cell(*row) for row in rows.iter_rows()], sample.faults)


def _held_against_values(pairs: pl.DataFrame, singles: pl.DataFrame) -> pl.DataFrame:
    """Pairs with the faults expected of them at the higher rate of their two values."""
    rates = singles.select("a", "value_a", rate=pl.col("faults") / _sessions())
    other = rates.rename({"a": "b", "value_a": "value_b", "rate": "rate_b"})
    both = pairs.join(rates, on=["a", "value_a"]).join(other, on=["b", "value_b"])
    expected = pl.max_horizontal("rate", "rate_b") * _sessions()
    return both.with_columns(expected=expected).drop("rate", "rate_b")


def _sessions() -> pl.Expr:
    return pl.col("sessions")


def _p(faults: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """One-sided p-values of so many faults or more."""
    return np.asarray(poisson.sf(faults - 1, expected))


def _cell(a: str, value_a: str, b: str | None, value_b: str | None, ratio: float) -> Cell:
    second = {b: value_b} if b is not None and value_b is not None else {}
    return Cell({a: value_a} | second, ratio)
