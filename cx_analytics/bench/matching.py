"""Which found cause is which planted one: by the fault rows that both cover.

Belongs here: coverage of fault rows by conditions and window, and the overlap of two coverages.
Stays out: the figures made of it (scoring.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

HIT = 0.7
"""Jaccard overlap from which on a found cause is a planted one."""

MISS = 0.3
"""Overlap with every planted cause below which a found cause is false."""


@dataclass(frozen=True)
class Matching:
    """Overlap (Jaccard, found x true) and each found cause's planted one (-1 = none).

    `partner` is one to one: of several found causes that hit the same planted one only the
    nearest has it as its partner, the others repeat it.
    """

    overlap: NDArray[np.float64]
    partner: NDArray[np.int64]

    @property
    def best(self) -> NDArray[np.float64]:
        """Each found cause's largest overlap with any planted one."""
        return np.asarray(self.overlap.max(axis=1, initial=0.0))

    @property
    def about(self) -> NDArray[np.int64]:
        """The planted cause that each found one overlaps most, -1 for a false one."""
        return self._nearest(MISS)

    @property
    def stands_for(self) -> NDArray[np.int64]:
        """The planted cause that each found one hits, repeats included; -1 = none."""
        return self._nearest(HIT)

    @property
    def hits(self) -> NDArray[np.bool_]:
        """Which planted causes were found."""
        found = np.zeros(self.overlap.shape[1], dtype=np.bool_)
        found[self.partner[self.partner >= 0]] = True
        return found

    def _nearest(self, least: float) -> NDArray[np.int64]:
        if not self.overlap.size:
            return np.full(len(self.overlap), -1, dtype=np.int64)
        return np.where(self.best >= least, self.overlap.argmax(axis=1), -1)


def match(found: pl.DataFrame, true: pl.DataFrame, faults: pl.DataFrame) -> Matching:
    """Match causes (`conditions`, `valid_from`, `valid_to`) over fault rows with attributes.

    `faults` holds the faulty sessions: a text column an attribute, `customer_id`, `unit_id`,
    `started_at`. A condition on a column that is not there covers nothing.
    """
    of_found, of_true = coverage(found, faults), coverage(true, faults)
    both = of_found.astype(np.float32) @ of_true.astype(np.float32).T
    either = of_found.sum(axis=1)[:, None] + of_true.sum(axis=1)[None, :] - both
    overlap = np.where(either > 0, both / np.maximum(either, 1), 0.0).astype(np.float64)
    return Matching(overlap, _one_to_one(overlap))


def _one_to_one(overlap: NDArray[np.float64]) -> NDArray[np.int64]:
    """The assignment of found causes to planted ones that they hit, of largest total overlap."""
    partner = np.full(len(overlap), -1, dtype=np.int64)
    hit = np.where(overlap >= HIT, overlap, 0.0)
    rows, columns = linear_sum_assignment(-hit)
    real = hit[rows, columns] > 0
    partner[rows[real]] = columns[real]
    return partner


def coverage(causes: pl.DataFrame, faults: pl.DataFrame) -> NDArray[np.bool_]:
    """Which fault rows each cause covers: a row a cause, a column a fault row."""
    columns = _Columns(faults)
    rows = causes.select("conditions", "valid_from", "valid_to").rows()
    covered = np.ones((len(rows), faults.height), dtype=np.bool_)
    started = faults.get_column("started_at").cast(pl.Datetime("us")).to_numpy()
    for row, (conditions, valid_from, valid_to) in enumerate(rows):
        for name, value in dict(conditions).items():
            covered[row] &= columns.equal(name, value)
        if valid_from is not None:
            covered[row] &= started >= np.datetime64(valid_from, "us")
        if valid_to is not None:
            covered[row] &= started < np.datetime64(valid_to, "us")
    return covered


class _Columns:
    """Text columns as codes, so that thousands of conditions compare integers."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self.codes: dict[str, tuple[dict[str, int], NDArray[np.int64]]] = {}

    def equal(self, name: str, value: str) -> NDArray[np.bool_]:
        if name not in self.frame.columns:
            return np.zeros(self.frame.height, dtype=np.bool_)
        if name not in self.codes:
            texts = self.frame.get_column(name).cast(pl.String).to_list()
            known: dict[str, int] = {}
            codes = [-1 if text is None else known.setdefault(text, len(known)) for text in texts]
            self.codes[name] = (known, np.array(codes, dtype=np.int64))
        known, column = self.codes[name]
        return np.asarray(column == known.get(value, -2))
