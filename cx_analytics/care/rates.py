"""Whether one fault rate is lower than another, when the users of a version are not alike.

Belongs here: that comparison, on columns. Stays out: which versions are compared (versions.py,
unit_versions.py).

A customer's faults in n sessions have mean n·r and, with a gamma frailty of shape k, variance
n·r + (n·r)²/k. Summed over the customers of a version the variance is φ times the mean, with
φ = 1 + r·(Σn²/Σn)/k: ten faults of one customer tell less than ten of ten. Counts divided by φ are
effective counts (quasi-likelihood; McCullagh & Nelder, Generalized Linear Models, 1989, ch. 9), and
their rate has the posterior Gamma(faults/φ + ½, sessions/φ) (Jeffreys' prior).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]

FRAILTY_SHAPE = 1.5
"""Shape of the customers' gamma where nothing has been learned about it yet."""
_JEFFREYS = 0.5


def probability_better(pairs: pl.DataFrame) -> pl.Series:
    """P(rate of the new < rate of the old), one entry a pair.

    With X ~ Gamma(a, 1) and Y ~ Gamma(b, 1), X / (X + Y) is Beta(a, b), so P(X/m < Y/n) is the
    Beta's distribution function at m / (m + n).

    Parameters
    ----------
    pairs : columns own_faults, sessions, sessions_squared (n² summed over customers or units) of
        the old, and the same with the suffix `_new`.
    """
    from scipy.special import betainc

    old, old_sessions = _effective(pairs, "")
    new, new_sessions = _effective(pairs, "_new")
    edge = new_sessions / (new_sessions + old_sessions)
    return pl.Series(np.asarray(betainc(new + _JEFFREYS, old + _JEFFREYS, edge)))


def _effective(pairs: pl.DataFrame, suffix: str) -> tuple[Floats, Floats]:
    """Faults and sessions over φ."""
    faults, sessions, squared = (
        pairs[f"{name}{suffix}"].cast(pl.Float64).to_numpy()
        for name in ("own_faults", "sessions", "sessions_squared")
    )
    rate, typical = faults / sessions, squared / sessions
    spread = 1 + rate * typical / FRAILTY_SHAPE
    return faults / spread, sessions / spread
