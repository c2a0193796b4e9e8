"""Findings as tables: causes, shares of each fault, rivals.

Belongs here: turning a finished search into the columns that people query. Stays out: the
search, and what ids mean (identity.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import exp, sqrt
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.attribute import responsibility
from cx_analytics.attribute.assess import FRAILTY
from cx_analytics.attribute.cells import Key
from cx_analytics.attribute.counts import Floats
from cx_analytics.attribute.evidence_sql import evidence_sql
from cx_analytics.attribute.hazard import Term
from cx_analytics.attribute.identity import Standing, Window, past, standings
from cx_analytics.attribute.lot_watch import watch_lots
from cx_analytics.attribute.probability import probability
from cx_analytics.attribute.search import Search
from cx_analytics.contracts.attributes import cause_domain
from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.contracts.words import label as label_of

Z90 = 1.6449
"""Half the width of a 90 % interval in standard errors."""

CAUSES_SCHEMA = pl.Schema(
    {
        "cause_id": pl.String(),
        "kind": pl.String(),
        "domain": pl.String(),
        "conditions": pl.Map(pl.String(), pl.String()),
        "label": pl.String(),
        "valid_from": pl.Datetime("us"),
        "valid_to": pl.Datetime("us"),
        "first_reported_on": pl.Date(),
        "sessions": pl.Int64(),
        "faults": pl.Int64(),
        "expected_faults": pl.Float64(),
        "excess_faults": pl.Float64(),
        "excess_low": pl.Float64(),
        "excess_high": pl.Float64(),
        "rate_ratio": pl.Float64(),
        "rate_ratio_low": pl.Float64(),
        "rate_ratio_high": pl.Float64(),
        "evidence": pl.Float64(),
        "probability": pl.Float64(),
        "customers": pl.Int64(),
        "units": pl.Int64(),
        "status": pl.String(),
        "evidence_sql": pl.String(),
    }
)
SHARES_SCHEMA = pl.Schema(
    {"session_id": pl.String(), "cause_id": pl.String(), "share": pl.Float64(), "day": pl.Date()}
)
RIVALS_SCHEMA = pl.Schema(
    {"cause_id": pl.String(), "rival": pl.String(), "nats_behind": pl.Float64()}
)


@dataclass(frozen=True)
class Findings:
    """What one fit says.

    Attributes
    ----------
    as_of : the last day of the data in use.
    causes : one row a cause, columns of contracts.tables.CAUSES.
    shares : one row a fault and cause (or background), columns of FAULT_CAUSES plus `day`;
        None when they were not asked for.
    rivals : other conditions that explain a cause's faults nearly as well, in nats behind.
    lots : the watch on lots, one row a lot.
    """

    as_of: date
    causes: pl.DataFrame
    shares: pl.DataFrame | None
    rivals: pl.DataFrame
    lots: pl.DataFrame


def findings(
    search: Search, as_of: date, known: pl.DataFrame | None, *, shares: bool = True
) -> Findings:
    """The tables of a finished search."""
    order = _order(search)
    keys = [search.period.key(search.hazard.terms[n].cell) for n in order]
    labels = [label_of(dict(key.conditions)) for key in keys]
    spans = [_span(search, search.hazard.terms[n]) for n in order]
    windows = [_window(search, n, span) for n, span in zip(order, spans, strict=True)]
    start = _moment(search, search.period.first * 24)
    standing = standings(labels, windows, known, as_of, start)
    explained = search.hazard.explained()
    rows = [
        _row(search, n, key, one, span, float(explained[n]))
        for n, key, one, span in zip(order, keys, standing, spans, strict=True)
    ]
    causes = pl.DataFrame(rows, schema=CAUSES_SCHEMA)
    gone = past(known, {one.cause_id for one in standing}, start)
    if gone is not None and gone.height:
        causes = pl.concat([causes, gone.select(CAUSES_SCHEMA.names()).cast(CAUSES_SCHEMA)])
    ids = dict(zip(order, (one.cause_id for one in standing), strict=True))
    return Findings(
        as_of,
        causes.sort("excess_faults", "cause_id", descending=[True, False]),
        _shares(search, ids) if shares else None,
        _rivals(search, ids),
        watch_lots(search),
    )


def _order(search: Search) -> list[int]:
    """Terms in an order that does not depend on how they were found."""
    period = search.period

    def place(n: int) -> tuple[Any, ...]:
        term = search.hazard.terms[n]
        key = period.key(term.cell)
        return (key.conditions, key.hours or (term.first * 24, term.last * 24))

    return sorted(range(len(search.hazard.terms)), key=place)


def _moment(search: Search, hour: int) -> datetime:
    return datetime.combine(search.period.counts.days[0], time()) + timedelta(hours=hour)


def _span(search: Search, term: Term) -> tuple[datetime, datetime]:
    """What was counted for a term, as half-open time."""
    period = search.period
    hours = period.key(term.cell).hours
    first, last = hours or (24 * (period.first + term.first), 24 * (period.first + term.last))
    return _moment(search, first), _moment(search, last)


def _window(search: Search, n: int, span: tuple[datetime, datetime]) -> Window:
    term, period = search.hazard.terms[n], search.period
    if period.key(term.cell).hours is not None:
        return Window(*span)
    start = span[0] if term.first > 0 else None
    return Window(start, span[1] if term.last < period.days else None)


def _row(
    search: Search,
    n: int,
    key: Key,
    standing: Standing,
    span: tuple[datetime, datetime],
    excess: float,
) -> dict[str, Any]:
    term, period = search.hazard.terms[n], search.period
    own = term.faults(period)
    rows = period.counts.rows[period.faults][own]
    expected = max(len(own) - excess, 0.0)
    effect, evidence = _effect(search, term, expected)
    counted = int((search.hazard.theta[n][period.kind[own]] > 0).sum())
    conditions = dict(key.conditions)
    domains = {one.name: one.domain for one in period.counts.attributes}
    chance = probability(np.array([evidence]), individual=key.individual)
    return {
        "cause_id": standing.cause_id,
        "kind": "individual" if key.individual else "shared",
        "domain": cause_domain(conditions, domains),
        "conditions": conditions,
        "label": label_of(conditions),
        "valid_from": standing.window.start,
        "valid_to": standing.window.end,
        "first_reported_on": standing.first_reported_on,
        "sessions": round(term.sessions(period)),
        "faults": len(own),
        "expected_faults": expected,
        "excess_faults": excess,
        **_intervals(counted, expected, excess, effect),
        "evidence": evidence,
        "probability": float(chance[0]),
        "customers": rows["customer_id"].drop_nulls().n_unique(),
        "units": rows["unit_id"].drop_nulls().n_unique(),
        "status": standing.status,
        "evidence_sql": evidence_sql(conditions, *span),
    }


def _effect(search: Search, term: Term, expected: float) -> tuple[float, float]:
    """Design effect and evidence of a term."""
    if term in search.judged:
        return search.judged[term].effect, search.judged[term].evidence
    return 1.0 + expected / FRAILTY, search.worth.get(term, 0.0)


def _intervals(counted: int, expected: float, excess: float, effect: float) -> dict[str, float]:
    """90 % intervals of the excess theta E and of the rate ratio.

    `counted` are the faults of the types that the cause raises. With w = 1 / lam the
    information on theta is sum w^2, so E^2 Var(theta) = phi E^2 / sum w^2, which is phi times
    `counted` where hazards are even. The rate ratio's is that of the logarithm of a count with
    the same phi. The floor of half a fault keeps both finite.
    """
    floor = max(expected, 0.5)
    error = Z90 * sqrt(effect * max(counted, 1))
    ratio = (expected + excess) / floor
    factor = exp(Z90 * sqrt(effect / max(expected + excess, 1.0)))
    return {
        "excess_low": max(0.0, excess - error),
        "excess_high": excess + error,
        "rate_ratio": ratio,
        "rate_ratio_low": ratio / factor,
        "rate_ratio_high": ratio * factor,
    }


def _shares(search: Search, ids: dict[int, str]) -> pl.DataFrame:
    """Responsibilities of each fault of the period; they add up to 1."""
    period = search.period
    rows = period.counts.rows[period.faults]
    fault, term, share = responsibility.shares(search.hazard, search.typical)
    positive = share > 0
    fault, term, share = fault[positive], term[positive], share[positive]
    total = np.bincount(fault, share, minlength=rows.height)
    share = share / np.maximum(total, 1.0)[fault]
    left = 1.0 - np.minimum(total, 1.0)
    every = np.concatenate([fault, np.arange(rows.height)])
    names = [ids[n] for n in term.tolist()] + [BACKGROUND] * rows.height
    shares: Floats = np.concatenate([share, np.clip(left, 0.0, 1.0)])
    frame = (
        rows[every]
        .select("session_id", "day")
        .with_columns(
            cause_id=pl.Series(names, dtype=pl.String), share=pl.Series(shares, dtype=pl.Float64)
        )
    )
    return (
        frame.filter((pl.col("share") > 0) | (pl.col("cause_id") == BACKGROUND))
        .select(SHARES_SCHEMA.names())
        .cast(SHARES_SCHEMA)
        .sort("day", "session_id", "cause_id")
    )


def _rivals(search: Search, ids: dict[int, str]) -> pl.DataFrame:
    rows = []
    for n, cause_id in ids.items():
        term = search.hazard.terms[n]
        own = search.judged.get(term)
        for other in search.rivals.get(term, []) if own else []:
            assert own is not None
            behind = own.evidence_under(own.effect) - other.evidence_under(own.effect)
            name = label_of(dict(search.period.key(other.term.cell).conditions))
            rows.append({"cause_id": cause_id, "rival": name, "nats_behind": behind})
    frame = pl.DataFrame(rows, schema=RIVALS_SCHEMA)
    best = frame.group_by("cause_id", "rival").agg(pl.col("nats_behind").min())
    return best.sort("cause_id", "nats_behind", "rival")
