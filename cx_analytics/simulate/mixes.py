"""Which fault types a cause brings: each owner of a repair has its typical ones.

Stays out: anything about who or when.
"""

from __future__ import annotations

import numpy as np

from cx_analytics.simulate.causes import DOMAIN_OF, FAULT_TYPES
from cx_analytics.simulate.chance import Floats

_TYPICAL = {
    "device": ("battery_drain", "modem_reset", "call_drop"),
    "app": ("app_crash", "slow_start"),
    "network": ("no_service", "call_drop", "slow_start"),
}


def mix_for(rng: np.random.Generator, attributes: tuple[str, ...]) -> Floats:
    """Shares of the fault types, most of them on one or two that fit the attributes' owners."""
    owners = {DOMAIN_OF[name] for name in attributes}
    typical = [kind for owner in sorted(owners) for kind in _TYPICAL[owner]]
    if "modem_lot" in attributes or "modem_supplier" in attributes:
        typical = ["modem_reset", "call_drop"]
    weights = np.full(len(FAULT_TYPES), 0.15)
    for kind in typical:
        weights[FAULT_TYPES.index(kind)] = 1.2
    drawn = rng.gamma(weights) + 1e-3
    return np.asarray(drawn / drawn.sum())
