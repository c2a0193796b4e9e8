"""The numbers of a message with the query behind each, to be run again by anyone.

Belongs here: writing and reading evidence, and saying which numbers differ. Stays out: running
the queries (`cx verify`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from html import unescape
from typing import Any

import polars as pl

from cx_analytics.contracts.errors import InputRefused

TOLERANCE = 1e-9
"""Relative difference up to which two numbers are the same: sums in another order differ less."""

_KEYS = ("metric_id", "sql", "snapshot", "value", "unit")
_IN_PAGE = re.compile(r'<template id="evidence">(.*?)</template>', re.DOTALL)


@dataclass(frozen=True)
class Number:
    """One number that was published: what, by which query, on the data up to which day."""

    metric_id: str
    sql: str
    snapshot: str
    value: float | None
    unit: str


def numbers(evidence: pl.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """The rows of `factory.defect_evidence` as evidence.json holds them, in order of their ids."""
    rows = evidence.sort("metric_id").iter_rows(named=True)
    return [{**{key: row.get(key) for key in _KEYS}, "snapshot": as_of.isoformat()} for row in rows]


def read_numbers(text: str, where: str) -> list[Number]:
    """The evidence in a JSON list, in a JSON object's `evidence`, or embedded in a page of ours.

    Raises
    ------
    InputRefused : the text holds none, or an entry lacks something.
    """
    embedded = _IN_PAGE.search(text)
    if embedded is None and text.lstrip()[:1] == "<":
        raise InputRefused("this page carries no evidence", where=where, todo="give evidence.json")
    try:
        told = json.loads(unescape(embedded[1]) if embedded else text)
    except (ValueError, RecursionError) as error:
        raise InputRefused(
            f"this is no JSON ({error})", where=where, todo="give a pack's folder or evidence.json"
        ) from error
    entries = told.get("evidence") if isinstance(told, dict) else told
    if not isinstance(entries, list) or not entries:
        raise InputRefused(
            "there is no evidence in it",
            where=where,
            todo=f"give a list of {{{', '.join(_KEYS)}}}",
        )
    return [_number(entry, f"{where}, entry {place}") for place, entry in enumerate(entries, 1)]


def _number(entry: Any, where: str) -> Number:
    if not isinstance(entry, Mapping):
        raise InputRefused("this is no object", where=where)
    for key in ("metric_id", "sql", "snapshot"):
        if not isinstance(entry.get(key), str):
            raise InputRefused(f"{key} is missing or no text", where=where)
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise InputRefused("value is no number", where=where)
    return Number(
        entry["metric_id"], entry["sql"], entry["snapshot"], value, str(entry.get("unit") or "")
    )


def same(told: float | None, found: float | None) -> bool:
    """Whether two values are the same number; nothing is the same as nothing only.

    >>> same(3.0, 3), same(0.1 + 0.2, 0.3), same(None, None), same(None, 0.0), same(1.0, 1.001)
    (True, True, True, False, False)
    """
    if told is None or found is None:
        return told is found
    return told == found or math.isclose(told, found, rel_tol=TOLERANCE, abs_tol=0.0)


def snapshots(told: Iterable[Number]) -> list[str]:
    """The snapshots that the numbers rest on, in order."""
    return sorted({number.snapshot for number in told})
