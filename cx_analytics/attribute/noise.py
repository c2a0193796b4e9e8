"""Noise between values: how much the values of an attribute vary where no cause explains it.

Belongs here: that variance for every cell of a period, given the hazards of a model. Stays
out: what a candidate is worth under it (scoring.py, assess.py).
"""

from __future__ import annotations

import numpy as np

from cx_analytics.attribute.cells import Period
from cx_analytics.attribute.counts import Bools, Floats, Ints
from cx_analytics.attribute.evidence import noise_variance

LEAST_FOR_NOISE = 8.0
FEW_VALUES = 15


class Noise:
    """The faults of single values grouped by value and customer, prepared once a period.

    `single` says which cells are a single value on whole days; only these tell the noise.
    """

    def __init__(self, period: Period, single: Bools) -> None:
        self._period = period
        self._cells: Ints = np.flatnonzero(single)
        entries = np.flatnonzero(single[period.owner])
        self._fault = period.fault[entries]
        self._owner = (np.cumsum(single) - 1)[period.owner[entries]]
        self._place, self._visited = self._visits()
        self._attribute, self._singles = self._attributes()

    def _visits(self) -> tuple[Ints, Ints]:
        """For each entry its (value, customer) group, and the value of each group."""
        period = self._period
        customer = period.codes("customer_id")[self._fault]
        alone = len(period.counts.columns["customer_id"].levels) + self._fault
        who = np.where(customer >= 0, customer, alone)
        width = int(who.max(initial=0)) + 1
        groups, place = np.unique(self._owner * width + who, return_inverse=True)
        return place, groups // width

    def _attributes(self) -> tuple[Ints, list[Ints]]:
        """Attributes of each cell as numbers, shape (cells, 3), and the values of each attribute.

        Cells of fewer conditions are filled up with a number beyond the last attribute.
        """
        period = self._period
        number = {name: n for n, name in enumerate(period.counts.names)}
        attribute = np.full((len(period.cell), 3), len(number), dtype=np.int64)
        for cell in range(len(period.cell)):
            for place, name in enumerate(period.key(cell).names):
                attribute[cell, place] = number.get(name, len(number))
        own = attribute[self._cells, 0]
        return attribute, [np.flatnonzero(own == n) for n in range(len(number))]

    def variance(self, rate: Floats, typical: Floats) -> Floats:
        """tau^2 of each cell: what its values vary by without a cause, summed over attributes.

        `typical` is the mean hazard of each type. The variance to be expected is that of
        customers, not of faults. Attributes with few values lean on the median of the others.
        """
        found = self._by_attribute(rate, typical)
        known = [tau2 for tau2, values in found if values >= FEW_VALUES]
        common = float(np.median(known)) if known else 0.0
        mixed = [
            (tau2 * values + common * FEW_VALUES) / (values + FEW_VALUES) for tau2, values in found
        ]
        return np.asarray(np.array([*mixed, 0.0])[self._attribute].sum(axis=1), dtype=float)

    def _by_attribute(self, rate: Floats, typical: Floats) -> list[tuple[float, int]]:
        """tau^2 of each attribute, and the number of values that tell it."""
        size = len(self._cells)
        weight = (typical[self._period.kind] / rate)[self._fault]
        square = np.bincount(self._visited, np.bincount(self._place, weight) ** 2, minlength=size)
        score = np.bincount(self._owner, weight, minlength=size)
        expected = self._period.exposure[self._cells, -1] * typical.sum()
        residual, usable = score - expected, expected >= LEAST_FOR_NOISE
        chosen = [rows[usable[rows]] for rows in self._singles]
        return [
            (noise_variance(residual[rows], square[rows], expected[rows]), len(rows))
            for rows in chosen
        ]
