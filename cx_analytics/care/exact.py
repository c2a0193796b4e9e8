"""Sums that come out the same in whatever order the rows are added up.

Belongs here: that one expression. Stays out: what is added up.
"""

from __future__ import annotations

import polars as pl

PLACES = 12
"""Decimal places that are added up: far below what a point or a share of a fault can mean."""

EXACT = pl.Decimal(38, PLACES)
"""What sums are kept in that others are added to."""


def exact_sum(column: pl.Expr) -> pl.Expr:
    """The sum of floating-point numbers, added up as decimals.

    Engines add up in parallel, in another order each time, and floating point then differs in
    its last bits from run to run: equal data would not give equal tables.

    >>> pl.DataFrame({"lost": [0.1, 0.2, 0.3, -0.6]}).select(exact_sum(pl.col("lost"))).item()
    0.0
    """
    return column.cast(EXACT).sum().cast(pl.Float64)
