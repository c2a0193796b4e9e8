"""The units under one defect together: how many, how long in the field, what they share.

Belongs here: sums over units. Stays out: single units (risk.py), what is to come (forecast.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from cx_analytics.factory.gamma import dispersion


@dataclass(frozen=True)
class Population:
    """Sums over the units under one defect; `days` in unit-days, `spread` by gamma.dispersion."""

    made: int = 0
    in_field: int = 0
    failed: int = 0
    days: float = 0.0
    spread: float = 1.0
    lot: str | None = None
    line: str | None = None
    site: str | None = None


def population(units: pl.DataFrame, daily: pl.DataFrame) -> Population:
    """Sums over the units of one defect (with the columns of `with_exposure`) and their days."""
    if units.is_empty():
        return Population()
    made, field = units.filter("made"), units.filter("in_field")
    faults, sessions = (
        daily[name].to_numpy().astype(np.float64) for name in ("faults", "sessions")
    )
    return Population(
        made=made.height,
        in_field=field.height,
        failed=int(units["failed"].sum()),
        days=float(field["days"].sum()),
        spread=dispersion(faults, sessions),
        lot=shared(made, "lot"),
        line=shared(made, "line"),
        site=shared(made, "site"),
    )


def shared(units: pl.DataFrame, column: str) -> str | None:
    """The value that all units share, or None."""
    values = units[column].unique()
    return values[0] if values.len() == 1 else None
