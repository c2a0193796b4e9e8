"""Sums of customer days over a window, which days join and leave one after the other.

Belongs here: adding and taking away whole days, exactly. Stays out: what the sums say (index.py).

A window of 28 days that moves on by one shares 27 with the one before: adding all of them up again
for each day would read every customer day 28 times, and hold them all. Decimals make it exact, so
a window is the same however it came about.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from cx_analytics.care.exact import EXACT
from cx_analytics.care.reasons import REASONS
from cx_analytics.contracts.words import BACKGROUND

EXPLAINED = [reason for reason in REASONS if reason != BACKGROUND]
_KEY = "customer_id"
_COUNTS, _POINTS = ["sessions", "faults"], ["lost", "lost_squares"]
_SCHEMA = {_KEY: pl.String(), **dict.fromkeys(_COUNTS, pl.Int64()), **dict.fromkeys(_POINTS, EXACT)}


@dataclass(frozen=True)
class Sums:
    """What the customers of some days add up to, in the order of customers.

    Attributes
    ----------
    days : customer_id, sessions, faults, lost, lost_squares.
    explained : customer_id and a column for each reason but background, points lost to it; only
        customers who lost some.
    """

    days: pl.DataFrame
    explained: pl.DataFrame

    @classmethod
    def nothing(cls) -> Sums:
        """Of no day."""
        schema = {_KEY: pl.String(), **dict.fromkeys(EXPLAINED, EXACT)}
        return cls(pl.DataFrame(schema=_SCHEMA), pl.DataFrame(schema=schema))

    @classmethod
    def of(cls, days: pl.DataFrame, shares: pl.DataFrame, weights: pl.DataFrame) -> Sums:
        """Of customer days, the losses of their faults by cause, and each cause's reasons."""
        lost, reason = (pl.col("lost") * pl.col("weight")).cast(EXACT), pl.col("reason")
        explained = (
            shares.join(weights, on="cause_id")
            .group_by(_KEY)
            .agg(lost.filter(reason == one).sum().alias(one) for one in EXPLAINED)
            .sort(_KEY)
        )
        return cls(exact(days).sort(_KEY), explained)

    def plus(self, other: Sums) -> Sums:
        """With further days."""
        return Sums(added(self.days, other.days), added(self.explained, other.explained))

    def minus(self, other: Sums) -> Sums:
        """Without some of its days."""
        days = _joined(self.days, other.days, -1).filter(pl.col("sessions") > 0)
        explained = _joined(self.explained, other.explained, -1)
        return Sums(days, explained.filter(pl.any_horizontal(pl.col(EXPLAINED) != 0)))

    def by_reason(self) -> pl.DataFrame:
        """One row a customer, as floating-point numbers, with one more column a reason."""
        rest = pl.col("lost") - pl.sum_horizontal(EXPLAINED)
        return (
            self.days.with_columns(pl.col(_POINTS).cast(pl.Float64))
            .join(
                self.explained.with_columns(pl.col(EXPLAINED).cast(pl.Float64)),
                on=_KEY,
                how="left",
                maintain_order="left",
            )
            .with_columns(pl.col(EXPLAINED).fill_null(0.0))
            .with_columns(rest.clip(lower_bound=0).alias(BACKGROUND))
        )


def exact(sums: pl.DataFrame) -> pl.DataFrame:
    """Rows of one customer each with the sums alone, as what others can be added to."""
    return sums.select(_KEY, pl.col(_COUNTS).cast(pl.Int64), pl.col(_POINTS).cast(EXACT))


def added(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The sums of both; both are in the order of customers, and so is what comes of it."""
    fresh = other.join(one.select(_KEY), on=_KEY, how="anti", maintain_order="left")
    return _joined(one, other, 1).merge_sorted(fresh, key=_KEY)


def _joined(one: pl.DataFrame, other: pl.DataFrame, sign: int) -> pl.DataFrame:
    """The customers of the first, with the sums of the other added or taken away."""
    both = one.join(other, on=_KEY, how="left", maintain_order="left", suffix="_other")
    names = [name for name in one.columns if name != _KEY]
    more = {name: pl.col(f"{name}_other").fill_null(0) for name in names}
    return both.select(
        _KEY,
        *(pl.col(name) + more[name] if sign > 0 else pl.col(name) - more[name] for name in names),
    )
