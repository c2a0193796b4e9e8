"""What a baseline gets to see: all faults, and as many other sessions as fit.

Belongs here: drawing the sample, and counting in it. Stays out: any method.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.bench.planted import Planted

MOST_SESSIONS = 200_000
"""Sessions without a fault that a baseline sees at most; each then stands for several."""

FEWEST_FAULTS = 8
"""Cells with fewer faults are no candidates, as in the search that baselines stand beside."""

Condition = tuple[tuple[str, str], ...]
"""Attributes and their values, one or two of them."""


@dataclass(frozen=True)
class Sample:
    """Sessions with attribute columns (text), `faulty` and `weight`: how many each stands for.

    `faults` are the faulty sessions of the whole world; `share` is the part of the sessions
    without a fault that is in the sample.
    """

    sessions: pl.DataFrame
    faults: pl.DataFrame
    attributes: tuple[str, ...]
    share: float

    @property
    def words(self) -> str:
        """The sample in words, for tables."""
        return "all sessions" if self.share >= 1 else f"all faults, {self.share:.0%} of the rest"

    @property
    def rate(self) -> float:
        """Faults per session in the whole world."""
        return float(self.faulty.sum()) / float(self.weight.sum())

    @cached_property
    def faulty(self) -> NDArray[np.bool_]:
        return np.asarray(self.sessions["faulty"].to_numpy(), dtype=np.bool_)

    @cached_property
    def weight(self) -> NDArray[np.float64]:
        return np.asarray(self.sessions["weight"].to_numpy(), dtype=np.float64)

    @cached_property
    def codes(self) -> dict[str, tuple[list[str], NDArray[np.int64]]]:
        """Each attribute's sorted values, and a code a session (-1 = missing)."""
        found = {}
        for name in self.attributes:
            column = self.sessions[name]
            values = column.drop_nulls().unique().sort()
            kind = pl.Enum(values)
            codes = column.cast(kind).to_physical().cast(pl.Int64).fill_null(-1)
            found[name] = (values.to_list(), codes.to_numpy())
        return found


def draw(planted: Planted, most: int = MOST_SESSIONS) -> Sample:
    """A sample of a world: every fault, the others with equal chance, by the world's own seed.

    Sampling by outcome keeps rate ratios when the others are weighted (King & Zeng, Political
    Analysis 9(2), 2001).
    """
    share = min(1.0, most / planted.sessions)
    rng = np.random.default_rng([planted.seed, most])
    names = tuple(attribute.name for attribute in planted.attributes)
    parts = []
    for file in planted.files:
        day = pl.read_parquet(file, columns=[*names, "faulty"])
        kept = pl.Series(rng.random(day.height) < share)
        parts.append(day.filter(kept | day["faulty"]))
    weight = pl.when("faulty").then(1.0).otherwise(1.0 / share)
    return Sample(pl.concat(parts).with_columns(weight=weight), planted.faults, names, share)


def rate_ratio(sample: Sample, condition: Condition) -> float:
    """Fault rate under a condition over that of all sessions, 1 at least."""
    inside = covered(sample, condition)
    sessions = float(sample.weight[inside].sum())
    rate = float(sample.faulty[inside].sum()) / sessions if sessions else 0.0
    return max(1.0, rate / sample.rate)


def covered(sample: Sample, condition: Condition) -> NDArray[np.bool_]:
    """Which sessions of the sample have all of these values."""
    inside = np.ones(len(sample.faulty), dtype=np.bool_)
    for name, value in condition:
        values, codes = sample.codes[name]
        inside &= codes == values.index(value)
    return inside


def single_cells(sample: Sample) -> pl.DataFrame:
    """Weighted sessions and faults of every value with FEWEST_FAULTS faults.

    Columns `a`, `value_a`, `sessions`, `faults`.
    """
    return pl.concat(_singles(sample, name) for name in sample.attributes)


def pair_cells(sample: Sample) -> pl.DataFrame:
    """The same for every pair of values of two attributes: also `b` and `value_b`."""
    return pl.concat(_pairs(sample, a, b) for a, b in combinations(sample.attributes, 2))


def _singles(sample: Sample, name: str) -> pl.DataFrame:
    values, codes = sample.codes[name]
    cell, sessions, faults = _counted(sample, codes, len(values))
    return pl.DataFrame(
        {
            "a": pl.Series([name] * len(cell), dtype=pl.String),
            "value_a": pl.Series(values, dtype=pl.String).gather(cell),
            "sessions": sessions,
            "faults": faults,
        }
    )


def _pairs(sample: Sample, a: str, b: str) -> pl.DataFrame:
    (values_a, codes_a), (values_b, codes_b) = sample.codes[a], sample.codes[b]
    known = (codes_a >= 0) & (codes_b >= 0)
    codes = np.where(known, codes_a * len(values_b) + codes_b, -1)
    cell, sessions, faults = _counted(sample, codes, len(values_a) * len(values_b))
    return pl.DataFrame(
        {
            "a": pl.Series([a] * len(cell), dtype=pl.String),
            "value_a": pl.Series(values_a, dtype=pl.String).gather(cell // len(values_b)),
            "b": pl.Series([b] * len(cell), dtype=pl.String),
            "value_b": pl.Series(values_b, dtype=pl.String).gather(cell % len(values_b)),
            "sessions": sessions,
            "faults": faults,
        }
    )


def _counted(
    sample: Sample, codes: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Cells with enough faults, their weighted sessions, and their faults."""
    known = codes >= 0
    faults = np.bincount(codes[known & sample.faulty], minlength=size).astype(np.int64)
    sessions = np.bincount(codes[known], sample.weight[known], minlength=size).astype(np.float64)
    cell = np.flatnonzero(faults >= FEWEST_FAULTS).astype(np.int64)
    return cell, sessions[cell], faults[cell]
