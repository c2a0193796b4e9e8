"""The sentences of data_limits: what cannot be said, why, and the numbers behind it.

Belongs here: words. Stays out: whether there is anything to say (judging.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from cx_analytics.attribute.assess import LEAST_CUSTOMERS
from cx_analytics.attribute.limits.counts import Metric, Odd, Reach, Totals, Weight

MOST_NAMED = 2
"""Values that a sentence names; further ones are counted."""


def impossible(metric: Metric, worst: Sequence[Odd]) -> str:
    """Readings that cannot be true with one value (and perhaps with further ones)."""
    each = [f"{number(one.spread.readings)} readings with {_place(one)}" for one in worst]
    return (
        f"{metric.name}: all {_listed(each)} lie {_outside(metric)}: they belong to what reports, "
        "not to what is measured"
    )


def impossible_anywhere(metric: Metric) -> str:
    spread = metric.spread
    many = "all" if spread.untrue else f"{number(spread.impossible)} of"
    return (
        f"{metric.name}: {many} {number(spread.readings)} readings lie {_outside(metric)}: they "
        "are no measurements"
    )


def constant(metric: Metric, worst: Sequence[Odd]) -> str:
    """The same reading in all sessions with one value, while it varies elsewhere."""
    first, *others = worst
    each = [
        f"{metric.name} is the same, {_short(first.spread.lowest)}, in all "
        f"{number(first.spread.readings)} sessions with {_place(first)}",
        *(
            f"{_short(one.spread.lowest)} in all {number(one.spread.readings)} with {_place(one)}"
            for one in others
        ),
    ]
    return f"{_listed(each)}: a reporting artefact, not a measurement"


def constant_everywhere(metric: Metric) -> str:
    return (
        f"{metric.name} is the same, {_short(metric.spread.lowest)}, in all "
        f"{number(metric.spread.readings)} sessions that have it: it tells none from another"
    )


def thin(reach: Reach) -> str:
    """Values that too few customers met.

    >>> thin(Reach("cell_id", 50, 90, one_customer=40, few=45, few_sessions=80))
    'cell_id: 40 of 50 values were met by one customer each, 45 by fewer than 4; these cannot be \
blamed, since a cause needs 4 customers'
    >>> thin(Reach("cell_id", 50, 90, one_customer=50, few=50, few_sessions=90))
    'cell_id: 50 of 50 values were met by one customer each; they cannot be blamed, since a cause \
needs 4 customers'
    """
    least = LEAST_CUSTOMERS
    few, who = "", "they"
    if reach.few > reach.one_customer:
        everything = reach.few == reach.values
        few = f", {'all' if everything else number(reach.few)} by fewer than {least}"
        who = "they" if everything else "these"
    return (
        f"{reach.attribute}: {number(reach.one_customer)} of {number(reach.values)} values were "
        f"met by one customer each{few}; {who} cannot be blamed, since a cause needs {least} "
        "customers"
    )


def heavy(one: Weight, totals: Totals) -> str:
    """A customer who weighs much; who it is stays untold, since a table is handed around."""
    return (
        f"one of {number(totals.customers)} customers has {number(one.sessions)} of "
        f"{number(totals.sessions)} sessions ({_percent(one.sessions, totals.sessions)}) and "
        f"{number(one.faults)} of {number(totals.faults)} faults "
        f"({_percent(one.faults, totals.faults)}); repeated faults of one customer count as one "
        "person's"
    )


def moment(totals: Totals) -> str:
    return (
        f"started_at is the same in all {number(totals.sessions)} sessions: nothing can be said "
        "about when a fault began or ended"
    )


def missing(subject: str, sessions: int, everything: int) -> str:
    """An attribute (or several, by comma) that many sessions lack."""
    verb, they = ("are", "they do") if ", " in subject else ("is", "it does")
    return (
        f"{subject} {verb} missing in {number(sessions)} of {number(everything)} sessions "
        f"({_percent(sessions, everything)}): for these it cannot be asked what {they}"
    )


def absent(subject: str, sessions: int, everything: int) -> str:
    """Attributes that no session has."""
    verb = "have" if ", " in subject else "has"
    return f"{subject} {verb} no value in any session: no cause can be made of what is not there"


def alike(group: Sequence[str], values: int) -> str:
    """Attributes of which each tells the others.

    >>> alike(["band", "vendor"], 3)
    'band and vendor divide the sessions alike, in 3 values: which of them is to blame cannot be \
told'
    """
    names = f"{', '.join(group[:-1])} and {group[-1]}"
    return (
        f"{names} divide the sessions alike, in {number(values)} values: which of them is to "
        "blame cannot be told"
    )


def number(value: int) -> str:
    """A count with thousands parted.

    >>> number(6613)
    '6,613'
    """
    return f"{value:,}"


def _place(one: Odd) -> str:
    return f"{one.attribute}={one.value}"


def _listed(each: Sequence[str]) -> str:
    """The first few, and how many more there are.

    >>> _listed(["a", "b", "c", "d"])
    'a, b, and alike with 2 more values of it'
    """
    named, more = each[:MOST_NAMED], len(each) - MOST_NAMED
    if more <= 0:
        return " and ".join(named)
    return f"{', '.join(named)}, and alike with {number(more)} more {_values(more)} of it"


def _values(count: int) -> str:
    return "value" if count == 1 else "values"


def _outside(metric: Metric) -> str:
    """What is left by readings that cannot be true.

    >>> from cx_analytics.attribute.limits.counts import Spread
    >>> _outside(Metric("signal_dbm", -140.0, -30.0, 9, Spread(10)))
    'outside -140…-30'
    >>> _outside(Metric("latency_ms", 0.0, None, 9, Spread(10)))
    'below 0'
    """
    if metric.low is None:
        return f"above {_short(metric.high)}"
    if metric.high is None:
        return f"below {_short(metric.low)}"
    return f"outside {_short(metric.low)}…{_short(metric.high)}"


def _short(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.1f} %"
