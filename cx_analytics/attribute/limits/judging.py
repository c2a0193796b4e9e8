"""Which counts are a limit of the data: what they cannot answer, worst first.

Belongs here: the thresholds and the choice of what to say. Stays out: counting (counting.py) and
the sentences (wording.py).

A metric that goes wrong with an operating system goes wrong with every model that runs it, too:
of each metric and kind only the attribute that covers most of the odd readings is named, by its
largest value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cx_analytics.attribute.limits import wording
from cx_analytics.attribute.limits.counts import (
    LEAST_SESSIONS,
    LEAST_SHARE,
    DataCounts,
    Metric,
    Odd,
    Reach,
    Totals,
)
from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import DATA_LIMITS
from cx_analytics.contracts.words import LIMIT_KINDS

LEAST_VALUES = 20
"""Values from which on an attribute may be thin: with fewer each can be looked at by hand."""

THIN_SHARE = 0.5
"""An attribute is thin when values that too few customers met hold this share of its sessions."""

LEAST_ODD_CUSTOMERS = 20
"""Customers from which on an odd reading belongs to what they share, not to one of them."""

HEAVY_SHARE, HEAVY_TIMES = 0.02, 20.0
"""A customer is heavy with this share of all sessions or faults, and so often the mean one's."""

MISSING_SHARE = 0.5
"""An attribute that lacks in this share of the sessions is no ground for a comparison."""


@dataclass(frozen=True)
class Limit:
    """One row of data_limits, before it is ranked."""

    subject: str
    kind: str
    sessions: int
    statement: str
    conditions: dict[str, str] | None = None
    values: int | None = None
    values_with_one_customer: int | None = None


def data_limits(counts: DataCounts) -> pl.DataFrame:
    """The limits as rows of the table data_limits, worst first."""
    everything = counts.totals.sessions
    if everything < LEAST_SESSIONS:
        return frame_of([], DATA_LIMITS)
    found = sorted(
        _all(counts),
        key=lambda one: (LIMIT_KINDS.index(one.kind), -one.sessions, one.subject),
    )
    rows = [
        {**vars(one), "rank": place, "share": one.sessions / everything}
        for place, one in enumerate(found, start=1)
    ]
    return frame_of(rows, DATA_LIMITS)


def is_open(reach: Reach, small_sessions: int) -> bool:
    """Whether an attribute may be thin, knowing only how many sessions lie in small values."""
    return reach.values >= LEAST_VALUES and small_sessions >= THIN_SHARE * reach.sessions


def _all(counts: DataCounts) -> Iterator[Limit]:
    totals = counts.totals
    for metric in counts.metrics:
        yield from _impossible(metric, totals)
        yield from _constant(metric, totals)
    yield from (_thin(reach) for reach in counts.reaches if _is_thin(reach))
    yield from _heavy(totals)
    yield from _moment(totals)
    yield from _missing(counts.reaches, totals)
    yield from (_alike(group, counts.reaches) for group in counts.alike)


def _impossible(metric: Metric, totals: Totals) -> Iterator[Limit]:
    """Readings that cannot be true: all of them, those of a value, or some of any."""
    everywhere = metric.spread
    if everywhere.impossible < max(LEAST_SESSIONS, LEAST_SHARE * everywhere.readings):
        return
    untrue = [one for one in metric.odd if one.spread.untrue]
    worst = [] if everywhere.untrue else _worst(untrue)
    if worst:
        yield _odd("impossible_metric", metric, worst, wording.impossible(metric, worst))
    else:
        yield Limit(
            metric.name,
            "impossible_metric",
            everywhere.impossible,
            wording.impossible_anywhere(metric),
            values=metric.values,
        )


def _constant(metric: Metric, totals: Totals) -> Iterator[Limit]:
    """A metric that never varies: at all, or with a value while it varies elsewhere."""
    everywhere = metric.spread
    if everywhere.untrue or everywhere.readings < LEAST_SESSIONS:
        return
    if everywhere.constant:
        statement = wording.constant_everywhere(metric)
        yield Limit(metric.name, "constant_metric", everywhere.readings, statement, values=1)
        return
    stuck = [one for one in metric.odd if one.spread.constant and not one.spread.untrue]
    if worst := _worst(stuck):
        yield _odd("constant_metric", metric, worst, wording.constant(metric, worst))


def _odd(kind: str, metric: Metric, worst: Sequence[Odd], statement: str) -> Limit:
    first = worst[0]
    values = 1 if first.spread.constant else None
    where = {first.attribute: first.value}
    return Limit(metric.name, kind, first.spread.readings, statement, where, values)


def _worst(odd: Sequence[Odd]) -> list[Odd]:
    """The odd values of the attribute that covers most readings, the largest first.

    Of several that cover as many, the one with the fewest values says it most simply.
    """
    by_attribute: dict[str, list[Odd]] = {}
    for one in odd:
        if one.customers >= LEAST_ODD_CUSTOMERS:
            by_attribute.setdefault(one.attribute, []).append(one)
    if not by_attribute:
        return []
    best = min(
        by_attribute.items(),
        key=lambda item: (-sum(one.spread.readings for one in item[1]), len(item[1]), item[0]),
    )
    return sorted(best[1], key=lambda one: (-one.spread.readings, one.value))


def _is_thin(reach: Reach) -> bool:
    return reach.few_sessions >= LEAST_SESSIONS and is_open(reach, reach.few_sessions)


def _thin(reach: Reach) -> Limit:
    return Limit(
        reach.attribute,
        "thin_attribute",
        reach.few_sessions,
        wording.thin(reach),
        values=reach.values,
        values_with_one_customer=reach.one_customer,
    )


def _heavy(totals: Totals) -> Iterator[Limit]:
    for one in totals.heaviest:
        if _exceeds(one.sessions, totals.sessions, totals.customers) or _exceeds(
            one.faults, totals.faults, totals.customers
        ):
            statement = wording.heavy(one, totals)
            yield Limit("customer_id", "heavy_customer", one.sessions, statement)


def _exceeds(own: int, everyone: int, customers: int) -> bool:
    return own >= HEAVY_SHARE * everyone and own * customers >= HEAVY_TIMES * everyone and own > 1


def _moment(totals: Totals) -> Iterator[Limit]:
    if totals.first_at is not None and totals.first_at == totals.last_at:
        statement = wording.moment(totals)
        yield Limit("started_at", "constant_time", totals.sessions, statement, values=1)


def _missing(reaches: Sequence[Reach], totals: Totals) -> Iterator[Limit]:
    """Attributes without enough values; those that lack in as many sessions lack together."""
    together: dict[int, list[Reach]] = {}
    for reach in reaches:
        together.setdefault(totals.sessions - reach.sessions, []).append(reach)
    for missing, group in together.items():
        if missing < MISSING_SHARE * totals.sessions:
            continue
        absent = missing == totals.sessions
        plain = Limit(
            ", ".join(one.attribute for one in group),
            "absent_attribute" if absent else "missing_attribute",
            missing,
            "",
            values=None if len(group) > 1 else group[0].values,
        )
        say = wording.absent if absent else wording.missing
        yield replace(plain, statement=say(plain.subject, missing, totals.sessions))


def _alike(group: Sequence[str], reaches: Sequence[Reach]) -> Limit:
    reach = next(one for one in reaches if one.attribute == group[0])
    return Limit(
        ", ".join(group),
        "inseparable_attributes",
        reach.sessions,
        wording.alike(group, reach.values),
        values=reach.values,
    )
