"""What each wait was really made of, from what the serving resource did meanwhile.

Belongs here: the truth that the model supply/step_times is held against. Stays out: any look at
the log; a case's arrival, a resource's hours and its set-ups are known here.

A case waits from the end of its last step to the start of its next one. That time is taken apart
in this order:

    other                 transport, until the case stands in the queue
    batching              until the last case of its batch stands there too
    set-up                the resource that will serve it is changed over
    prioritisation        it works on a case that arrived later
    contention            it works on a case that arrived earlier, or at the same time
    resource unavailable  it does nothing and its hours are over
    batching              what is left: an oven that is open and waits for more cases
"""

from __future__ import annotations

import numpy as np
import polars as pl

from cx_analytics.simulate.chance import Ints
from cx_analytics.simulate.plant.floor import SETTING_UP, UNKNOWN, Floor, Spell, Visit
from cx_analytics.simulate.plant.stations import STATIONS, Calendar

CAUSES = ("batching", "contention", "prioritisation", "resource_unavailable", "setup", "other")
"""Names of the causes; their columns end in `_s`."""


def wait_frame(floor: Floor) -> pl.DataFrame:
    """Waits of all visits that follow another one, as codes: a row a visit, in their order.

    Columns: `visit` (its place in `floor.visits`), `wait_s` and `<cause>_s`, whole seconds; the
    causes add up to the wait.
    """
    visits, spells = np.array(floor.visits), np.array(floor.spells)
    parts = []
    for place, station in enumerate(STATIONS):
        for number, calendar in enumerate(station.calendars):
            mine = np.flatnonzero((visits[:, 1] == place) & (visits[:, 2] == number))
            mine = mine[visits[mine, Visit._fields.index("ready")] != UNKNOWN]
            own = spells[(spells[:, 0] == place) & (spells[:, 1] == number)]
            parts.append(_waits(mine, visits[mine], own, calendar))
    return pl.concat(parts).sort("visit")


def _waits(number: Ints, visits: Ints, spells: Ints, calendar: Calendar) -> pl.DataFrame:
    """Waits at one resource."""
    ready, arrived, complete, begun = (
        visits[:, Visit._fields.index(name)] for name in ("ready", "arrived", "complete", "begun")
    )
    state, since = (spells[:, Spell._fields.index(name)] for name in ("state", "arrived"))
    visit, spell, low, high = _overlaps(complete, begun, spells)
    setting_up = state[spell] == SETTING_UP
    overtaken = ~setting_up & (since[spell] > arrived[visit])
    closed = _closed(calendar, complete, begun)
    busy_closed = _sum(visit, _closed(calendar, low, high), len(visits))
    kinds = {
        "setup": setting_up,
        "prioritisation": overtaken,
        "contention": ~setting_up & ~overtaken,
    }
    found = {name: _sum(visit, (high - low) * kind, len(visits)) for name, kind in kinds.items()}
    found["resource_unavailable"] = closed - busy_closed
    idle = begun - complete - sum(found.values())
    found["batching"] = complete - arrived + idle
    found["other"] = arrived - ready
    seconds = {f"{name}_s": found[name] for name in CAUSES}
    return pl.DataFrame({"visit": number, "wait_s": begun - ready, **seconds})


def _overlaps(begins: Ints, ends: Ints, spells: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Each pair of a window and a spell that overlap: window, spell, and where they do."""
    begun, ended = (spells[:, Spell._fields.index(name)] for name in ("begun", "ended"))
    first = np.searchsorted(ended, begins, side="right")
    count = np.maximum(np.searchsorted(begun, ends, side="left") - first, 0)
    window = np.repeat(np.arange(len(begins)), count)
    spell = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    return (
        window,
        spell,
        np.maximum(begun[spell], begins[window]),
        np.minimum(ended[spell], ends[window]),
    )


def _closed(calendar: Calendar, begins: Ints, ends: Ints) -> Ints:
    return calendar.closed_before(ends) - calendar.closed_before(begins)


def _sum(place: Ints, seconds: Ints, count: int) -> Ints:
    return np.asarray(np.rint(np.bincount(place, seconds, count)), dtype=np.int64)
