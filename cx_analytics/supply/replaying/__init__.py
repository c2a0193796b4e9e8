"""The log again, as it was and otherwise: a discrete-event replay that answers "what if".

    hours      when each resource is open
    lines      who waits in which queue, and how much of a wait its resources were available
    log        step_times → arrays
    floor      the simulation (SimPy)
    drawing    times drawn anew, from a seed
    changes    'hold lot=L', 'add resource=X', 'halve batch step=S'
    compare    both worlds beside each other, and how true the replay is

Everything is in memory: for logs of at most MOST_STEPS steps.
"""

from cx_analytics.supply.replaying.changes import Change, parse_change
from cx_analytics.supply.replaying.compare import Comparison, Fidelity, Measure, what_if

MOST_STEPS = 100_000
"""Steps that a replay takes at most: some minutes."""

__all__ = [
    "MOST_STEPS",
    "Change",
    "Comparison",
    "Fidelity",
    "Measure",
    "parse_change",
    "what_if",
]
