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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import polars as pl

from cx_analytics.care.credibility import FULL_LOSS, Floats, fleet_of, interval, shrunk
from cx_analytics.care.exact import exact_sum
from cx_analytics.care.reasons import REASONS, reason_weights
from cx_analytics.care.sums import Sums, added, exact
from cx_analytics.contracts.attributes import Domain
from cx_analytics.contracts.tables import CUSTOMER_EXPERIENCE
from cx_analytics.contracts.words import BACKGROUND

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
    customer_causes, causes, domain_of, prior_sessions, window_days : as for ExperienceIndex.
    """
    index = ExperienceIndex(
        days=customer_days["day"].unique().to_list(),
        customer_days=lambda one: customer_days.filter(pl.col("day") == one),
        customer_causes=customer_causes,
        causes=causes,
        domain_of=domain_of,
        prior_sessions=prior_sessions,
        window_days=window_days,
    )
    return index.of(day)


@dataclass
class ExperienceIndex:
    """The table `customer_experience`, day after day: the window moves, and is not made anew.

    Parameters
    ----------
    days : the days that there are.
    customer_days : reads the rows of the model `experience/customer_days` of one day.
    customer_causes : rows of the model `care/customer_causes`, of all these days.
    causes : columns cause_id, kind, conditions of the table `causes`.
    domain_of : attribute → domain.
    prior_sessions : κ > 0, the weight of what is expected, in sessions. With the default a day's
        only session counts a third: a bad one shows, and is neither a 0 nor a 100.
    window_days : length of the past, this day included.
    """

    days: Sequence[date]
    customer_days: Callable[[date], pl.DataFrame]
    customer_causes: pl.DataFrame
    causes: pl.DataFrame
    domain_of: Mapping[str, Domain]
    prior_sessions: float = 2.0
    window_days: int = 28
    _past: Sums = field(default_factory=Sums.nothing)
    _inside: set[date] = field(default_factory=set)
    """The days that the past holds."""
    _last: tuple[date, Sums] | None = None

    def __post_init__(self) -> None:
        self._weights = reason_weights(self.causes, self.domain_of)
        known = self.causes.select("cause_id")
        self._known = self.customer_causes.join(known, on="cause_id", how="semi")

    def of(self, day: date) -> pl.DataFrame:
        """The rows of one day, by customer."""
        self._move_to(day)
        today = self._sums(day).by_reason()
        scored = _scored(today, self._past.by_reason(), self.prior_sessions)
        top = _top_causes(today, self._shares(day))
        return (
            scored.with_columns(day=pl.lit(day))
            .join(top, on="customer_id", how="left", maintain_order="left")
            .select(CUSTOMER_EXPERIENCE.names)
        )

    def _move_to(self, day: date) -> None:
        """Let the past be the days before this one."""
        since = day - timedelta(days=self.window_days - 1)
        wanted = {one for one in self.days if since <= one < day}
        if not wanted & self._inside:
            self._past, self._inside = Sums.nothing(), set()
        for one in sorted(self._inside - wanted):
            self._past = self._past.minus(self._sums(one))
        for one in sorted(wanted - self._inside):
            self._past = self._past.plus(self._sums(one))
        self._inside = wanted

    def _sums(self, day: date) -> Sums:
        if self._last is None or self._last[0] != day:
            rows = self.customer_days(day)
            self._last = day, Sums.of(rows, self._shares(day), self._weights)
        return self._last[1]

    def _shares(self, day: date) -> pl.DataFrame:
        return self._known.filter(pl.col("day") == day)


def _scored(today: pl.DataFrame, past: pl.DataFrame, prior_sessions: float) -> pl.DataFrame:
    """Score, interval and reasons of the day's customers, in their order."""
    peers = added(exact(past), exact(today))
    fleet = fleet_of(*(_array(peers[name]) for name in ("sessions", "lost", "lost_squares")))
    own = today.select("customer_id").join(
        past, on="customer_id", how="left", maintain_order="left"
    )
    own_sessions = _array(own["sessions"].fill_null(0))
    expected = shrunk(
        _matrix(own.fill_null(0)), own_sessions, _peer_means(past, today), fleet.peer_sessions
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


def _peer_means(past: pl.DataFrame, today: pl.DataFrame) -> Floats:
    """Points lost per session to each reason, all customers.

    Half a session lost for no known reason is added (as in Jeffreys' prior), so that a fleet
    without a single loss is not certain to be flawless.
    """
    sums = pl.concat(one.select("sessions", *REASONS) for one in (past, today))
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
