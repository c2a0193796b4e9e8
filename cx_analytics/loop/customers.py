"""Whether one customer got better after a fix: a verdict from the customer's own sessions.

Belongs here: the likelihood on arrays, one entry a customer, and its words. Stays out: whom an
action reached (cohorts.py) and what it did to all of them (effect.py).

A customer's rate before is gamma distributed over customers (shape 1.5: care/gain.py has the
same), so that few bad sessions before are not taken for a bad customer. Faults after are Poisson
with that rate times the daily shape of the controls times the customer's own ratio, hence negative
binomial given the ratio (Gelman et al., Bayesian Data Analysis, 3rd edition, 2013, p. 44). The
prior of the ratio is what the action did to all, wide enough that a customer may differ.

The prior can only hold a verdict back. To be called better the customer's own faults after must
also be so few that at most 5 % of unchanged customers would have as few: a fix that helped others
but not this one is called one that worked in no more cases than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from cx_analytics.loop.effect import Effect

Floats = npt.NDArray[np.float64]

FRAILTY_SHAPE = 1.5
LEVEL = 0.05
"""Largest chance of so few (or so many) faults with no change."""

BELIEF = 0.9
"""Least posterior probability of the direction that is told."""

POWER, HALF = 0.8, 0.5
OWN_SPREAD = 0.5
"""Standard deviation of ln(ratio) between customers."""

COHORT = 10
"""With fewer customers than this, their rate before is taken together with that of the controls."""

_EFFECTS = np.arange(5, 100, 5) / 100
_GRID = np.linspace(-4.0, 2.5, 66)


@dataclass(frozen=True)
class Turn:
    """What is known of customers: sessions and faults before and after, one entry each."""

    sessions_before: Floats
    faults_before: Floats
    sessions_after: Floats
    faults_after: Floats


@dataclass(frozen=True)
class Pool:
    """What is known of all of them together.

    Attributes
    ----------
    rate : faults a session before, of an average customer.
    shape : how the rate changed from before to after with no action.
    ratio, spread : the pooled effect and the standard deviation of its logarithm.
    dispersion : of daily counts, 1 = Poisson; a burst of faults counts as fewer.
    """

    rate: float
    shape: float = 1.0
    ratio: float = 1.0
    spread: float = 1.0
    dispersion: float = 1.0

    @classmethod
    def of(cls, effect: Effect, rate: float) -> Pool:
        """From the effect on all; without an estimate, a ratio about which little is known."""
        if effect.estimate is None or not effect.low or effect.high is None:
            return cls(rate)
        spread = math.log(effect.high / effect.low) / (2 * 1.6449)
        return cls(rate, effect.shape, effect.estimate, spread, effect.dispersion)


@dataclass(frozen=True)
class CustomerVerdicts:
    """One entry a customer: the word, the rate ratio with its 90 % interval, and the smallest
    reduction that could have been seen with 80 % power (NaN: none)."""

    word: list[str]
    estimate: Floats
    low: Floats
    high: Floats
    smallest_effect: Floats


def verdicts(turn: Turn, pool: Pool) -> CustomerVerdicts:
    """The verdict on each customer.

    worked    : at most 5 % of unchanged customers would have so few faults after, and the
                posterior probability of a fall is at least 0.9.
    harmed    : at most 5 % of unchanged customers with a fault after would have so many, and the
                posterior probability of a rise is at least 0.9. (Who has few sessions and meets
                one fault is told of here because of that fault.)
    did_not   : a reduction by half would have been seen with 80 % power and was not, and at most
                10 % of customers with such a reduction would have so many faults.
    too_early : otherwise.
    """
    own = _Own.of(turn, pool)
    estimate, low, high, falls = _posterior(own, pool)
    few, many = own.as_few(1.0), own.as_many(1.0) / own.any_fault
    smallest = _smallest_effect(own)
    powerful = np.nan_to_num(smallest, nan=1.0) <= HALF
    worked = (few <= LEVEL) & (falls >= BELIEF)
    harmed = (many <= LEVEL) & (falls <= 1 - BELIEF)
    did_not = powerful & ~worked & ~harmed & (few > LEVEL) & (own.as_many(HALF) <= 2 * LEVEL)
    chosen = np.select([worked, harmed, did_not], ["worked", "harmed", "did_not"], "too_early")
    return CustomerVerdicts([str(word) for word in chosen], estimate, low, high, smallest)


@dataclass(frozen=True)
class _Own:
    """Posterior of the rate before, gamma(size, rate), exposure after, and faults after."""

    size: Floats
    rate: Floats
    exposure: Floats
    faults: Floats

    @classmethod
    def of(cls, turn: Turn, pool: Pool) -> _Own:
        spread = max(pool.dispersion, 1.0)
        return cls(
            FRAILTY_SHAPE + turn.faults_before / spread,
            FRAILTY_SHAPE / max(pool.rate, 1e-9) + turn.sessions_before / spread,
            turn.sessions_after * pool.shape / spread,
            turn.faults_after / spread,
        )

    def success(self, ratio: float | Floats) -> Floats:
        return np.asarray(self.rate / (self.rate + np.maximum(self.exposure * ratio, 1e-12)))

    def as_few(self, ratio: float) -> Floats:
        """Chance of so few faults or fewer, at a ratio."""
        from scipy.special import betainc

        return np.asarray(betainc(self.size, self.faults + 1, self.success(ratio)))

    def as_many(self, ratio: float) -> Floats:
        """Chance of so many faults or more, at a ratio."""
        from scipy.special import betainc

        below = betainc(self.size, np.maximum(self.faults, 1e-12), self.success(ratio))
        return np.where(self.faults > 0, 1 - below, 1.0)

    @property
    def any_fault(self) -> Floats:
        """Chance of a fault after, with no change."""
        return np.asarray(np.maximum(1 - self.success(1.0) ** self.size, 1e-12))


def _smallest_effect(own: _Own) -> Floats:
    """The smallest reduction whose power is POWER; NaN where none has it."""
    from scipy.special import betainc

    most = _most_faults(own)
    found = np.full(len(most), np.nan)
    can = np.flatnonzero(most >= 0)
    for effect in _EFFECTS[::-1]:
        success = own.success(1 - effect)[can]
        seen = betainc(own.size[can], most[can] + 1, success) >= POWER
        can = can[seen]
        found[can] = effect
    return found


def _most_faults(own: _Own) -> Floats:
    """Most faults after that would be called few; -1 where not even none would be."""
    from scipy.special import betainc, nbdtrik

    success = own.success(1.0)
    some = betainc(own.size, 1.0, success) <= LEVEL
    most = np.full(len(success), -1.0)
    most[some] = np.floor(nbdtrik(LEVEL, own.size[some], success[some]) + 1e-6)
    return most


def _posterior(own: _Own, pool: Pool) -> tuple[Floats, Floats, Floats, Floats]:
    """Median and 90 % interval of the ratio, and the probability that it is below 1."""
    spread = math.hypot(pool.spread, OWN_SPREAD)
    prior = -0.5 * ((_GRID - math.log(max(pool.ratio, 1e-3))) / spread) ** 2
    ratio = np.exp(_GRID)[None, :]
    exposure = np.maximum(own.exposure, 1e-12)[:, None] * ratio
    log = (
        prior[None, :]
        + own.faults[:, None] * np.log(exposure)
        - (own.size + own.faults)[:, None] * np.log(own.rate[:, None] + exposure)
    )
    weight = np.exp(log - log.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    reached = np.cumsum(weight, axis=1)
    quantiles = [_quantile(weight, reached, level) for level in (0.5, 0.05, 0.95)]
    falls = weight[:, _GRID < -1e-9].sum(axis=1) + 0.5 * weight[:, np.abs(_GRID) <= 1e-9].sum(
        axis=1
    )
    return quantiles[0], quantiles[1], quantiles[2], falls


def _quantile(weight: Floats, reached: Floats, level: float) -> Floats:
    """The ratio below which the posterior has `level`, each weight spread evenly over its step.

    Parameters
    ----------
    weight, reached : posterior of each customer at the points of the grid, and its running sums.
    """
    step = _GRID[1] - _GRID[0]
    place = np.argmax(reached >= level, axis=1)
    row = np.arange(len(weight))
    within = 1 - (reached[row, place] - level) / np.maximum(weight[row, place], 1e-300)
    return np.asarray(np.exp(_GRID[place] + step * (within - 0.5)))


def customer_rows(
    turns: pl.DataFrame, effect: Effect, control_rate: float, *, verdict_on: object
) -> pl.DataFrame:
    """The customers that an action reached, each with a verdict; those without a fault left out.

    Parameters
    ----------
    turns : the model `loop/customer_turns`.
    effect : of the action on all of them.
    control_rate : faults a session of treated and controls together, for when few were treated.
    verdict_on : the last day that the verdict rests on.
    """
    rate = control_rate
    if turns.height >= COHORT and turns["faults_before"].sum() > 0:
        rate = float(turns["faults_before"].sum()) / max(float(turns["sessions_before"].sum()), 1.0)
    told = turns.filter((pl.col("faults_before") + pl.col("faults_after")) > 0)
    names = ("sessions_before", "faults_before", "sessions_after", "faults_after")
    columns = told.select(pl.col(names).cast(pl.Float64))
    found = verdicts(Turn(*(columns[name].to_numpy() for name in names)), Pool.of(effect, rate))
    return told.with_columns(
        verdict=pl.Series(found.word, dtype=pl.String),
        estimate=pl.Series(found.estimate),
        low=pl.Series(found.low),
        high=pl.Series(found.high),
        smallest_effect=pl.Series(found.smallest_effect).fill_nan(None),
        verdict_on=pl.lit(verdict_on, dtype=pl.Date),
    )
