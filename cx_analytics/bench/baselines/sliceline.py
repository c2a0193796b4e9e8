"""Baseline: SliceLine, the slices of data on which a predictor does worst (package sliceline).

Belongs here: asking it for slices with too many faults. The fault itself is the "error" of a
predictor that never expects one. It ranks slices one by one, so a bad lot comes with its model.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cx_analytics.bench.baselines.diagnosis import Cell, Diagnosis, diagnosis
from cx_analytics.bench.baselines.sample import FEWEST_FAULTS, Sample, rate_ratio

SLICES = 20
WEIGHT_OF_ERROR = 0.98
"""The best of a few on one medium world; nearer to 1, small slices count for more."""

LEAST_SESSIONS = 30
MOST_VALUES, MOST_ROWS = 300, 40_000
"""It holds rows times pairs of values at once: these take some 5 GB."""

OTHER = 0
"""Code of a missing value, and of values with too few faults to be told."""


def sliceline(sample: Sample) -> Diagnosis:
    """The 20 highest scoring slices of one or two values.

    Sagadeeva & Boehm, SIGMOD 2021. It takes no weights: all faults and a part of the other
    sessions make every slice look equally worse.
    """
    from sliceline import Slicefinder

    finder = Slicefinder(
        alpha=WEIGHT_OF_ERROR, k=SLICES, max_l=2, min_sup=LEAST_SESSIONS, verbose=False
    )
    least = _least_faults(sample)
    rows = np.random.default_rng(0).permutation(len(sample.faulty))[:MOST_ROWS]
    kept = [_frequent(sample, name, least) for name in sample.attributes]
    with warnings.catch_warnings():
        # Without numba it is slower, and says so each time.
        warnings.simplefilter("ignore")
        table = np.stack([codes[rows] for _, codes in kept], axis=1)
        finder.fit(table, sample.faulty[rows].astype(float))
    slices = [_conditions(sample.attributes, [v for v, _ in kept], s) for s in finder.top_slices_]
    cells = [Cell(dict(one), rate_ratio(sample, one)) for one in slices if one]
    return diagnosis(cells, sample.faults)


def _least_faults(sample: Sample) -> int:
    """So many faults that no more than MOST_VALUES values have them."""
    counts = np.concatenate([_faults(sample, name) for name in sample.attributes])
    most = np.sort(counts)[::-1]
    return max(FEWEST_FAULTS, int(most[MOST_VALUES]) + 1 if len(most) > MOST_VALUES else 0)


def _faults(sample: Sample, name: str) -> NDArray[np.int64]:
    """Faults of each value of an attribute."""
    values, codes = sample.codes[name]
    known = codes[(codes >= 0) & sample.faulty]
    return np.asarray(np.bincount(known, minlength=len(values)), dtype=np.int64)


def _frequent(sample: Sample, name: str, least: int) -> tuple[list[str], NDArray[np.int64]]:
    """Values with that many faults, and a code a session: 1 + their place, or OTHER."""
    values, codes = sample.codes[name]
    frequent = np.flatnonzero(_faults(sample, name) >= least)
    place = np.full(len(values) + 1, OTHER)
    place[frequent] = 1 + np.arange(len(frequent))
    return [values[code] for code in frequent], place[codes]


def _conditions(
    names: Sequence[str], values: Sequence[Sequence[str]], found: Sequence[int | None]
) -> tuple[tuple[str, str], ...]:
    """A slice as conditions; empty when it is about what has no value of its own."""
    chosen = [
        (name, listed, int(code))
        for name, listed, code in zip(names, values, found, strict=True)
        if code is not None
    ]
    if any(code == OTHER for _, _, code in chosen):
        return ()
    return tuple((name, listed[code - 1]) for name, listed, code in chosen)
