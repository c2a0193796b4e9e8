"""What every baseline returns: causes in the contract's columns, and shares of each fault.

Belongs here: turning conditions with a rate ratio into those tables. Stays out: finding them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cx_analytics.bench.matching import coverage
from cx_analytics.contracts.words import BACKGROUND, label

SCHEMA = pl.Schema(
    {
        "cause_id": pl.String(),
        "kind": pl.String(),
        "conditions": pl.Map(pl.String(), pl.String()),
        "label": pl.String(),
        "valid_from": pl.Datetime("us"),
        "valid_to": pl.Datetime("us"),
        "first_reported_on": pl.Date(),
        "faults": pl.Int64(),
        "excess_faults": pl.Float64(),
        "excess_low": pl.Float64(),
        "excess_high": pl.Float64(),
        "rate_ratio": pl.Float64(),
        "probability": pl.Float64(),
    }
)
"""The columns of `causes` that scores look at; a baseline has no windows and no intervals."""


@dataclass(frozen=True)
class Cell:
    """A conjunction of attribute values, and its fault rate over that of other sessions."""

    conditions: Mapping[str, str]
    rate_ratio: float


@dataclass(frozen=True)
class Diagnosis:
    """What a baseline says: `causes` and `fault_causes`."""

    causes: pl.DataFrame
    fault_causes: pl.DataFrame


def diagnosis(cells: Sequence[Cell], faults: pl.DataFrame) -> Diagnosis:
    """Causes and shares from cells.

    A fault's hazard, in units of the background's, is `1 + sum (ratio - 1)` over the cells that
    cover it: each has its part of that as its share, and the background the rest.
    """
    ratios = np.array([cell.rate_ratio for cell in cells], dtype=np.float64)
    shape = pl.DataFrame(
        {
            "conditions": pl.Series(
                [dict(cell.conditions) for cell in cells], dtype=SCHEMA["conditions"]
            ),
            "valid_from": pl.Series([None] * len(cells), dtype=pl.Datetime("us")),
            "valid_to": pl.Series([None] * len(cells), dtype=pl.Datetime("us")),
        }
    )
    covered = coverage(shape, faults)
    inside = covered.sum(axis=1)
    rows = [_row(cell, int(count)) for cell, count in zip(cells, inside, strict=True)]
    return Diagnosis(pl.DataFrame(rows, schema=SCHEMA), _shares(covered, ratios, cells, faults))


def _row(cell: Cell, faults: int) -> dict[str, object]:
    named = label(dict(cell.conditions))
    return {
        "cause_id": named,
        "kind": "shared",
        "conditions": dict(cell.conditions),
        "label": named,
        "faults": faults,
        "excess_faults": faults * (1 - 1 / cell.rate_ratio),
        "rate_ratio": cell.rate_ratio,
    }


def _shares(
    covered: NDArray[np.bool_],
    ratios: NDArray[np.float64],
    cells: Sequence[Cell],
    faults: pl.DataFrame,
) -> pl.DataFrame:
    cell, fault = np.nonzero(covered)
    extra = ratios[cell] - 1
    hazard = 1 + np.bincount(fault, extra, minlength=faults.height)
    names = np.array([label(dict(one.conditions)) for one in cells] + [BACKGROUND], dtype=object)
    place = np.concatenate([cell, np.full(faults.height, len(cells))])
    row = np.concatenate([fault, np.arange(faults.height)])
    share = np.concatenate([extra / hazard[fault], 1 / hazard])
    return pl.DataFrame(
        {
            "session_id": faults.get_column("session_id").gather(row),
            "cause_id": pl.Series(names[place].tolist(), dtype=pl.String),
            "share": share,
        }
    )
