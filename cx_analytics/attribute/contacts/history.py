"""Daily contacts as arrays: a column a combination of what customers said.

Belongs here: laying the counts out, and sums over weeks and windows. Stays out: what is expected
(forecast.py) and what deviates (shifts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ATTRIBUTES = ("topic", "app_version", "device_model", "channel")
"""What a contact may be about."""

WIDEST = 300
"""An attribute with more values than this says too little about each to be forecast."""


@dataclass(frozen=True)
class History:
    """Contacts by day and combination.

    Attributes
    ----------
    first : day of the first row.
    counts : shape (days, combinations); a day without contacts is a row of zeros.
    combinations : the attributes of each column; a missing value is null.
    codes : by attribute, the place of each combination's value in `values` (the last is missing).
    """

    first: date
    counts: Floats
    combinations: pl.DataFrame
    codes: dict[str, Ints]
    values: dict[str, tuple[str | None, ...]]

    @classmethod
    def of(cls, contacts: pl.DataFrame) -> History:
        """From rows of day, attributes and `contacts`; attributes without a choice are left out."""
        names = [name for name in ATTRIBUTES if 2 <= contacts[name].n_unique() <= WIDEST]
        if contacts.is_empty() or not names:
            names = ["topic"]
        first = contacts["day"].min()
        last = contacts["day"].max()
        assert isinstance(first, date)
        assert isinstance(last, date)
        combinations = contacts.select(names).unique().sort(names, nulls_last=True)
        placed = contacts.join(
            combinations.with_row_index("place"), on=names, how="left", nulls_equal=True
        )
        counts = np.zeros(((last - first).days + 1, combinations.height))
        days = (placed["day"] - first).dt.total_days().to_numpy()
        np.add.at(counts, (days, placed["place"].to_numpy()), placed["contacts"].to_numpy())
        values = {
            name: (*combinations[name].drop_nulls().unique().sort().to_list(), None)
            for name in names
        }
        codes = {
            name: np.array([known.index(value) for value in combinations[name].to_list()])
            for name, known in values.items()
        }
        return cls(first, counts, combinations, codes, values)

    @property
    def days(self) -> int:
        """Days from the first to the last contact."""
        return len(self.counts)

    def day(self, place: int) -> date:
        """The date of a row."""
        return self.first + timedelta(days=place)

    def margin(self, name: str, counts: Floats) -> Floats:
        """Sums by value of an attribute, over the last axis of counts a combination."""
        size = len(self.values[name])
        flat = counts.reshape(-1, counts.shape[-1])
        sums = [np.bincount(self.codes[name], row, size) for row in flat]
        return np.array(sums, dtype=np.float64).reshape(*counts.shape[:-1], size)

    @cached_property
    def total(self) -> Floats:
        """Contacts a day."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def errors(self) -> dict[tuple[int, int], tuple[float, float] | None]:
        """How far off past forecasts were, by first row and number of days: what is known yet."""
        return {}
