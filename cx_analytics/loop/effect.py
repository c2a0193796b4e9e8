"""What an action did, on arrays of daily counts: excess-fault difference-in-differences.

Belongs here: the estimate with its interval, power and placebos. Stays out: what is expected
(expectation.py), noise (noise.py), who is treated and who is a control (cohorts.py), which days
count (calendar.py), what the numbers are called (verdicts.py).

The rate of a group on a day is level(group) × shape(day), but for the excess that the problem
brings to the treated: causes add to what is normal (attribute/), so a rise of everything else does
not make them larger, and their share stays as it is. Level and shape are fitted on untreated cells
only: controls on all days, treated groups until the action reached them (the imputation estimator
of Borusyak, Jaravel and Spiess, Revisiting event-study designs, Review of Economic Studies 91
(2024), pages 3253-3285, with a Poisson mean). What is expected of the treated cells had nothing
been done follows from it; the estimate is observed over expected. In a roll-out in stages those
not yet reached are controls of those that are, and no reached group is ever a control of another.

Raw faults are counted, not shares of the cause: when a fix ends a cause, attribution closes its
window and the shares after it vanish by definition, whether or not the faults do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cx_analytics.loop.expectation import Expectation, Panel, comparable, expect
from cx_analytics.loop.noise import Noise, Split, noise_of, standardised

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAST_DAYS = 3
"""Days on either side below which nothing is estimated."""

LEAST_FAULTS = 5
"""Faults of the treated before, below which nothing is estimated."""

DRAWS = 4000
_INTERVAL = (5.0, 50.0, 95.0)
_Z_TEST, _Z_POWER = 1.6449, 0.8416
"""Normal quantiles: an interval of 90 % that lies on one side of 1, with 80 % power."""


@dataclass(frozen=True)
class Effect:
    """An estimate that can be asked for its limits; None where the data cannot say.

    `estimate` is the fault rate with the action over that without, `low`–`high` its 90 %
    interval; `prevented` faults with their interval; `smallest_effect` the relative reduction
    that would have been seen with 80 % power; `placebo_p` the share of `placebos` with as large
    an effect in the same direction; `sure` the probability that there is a change in the
    direction of the estimate.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    prevented: float | None = None
    prevented_low: float | None = None
    prevented_high: float | None = None
    smallest_effect: float | None = None
    placebo_p: float | None = None
    placebos: int = 0
    sure: float = 1.0
    treated_sessions: int = 0
    control_sessions: int = 0
    days_before: int = 0
    days_after: int = 0
    dispersion: float = 1.0
    shape: float = 1.0


def estimate(panel: Panel, rng: np.random.Generator) -> Effect:
    """The effect of an action on the fault rate of those that it reached.

    Parameters
    ----------
    panel : counts of at least one treated and one control group.
    rng : chance of the draws; the same generator gives the same figures.

    Notes
    -----
    Draws: gamma for the treated's faults before and after and for the controls' shape, each with
    the Pearson dispersion of daily counts (McCullagh and Nelder, Generalized Linear Models, 2nd
    edition, 1989, section 6.2.4), and a normal for how much groups drift apart with no action.
    Both come with their own uncertainty.
    """
    panel = comparable(panel)
    counted = _counted(panel)
    if not _enough(panel, counted):
        return counted
    fit = expect(panel)
    if fit.expected <= 0:
        return counted
    controls = ~panel.treated
    noise = noise_of(
        panel.faults,
        fit.mean,
        panel.untreated,
        controls=controls,
        later=panel.later,
        extra=_after_residuals(panel, fit),
    )
    after = float(panel.faults[panel.reached].sum())
    draws = _draws(after, fit, noise, rng)
    low, middle, high = (float(one) for one in np.percentile(draws.ratio, _INTERVAL))
    less, mid, more = (float(one) for one in np.percentile(draws.prevented, _INTERVAL))
    tail, placebos = placebo(panel, fit, noise, after)
    return Effect(
        estimate=middle,
        low=low,
        high=high,
        prevented=mid,
        prevented_low=less,
        prevented_high=more,
        smallest_effect=smallest_effect(fit, noise),
        placebo_p=tail,
        placebos=placebos,
        sure=max(float((draws.ratio < 1).mean()), float((draws.ratio > 1).mean())),
        treated_sessions=counted.treated_sessions,
        control_sessions=counted.control_sessions,
        days_before=counted.days_before,
        days_after=counted.days_after,
        dispersion=noise.dispersion[0],
        shape=_shape(panel, fit),
    )


def _counted(panel: Panel) -> Effect:
    treated = panel.treated
    used = panel.untreated | panel.reached
    sessions = np.where(used, panel.sessions, 0.0).sum(axis=1)
    before = (panel.untreated & (panel.sessions > 0))[treated].any(axis=0)
    after = (panel.reached & (panel.sessions > 0)).any(axis=0)
    return Effect(
        treated_sessions=int(sessions[treated].sum()),
        control_sessions=int(sessions[~treated].sum()),
        days_before=int(before.sum()),
        days_after=int(after.sum()),
    )


def _enough(panel: Panel, counted: Effect) -> bool:
    own = panel.faults[panel.untreated & panel.treated[:, None]].sum()
    return (
        counted.days_before >= LEAST_DAYS
        and counted.days_after >= LEAST_DAYS
        and own >= LEAST_FAULTS
    )


def _shape(panel: Panel, fit: Expectation) -> float:
    """How the rate changes from before to after with no action, as the controls have it."""
    own = panel.untreated & panel.treated[:, None]
    before = fit.mean[own].sum() / max(panel.sessions[own].sum(), 1.0)
    after = fit.mean[panel.reached].sum() / max(panel.sessions[panel.reached].sum(), 1.0)
    return float(after / before) if before > 0 else 1.0


@dataclass(frozen=True)
class _Drawn:
    ratio: Floats
    prevented: Floats


def _draws(after: float, fit: Expectation, noise: Noise, rng: np.random.Generator) -> _Drawn:
    own = noise.draw_treated(rng, DRAWS)
    level = _gamma(rng, fit.before, own) / fit.before
    shape = _gamma(rng, 1 / max(fit.shape_variance, 1e-9), noise.draw_controls(rng, DRAWS))
    shape *= max(fit.shape_variance, 1e-9)
    drift = 1 + fit.moving * np.expm1(noise.draw_drift(rng, DRAWS))
    expected = fit.expected * level / shape * drift
    return _Drawn(_gamma(rng, after, own) / expected, expected - after)


def _gamma(rng: np.random.Generator, count: float, dispersion: Floats) -> Floats:
    """Draws of a mean of which `count` was seen; half a fault stands for none."""
    return rng.gamma((count + 0.5) / dispersion) * dispersion


def _after_residuals(panel: Panel, fit: Expectation) -> tuple[Floats, Floats]:
    """Counts and means of the reached cells about their own level: they tell of daily noise too."""
    mean = fit.mean[panel.reached]
    faults = panel.faults[panel.reached]
    return faults, mean * (faults.sum() / max(float(mean.sum()), 1e-12))


def smallest_effect(fit: Expectation, noise: Noise) -> float | None:
    """The relative reduction that the interval would have shown with 80 % power.

    None where even the end of all faults would not have been seen.
    """
    drift = (fit.moving * noise.scatter) ** 2
    own, others = noise.dispersion
    fixed = own / fit.before + others * fit.shape_variance + drift
    effects = np.linspace(0.01, 0.99, 99)
    left = np.log1p(-effects)
    spread = np.sqrt(fixed + own / (fit.expected * (1 - effects)))
    seen = -left >= (_Z_TEST + _Z_POWER) * spread
    return float(round(effects[seen][0], 2)) if seen.any() else None


def placebo(panel: Panel, fit: Expectation, noise: Noise, after: float) -> tuple[float | None, int]:
    """Share of placebos with as large a change in the same direction, and how many there are.

    Placebos: each control at the action's date, and every group within the days before at dates
    that leave LEAST_DAYS on either side. Changes are compared in units of their standard error.
    """
    mine = standardised(
        Split(
            np.array([fit.before]),
            np.array([after]),
            np.array([fit.before]),
            np.array([fit.expected]),
        ),
        noise.dispersion[0],
        fit.moving * noise.scatter,
    )
    others = [_placebo_at(panel, fit, noise, ~panel.treated, panel.later)]
    days = np.flatnonzero(~panel.later & panel.untreated.any(axis=0))
    for cut in days[LEAST_DAYS : len(days) - LEAST_DAYS + 1 : LEAST_DAYS]:
        later = np.arange(len(panel.later)) >= cut
        early = replace(panel, untreated=panel.untreated & ~panel.later[None, :])
        others.append(_placebo_at(early, fit, noise, np.ones(len(panel.faults), bool), later))
    found = np.concatenate(others)
    if not len(found):
        return None, 0
    as_large = found <= mine[0] if mine[0] < 0 else found >= mine[0]
    return float((1 + as_large.sum()) / (1 + len(found))), len(found)


def _placebo_at(
    panel: Panel, fit: Expectation, noise: Noise, groups: Bools, later: Bools
) -> Floats:
    split = Split.of(panel.faults, fit.mean, panel.untreated, later).only(groups)
    return standardised(split, noise.dispersion[1], noise.scatter)
