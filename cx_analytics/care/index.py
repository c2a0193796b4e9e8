"""The experience index of each customer and day, with reasons that add up.

Belongs here: customer days → `customer_experience`. Stays out: scoring sessions (sql/experience),
estimators (credibility.py), which reason a cause belongs to (reasons.py).

    loss of a session   100 − its score; what a fault loses goes to its causes by their shares,
                        what a session without a fault loses (slow, but no fault) to background
    score of a day      100 − (L + κ·m) / (n + κ) with n sessions that lost L points that day; m is
                        the loss per session to expect of this customer, its own past shrunk
                        towards the peers, and κ how many sessions this expectation counts for
    reasons             the same formula for each reason alone, so they add up to 100 − score

So a quiet day still carries a little of what the customer's past and peers lost, under the same
reasons: the index estimates how the product is for this customer, not which dice fell that day.
Summed over customers the reasons keep their proportions, which the raw parts alone would not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from cx_analytics.care.credibility import FULL_LOSS, Floats, fleet_of, interval, shrunk
from cx_analytics.care.exact import exact_sum
from cx_analytics.care.reasons import REASONS, reason_weights
from cx_analytics.contracts.attributes import Domain
from cx_analytics.contracts.tables import CUSTOMER_EXPERIENCE
from cx_analytics.contracts.words import BACKGROUND

_TOTALS = (pl.col("sessions", "faults").sum(), exact_sum(pl.col("lost", "lost_squares")))
"""What customer days add up."""

_NOTHING = 1e-9
"""Points below which nothing was lost: what rounding leaves of a difference of sums."""


def customer_experience(
    day: date,
    customer_days: pl.DataFrame,
    customer_causes: pl.DataFrame,
    causes: pl.DataFrame,
    domain_of: Mapping[str, Domain],
    *,
    prior_sessions: float = 2.0,
    window_days: int = 28,
) -> pl.DataFrame:
    """The rows of the table `customer_experience` for one day, by customer.

    Only rows of the `window_days` that end with `day` are looked at, so the answer is the same
    whether the days are run one by one or all at once.

    Parameters
    ----------
    customer_days : rows of the model `experience/customer_days`, of this day and the ones before.
    customer_causes : rows of the model `care/customer_causes`, of the same days.
    causes : columns cause_id, kind, conditions of the table `causes`.
    domain_of : attribute → domain.
    prior_sessions : κ > 0, the weight of what is expected, in sessions. With the default a day's
        only session counts a third: a bad one shows, and is neither a 0 nor a 100.
    window_days : length of the past, this day included.
    """
    since = day - timedelta(days=window_days - 1)
    is_today, is_past = pl.col("day") == day, pl.col("day").is_between(since, day, closed="left")
    weights = reason_weights(causes, domain_of)
    known = customer_causes.join(causes.select("cause_id"), on="cause_id", how="semi")
    today, past = (
        _sums(customer_days.filter(when), known.filter(when), weights)
        for when in (is_today, is_past)
    )
    scored = _scored(today, past, prior_sessions)
    top = _top_causes(today, known.filter(is_today))
    return (
        scored.with_columns(day=pl.lit(day))
        .join(top, on="customer_id", how="left", maintain_order="left")
        .select(CUSTOMER_EXPERIENCE.names)
    )


def _sums(days: pl.DataFrame, shares: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Customer days added up: one row a customer, with one more column a reason (points lost).

    Sums are exact, and customers are in order, so that the same rows give the same scores to the
    last bit.
    """
    explained = [reason for reason in REASONS if reason != BACKGROUND]
    lost = pl.col("lost") * pl.col("weight")
    by_reason = (
        shares.join(weights, on="cause_id")
        .group_by("customer_id")
        .agg(exact_sum(lost.filter(pl.col("reason") == r)).alias(r) for r in explained)
    )
    rest = pl.col("lost") - pl.sum_horizontal(explained)
    return (
        days.group_by("customer_id")
        .agg(*_TOTALS)
        .join(by_reason, on="customer_id", how="left")
        .with_columns(pl.col(explained).fill_null(0.0))
        .with_columns(rest.clip(lower_bound=0).alias(BACKGROUND))
        .sort("customer_id")
    )


def _scored(today: pl.DataFrame, past: pl.DataFrame, prior_sessions: float) -> pl.DataFrame:
    """Score, interval and reasons of the day's customers, in their order."""
    both = pl.concat([past, today])
    peers = both.group_by("customer_id").agg(*_TOTALS).sort("customer_id")
    fleet = fleet_of(*(_array(peers[name]) for name in ("sessions", "lost", "lost_squares")))
    own = today.select("customer_id").join(
        past, on="customer_id", how="left", maintain_order="left"
    )
    own_sessions = _array(own["sessions"].fill_null(0))
    expected = shrunk(
        _matrix(own.fill_null(0)), own_sessions, _peer_means(both), fleet.peer_sessions
    )
    sessions = _array(today["sessions"])
    lost = shrunk(_matrix(today), sessions, expected, prior_sessions)
    score = np.clip(FULL_LOSS - lost.sum(axis=1), 0, FULL_LOSS)
    low, high = interval(score, sessions + prior_sessions, fleet.dispersion)
    return today.select("customer_id", "sessions", "faults").with_columns(
        pl.Series("score", score),
        pl.Series("score_low", low),
        pl.Series("score_high", high),
        *(pl.Series(f"lost_to_{reason}", lost[:, i]) for i, reason in enumerate(REASONS)),
    )


def _peer_means(sums: pl.DataFrame) -> Floats:
    """Points lost per session to each reason, all customers.

    Half a session lost for no known reason is added (as in Jeffreys' prior), so that a fleet
    without a single loss is not certain to be flawless.
    """
    means = _matrix(sums).sum(axis=0)
    means[REASONS.index(BACKGROUND)] += FULL_LOSS / 2
    return np.asarray(means / (float(_array(sums["sessions"]).sum()) + 1))


def _top_causes(today: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """The cause with the largest loss of each customer's day, or background; none without loss."""
    named = shares.select("customer_id", "cause_id", "lost")
    explained = named.group_by("customer_id").agg(exact_sum(pl.col("lost")).alias("explained"))
    rest = today.join(explained, on="customer_id", how="left").select(
        "customer_id",
        pl.lit(BACKGROUND).alias("cause_id"),
        (pl.col("lost") - pl.col("explained").fill_null(0.0)).alias("lost"),
    )
    return (
        pl.concat([named, rest])
        .filter(pl.col("lost") > _NOTHING)
        .sort("lost", "cause_id", descending=[True, False])
        .unique("customer_id", keep="first", maintain_order=True)
        .select("customer_id", pl.col("cause_id").alias("top_cause_id"))
    )


def _matrix(frame: pl.DataFrame) -> Floats:
    """The losses by reason as an array: one row a row, one column a reason."""
    return frame.select(pl.col(REASONS).cast(pl.Float64)).to_numpy(writable=True)


def _array(series: pl.Series) -> Floats:
    return series.cast(pl.Float64).to_numpy()
