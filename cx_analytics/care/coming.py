"""How many sessions of the next 30 days a customer will have under a cause.

Belongs here: activity, share of it under the cause, and leaving the cause. Stays out: the rate of
faults in these sessions (gain.py).

coming = 30 days x sessions a day x share of them under the cause x part of the time still there:

- Sessions a day are shrunk as Gamma(1 + N, 1/a + W) for N sessions in W days. The prior mean a is
  the harmonic mean over the listed customers: they are listed for a fault, so with a chance about
  in proportion to their sessions, and the harmonic mean undoes that. When the last days differ, the
  two rates are weighed by the Bayes factor of a change (its BIC; Kass & Raftery, JASA 90, 1995).
- The share is (n - d) of the sessions met in the window of the cause. d, by kind of condition, is
  what Robbins (1956) finds for those who met it once: they will 2·N2/N1 times again (N1, N2:
  customers who met it once and twice), so d = 1 - 2·N2/N1. Passers-by of a bad cell do not return.
  It is learned on customers who had no fault by the cause: others are listed because they met it.
- Leaving: with n exposed among M sessions and L sessions after the last of them, a run as long has
  the chance C(M-L-1, n-1)/C(M, n) for those who stay, and about 1/M for those who left at any time.
  The share of leavers is learned for each cause by EM: many leave a firmware, few leave a region.
  Those who stay go on leaving at the rate that was seen.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

HORIZON_DAYS = 30.0
LATE_DAYS = 7.0
LATE = timedelta(days=LATE_DAYS)
"""The last days, whose sessions may show that a customer's activity changed."""
_CHANGE = 0.05
"""Prior probability that it did."""
_LEAVERS = (0.1, 5.0)
"""Prior share of leavers, and as how many customers it counts."""
_ONCE = 10.0
"""As how many customers, who come back as often as before, the prior of the discount counts."""
_ROUNDS = 30


def activity(sessions: Floats, late_sessions: Floats, days: float) -> Floats:
    """Expected sessions a day of each customer.

    Parameters
    ----------
    sessions, late_sessions : in the whole window (at least 1), and in its last LATE_DAYS.
    days : length of the window.
    """
    if not len(sessions):
        return sessions
    typical = len(sessions) / max(float((1 / np.maximum(sessions, 1)).sum()), 1e-9) / days
    overall = (1 + sessions) / (1 / typical + days)
    if days <= 2 * LATE_DAYS:
        return np.asarray(overall)
    lately = (1 + late_sessions) / (1 / np.maximum(overall, 1e-9) + LATE_DAYS)
    changed = _changed(sessions - late_sessions, late_sessions, days - LATE_DAYS)
    return np.asarray((1 - changed) * overall + changed * lately)


def _changed(early: Floats, late: Floats, early_days: float) -> Floats:
    """Posterior probability that the rate of the last days is another one."""
    from scipy.special import xlogy

    total, days = early + late, early_days + LATE_DAYS
    one = xlogy(total, total / days)
    two = xlogy(early, early / early_days) + xlogy(late, late / LATE_DAYS)
    gain = np.exp(np.minimum(two - one, 100.0))
    odds = _CHANGE / (1 - _CHANGE) * gain / np.sqrt(np.maximum(total, 1))
    return np.asarray(odds / (1 + odds))


def discount(exposed: Floats, is_quiet: Flags, group: Ints) -> Floats:
    """d of each group, 0 to 1.

    Parameters
    ----------
    exposed : sessions under the cause, one entry a customer and cause.
    is_quiet : whether the customer had no fault by the cause: what is learned from.
    group : number of the kind of conditions, from 0.
    """
    once = np.bincount(group, is_quiet & (exposed == 1))
    twice = np.bincount(group, is_quiet & (exposed == 2))
    return np.asarray(np.clip(1 - (2 * twice + _ONCE) / (once + _ONCE), 0, 1))


def has_left(
    exposed: Floats, later: Floats, sessions: Floats, cause: Ints
) -> tuple[Floats, Floats]:
    """Probability that each customer left the cause, and the share of leavers of each cause.

    Parameters
    ----------
    exposed, later, sessions : sessions under the cause, after the last of these, and at all.
    cause : number of the cause, from 0.
    """
    stay = _chance_of_run(exposed, later, np.maximum(sessions, exposed + later))
    leave = 1 / np.maximum(sessions, 1)
    prior, weight = _LEAVERS
    count = np.bincount(cause)
    share = np.full(len(count), prior)
    gone = np.zeros(len(cause))
    for _ in range(_ROUNDS):
        odds = share[cause] * leave / np.maximum((1 - share[cause]) * stay, 1e-300)
        gone = odds / (1 + odds)
        share = (np.bincount(cause, gone, len(count)) + prior * weight) / (count + weight)
    return gone, share


def _chance_of_run(exposed: Floats, later: Floats, sessions: Floats) -> Floats:
    """C(M-L-1, n-1) / C(M, n): no exposed session among the last L, and one before them."""
    from scipy.special import gammaln

    n, left, m = np.maximum(exposed, 1), np.maximum(sessions - later, 1), np.maximum(sessions, 1)
    left = np.maximum(left, n)
    inside = gammaln(left) - gammaln(n) - gammaln(left - n + 1)
    return np.asarray(np.exp(inside - gammaln(m + 1) + gammaln(n + 1) + gammaln(m - n + 1)))


def time_there(leavers: Floats, days: Floats) -> Floats:
    """Mean part of the next 30 days before a customer who is still there leaves.

    Leavers left at a constant rate over `days`: exp(-rate · days) is the share that stayed.
    """
    rate = -np.log1p(-np.clip(leavers, 0, 0.95)) / np.maximum(days, 1.0)
    span = rate * HORIZON_DAYS
    return np.asarray(np.where(span > 1e-9, -np.expm1(-span) / np.maximum(span, 1e-9), 1.0))
