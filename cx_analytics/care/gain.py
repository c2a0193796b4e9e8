"""How many faults a customer is spared in 30 days when a cause goes away, and how sure that is.

Belongs here: the estimate on arrays. Stays out: which fix takes the cause away.

A customer's rate of faults under a shared cause is Gamma distributed over the exposed customers,
with the cause's excess per exposed session as mean and the frailty's shape 1.5. With F faults (by
responsibility) in n exposed sessions its posterior is Gamma(1.5 + F, 1.5/mean + n): those with no
fault yet are in the prior, so that the customers who complain are not taken for typical. An
individual's own cause was found in these very faults: Gamma(F, n), no prior.

With probability 1 − p the cause is not real and nothing is avoided: mean and interval are those of
the mixture. The interval is of the expected number, not of the number that chance will deal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HORIZON_DAYS = 30.0
FRAILTY_SHAPE = 1.5
_LEAST_RATE = 1e-9
_LEAST_SHAPE = 0.1


@dataclass(frozen=True)
class Gain:
    """Expected faults avoided in 30 days, with the ends of the 90 % interval."""

    mean: Floats
    low: Floats
    high: Floats


def gain_of(
    *,
    faults: Floats,
    exposed: Floats,
    days: Floats,
    cause_rate: Floats,
    is_shared: npt.NDArray[np.bool_],
    probability: Floats,
) -> Gain:
    """What 30 days without the cause are worth, one entry a customer and cause.

    Parameters
    ----------
    faults : the customer's faults under the cause, by responsibility.
    exposed : the customer's sessions under the cause.
    days : days in which these happened, at least 1; the next days see as many sessions a day.
    cause_rate : excess faults per exposed session of the cause as a whole.
    is_shared : False where the cause is the individual's own.
    probability : that the cause is real.
    """
    sessions = np.maximum(exposed, np.maximum(faults, 1.0))
    prior = FRAILTY_SHAPE / np.maximum(cause_rate, _LEAST_RATE)
    shape = np.where(is_shared, FRAILTY_SHAPE + faults, np.maximum(faults, _LEAST_SHAPE))
    rate = np.where(is_shared, prior + sessions, sessions)
    coming = sessions * HORIZON_DAYS / np.maximum(days, 1.0)
    scale = coming / rate
    return Gain(
        np.asarray(probability * shape * scale),
        _quantile(0.05, shape, probability) * scale,
        _quantile(0.95, shape, probability) * scale,
    )


def _quantile(level: float, shape: Floats, probability: Floats) -> Floats:
    """Quantile of 0 with probability 1 − p and Gamma(shape, 1) with probability p."""
    from scipy.special import gammaincinv

    inside = np.clip((level - (1 - probability)) / np.maximum(probability, 1e-12), 0, 1)
    return np.asarray(gammaincinv(shape, inside))
