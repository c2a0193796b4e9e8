"""What is said about an action: worked, did not, harmed, or too early to say.

Belongs here: from figures to words, and from figures to the row of `action_effects`. Stays out:
the figures (effect.py).
"""

from __future__ import annotations

from typing import Any

from cx_analytics.loop.effect import Effect

MATTERS = 0.25
"""A relative reduction that would matter: a fix that certainly does less did not work."""

SEEN = 0.5
"""Where a reduction by half would have been seen and was not, a fix did not work."""

PLACEBO = 0.05
"""Share of placebos with as large an effect up to which an effect is believed."""

SURE = 0.97
"""Probability of a change from which on an effect is believed. The limits of the interval are
themselves estimated: at its 95 % a useless fix would be said to have worked in 5 to 6 % where
groups drift apart by a tenth."""

FEW_PLACEBOS = 19
"""With fewer placebos even none as large is no smaller share: they cannot object."""


def verdict_of(effect: Effect) -> str:
    """The verdict on an action.

    worked    : the 90 % interval of the rate ratio lies below 1, a fall is at least as probable
                as SURE, and at most PLACEBO of the placebos show as large a one.
    harmed    : the same of a rise.
    did_not   : it holds 1, and excludes a reduction by MATTERS; or it excludes one by SEEN, and
                such a one would have been seen with 80 % power.
    too_early : otherwise, and whenever nothing could be estimated.

    >>> verdict_of(Effect(estimate=0.4, low=0.3, high=0.6, placebo_p=0.02, placebos=49))
    'worked'
    >>> verdict_of(Effect(estimate=1.0, low=0.8, high=1.2, smallest_effect=0.3))
    'did_not'
    >>> verdict_of(Effect(estimate=0.7, low=0.3, high=1.4, smallest_effect=0.7))
    'too_early'
    """
    if effect.low is None or effect.high is None:
        return "too_early"
    if effect.low <= 1 <= effect.high:
        powerful = effect.smallest_effect is not None and effect.smallest_effect <= SEEN
        nothing = effect.low > 1 - MATTERS or (powerful and effect.low > 1 - SEEN)
        return "did_not" if nothing else "too_early"
    if effect.sure < SURE or not _is_rare(effect):
        return "too_early"
    return "worked" if effect.high < 1 else "harmed"


def verdict_of_watch(rate_ratio: float | None, expected: float, faults: int) -> str:
    """The verdict on an action on what is still to come, by the watch that has not alarmed.

    worked when at least the part SEEN of the excess is gone: with 95 % confidence the exposed
    have fewer faults than that would leave (Garwood's exact Poisson limit, Biometrika 28, 1936,
    p. 437); too_early otherwise.

    >>> verdict_of_watch(5.0, 20.0, 18), verdict_of_watch(5.0, 0.4, 0)
    ('worked', 'too_early')
    """
    from scipy.special import gammaincinv

    if rate_ratio is None or rate_ratio <= 1 or expected <= 0:
        return "too_early"
    highest = float(gammaincinv(faults + 1, 0.95)) / expected
    return "worked" if highest < 1 + (rate_ratio - 1) * (1 - SEEN) else "too_early"


def _is_rare(effect: Effect) -> bool:
    if effect.placebo_p is None or effect.placebos < FEW_PLACEBOS:
        return True
    return effect.placebo_p <= PLACEBO


def effect_row(action_id: str, effect: Effect, method: str) -> dict[str, Any]:
    """The row of `action_effects`."""
    return {
        "action_id": action_id,
        "estimate": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "faults_prevented": effect.prevented,
        "prevented_low": effect.prevented_low,
        "prevented_high": effect.prevented_high,
        "smallest_effect": effect.smallest_effect,
        "treated_sessions": effect.treated_sessions,
        "control_sessions": effect.control_sessions,
        "days_before": effect.days_before,
        "days_after": effect.days_after,
        "verdict": verdict_of(effect),
        "method": method,
        "placebo_p": effect.placebo_p,
    }
