"""Counts the data themselves: who, with which values, and what the metrics read.

Belongs here: which questions are put to the engine, so that they stay few on any size of data.
Stays out: what the answers mean (judging.py).

Dear questions are asked only where cheap ones leave them open: customers by value where many
sessions lie in values so small that few customers may have met them; a metric by attribute
where enough of its readings are alike or cannot be true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cx_analytics.attribute.assess import LEAST_CUSTOMERS
from cx_analytics.attribute.limits.counts import (
    LEAST_SESSIONS,
    LEAST_SHARE,
    LOW_CARDINALITY,
    DataCounts,
    Metric,
    Odd,
    Reach,
    Spread,
    Totals,
    Weight,
)
from cx_analytics.attribute.limits.judging import is_open
from cx_analytics.contracts.ports import SqlEngine

Range = tuple[float | None, float | None]


@dataclass(frozen=True)
class _Sizes:
    """An answer of the model value_sizes."""

    attribute: str
    values: int
    sessions: int
    large_sessions: int
    squares: float


def count_data(
    engine: SqlEngine, attributes: Sequence[str], metrics: Mapping[str, Range]
) -> DataCounts:
    """The counts of the relation `session`, which holds at least one row.

    Parameters
    ----------
    attributes : columns that causes are made of.
    metrics : numeric columns, each with the lowest and the highest reading that can be true.
    """
    totals = _totals(engine)
    # A value with more sessions than that has LEAST_CUSTOMERS customers, whoever they are.
    large = (LEAST_CUSTOMERS - 1) * max((one.sessions for one in totals.heaviest), default=0)
    sizes = [_sizes(engine, name, large) for name in sorted(attributes)]
    narrow = [one.attribute for one in sizes if 1 <= one.values <= LOW_CARDINALITY]
    return DataCounts(
        totals,
        tuple(_reach(engine, one) for one in sizes),
        _alike(engine, sizes, totals.sessions),
        tuple(_metric(engine, name, *metrics[name], narrow) for name in sorted(metrics)),
    )


def _totals(engine: SqlEngine) -> Totals:
    rows = engine.model("attribute/customer_weights").to_dicts()
    if not rows:
        return Totals()
    first = rows[0]
    return Totals(
        sessions=first["all_sessions"],
        faults=first["all_faults"],
        customers=first["customers"],
        first_at=first["first_at"],
        last_at=first["last_at"],
        heaviest=tuple(Weight(row["sessions"], row["faults"]) for row in rows),
    )


def _sizes(engine: SqlEngine, name: str, large: int) -> _Sizes:
    row = engine.model("attribute/value_sizes", {"a": name}, large=large).row(0, named=True)
    return _Sizes(name, **row)


def _reach(engine: SqlEngine, size: _Sizes) -> Reach:
    plain = Reach(size.attribute, size.values, size.sessions)
    if not is_open(plain, size.sessions - size.large_sessions):
        return plain
    asked = engine.model(
        "attribute/value_customers", {"a": size.attribute}, least=LEAST_CUSTOMERS
    ).row(0)
    return Reach(size.attribute, size.values, size.sessions, *asked)


def _alike(
    engine: SqlEngine, sizes: Sequence[_Sizes], everything: int
) -> tuple[tuple[str, ...], ...]:
    """Attributes of which each tells the others, in groups of at least two."""
    groups: list[list[_Sizes]] = []
    for size in sizes:
        # With one value, or in too few sessions, there is nothing to tell apart.
        if size.values < 2 or size.sessions < LEAST_SESSIONS:
            continue
        for group in groups:
            if _same(engine, group[0], size, everything):
                group.append(size)
                break
        else:
            groups.append([size])
    return tuple(tuple(one.attribute for one in group) for group in groups if len(group) > 1)


def _same(engine: SqlEngine, one: _Sizes, other: _Sizes, everything: int) -> bool:
    signature = (one.values, one.sessions, one.squares)
    if signature != (other.values, other.sessions, other.squares):
        return False
    names = {"a": one.attribute, "b": other.attribute}
    pairs = engine.model("attribute/value_pairs", names).item()
    return bool(pairs == one.values + (one.sessions < everything))


def _metric(
    engine: SqlEngine, name: str, low: float | None, high: float | None, narrow: Sequence[str]
) -> Metric:
    row = engine.model("attribute/metric_readings", {"m": name}, low=low, high=high)
    found = row.row(0, named=True)
    values, alike = found.pop("values"), found.pop("most_alike")
    spread = Spread(**found)
    least = max(LEAST_SESSIONS, round(LEAST_SHARE * spread.readings))
    odd: list[Odd] = []
    if values > 1 and max(alike, spread.impossible) >= least:
        odd = [
            one for attribute in narrow for one in _odd(engine, name, low, high, attribute, least)
        ]
    return Metric(name, low, high, values, spread, tuple(odd))


def _odd(
    engine: SqlEngine,
    metric: str,
    low: float | None,
    high: float | None,
    attribute: str,
    least: int,
) -> list[Odd]:
    names = {"m": metric, "a": attribute}
    rows = engine.model("attribute/metric_values", names, low=low, high=high, least=least)
    return [
        Odd(
            attribute,
            row["value"],
            row["customers"],
            Spread(row["readings"], row["lowest"], row["highest"], row["impossible"]),
        )
        for row in rows.iter_rows(named=True)
    ]
