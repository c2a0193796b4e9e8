"""Which rules may answer a cause, and their texts in plain words.

Belongs here: what is done once a cause or once a wording, never once a customer.
Stays out: which of the rules a customer gets (fixes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.care.playbook import STATES, Playbook, Rule
from cx_analytics.contracts.words import BACKGROUND, in_words, label

NOT_EXPLAINED = "not explained"
"""The confidence of an answer when no cause explains half of the customer's faults."""

_RULES: dict[str, pl.DataType | type[pl.DataType]] = {
    "cause_id": pl.String,
    "state": pl.String,
    "place": pl.Int64,
    "needs": pl.String,
    "asked_pattern": pl.List(pl.String),
    "minimum_probability": pl.Float64,
    "minimum_avoided": pl.Float64,
    "removes": pl.Float64,
    "friction": pl.Float64,
    "cost": pl.Float64,
}
_NO_CAUSE: dict[str, Any] = {
    "cause_id": BACKGROUND,
    "domain": BACKGROUND,
    "kind": "shared",
    "conditions": {},
    "status": "",
    "valid_from": None,
    "valid_to": None,
}


def candidates(causes: pl.DataFrame, playbook: Playbook) -> pl.DataFrame:
    """The rules that fit each cause (and background) in each state, with what they ask for.

    Returns
    -------
    Columns cause_id, state, place (of the rule in the playbook, 0 first), needs, asked_pattern,
    minimum_probability, minimum_avoided, removes, friction, cost.
    """
    rows = [
        _candidate(cause, state, place, rule)
        for cause in _known(causes).values()
        for state in STATES
        for place, rule in playbook.fitting(
            cause["domain"], cause["kind"], list(cause["conditions"]), state
        )
    ]
    return pl.DataFrame(rows, schema=_RULES, orient="row")


def _candidate(cause: Mapping[str, Any], state: str, place: int, rule: Rule) -> tuple[Any, ...]:
    asks = (rule.needs, list(rule.when.pattern), rule.minimum_probability, rule.minimum_avoided)
    takes = (rule.then.removes, rule.then.friction, rule.then.cost)
    return (cause["cause_id"], state, place, *asks, *takes)


def worded(chosen: pl.DataFrame, causes: pl.DataFrame, playbook: Playbook) -> pl.DataFrame:
    """The texts of each different wording among the chosen rules.

    Parameters
    ----------
    chosen : columns wording (number of a different text), cause_id, place, app_name, device_model,
        target_version, latest_version.

    Returns
    -------
    Columns wording, fix_code, fix, avoid.
    """
    known = _known(causes)
    columns = ["app_name", "device_model", "target_version", "latest_version"]
    distinct = chosen.select("wording", "cause_id", "place", *columns).unique(
        "wording", maintain_order=True
    )
    rows = [_texts(row, known[row["cause_id"]], playbook) for row in distinct.rows(named=True)]
    schema = {"wording": pl.UInt32, "fix_code": pl.String, "fix": pl.String, "avoid": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _known(causes: pl.DataFrame) -> dict[str, dict[str, Any]]:
    facts = causes.select(*_NO_CAUSE)
    return {row["cause_id"]: row for row in (*facts.rows(named=True), _NO_CAUSE)}


def _texts(
    row: Mapping[str, Any], cause: Mapping[str, Any], playbook: Playbook
) -> tuple[int, str, str, str | None]:
    fix = playbook.rules[row["place"]].then
    places = _places(row, cause)
    avoid = fix.avoid.format_map(places) or None
    return row["wording"], fix.fix_code, fix.fix.format_map(places), avoid


def _places(row: Mapping[str, Any], cause: Mapping[str, Any]) -> dict[str, str]:
    """What stands in braces. Whose cause it is stays unsaid: no text names a customer."""
    conditions = dict(cause["conditions"])
    shown = {key: value for key, value in conditions.items() if key != "customer_id"}
    model = conditions.get("device_model") or row["device_model"]
    return {
        "label": in_words(label(shown)) if shown else "this customer's own",
        "status": cause["status"],
        "since": _day(cause["valid_from"], "before the records"),
        "until": _day(cause["valid_to"], "by now"),
        "app_name": conditions.get("app_name") or row["app_name"] or "the app",
        "app_version": conditions.get("app_version", "this version"),
        "device_model": model or "this model",
        "firmware_version": conditions.get("firmware_version", "this firmware"),
        "target_version": row["target_version"] or "",
        "latest_version": row["latest_version"] or "the latest version",
    }


def _day(at: datetime | None, otherwise: str) -> str:
    return at.date().isoformat() if at is not None else otherwise
