"""The texts of an action, `conditions` and `exposed`, with pseudonyms in place of ids.

Belongs here: which parts of these texts are ids. Stays out: how a pseudonym is made
(pseudonyms.py), and what an action means (loop).

Only what has a meaning is kept: a note beside an id, a part that is no condition and a list that
is no JSON are read by nobody and may hold an id, so they go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.feeds import SESSIONS
from cx_analytics.contracts.words import (
    INDIVIDUAL_ATTRIBUTES,
    REACHED,
    REACHED_IDS,
    REACHED_LISTS,
    REACHED_TIMES,
    condition_pairs,
)
from cx_analytics.ingest.pseudonyms import Pseudonyms
from cx_analytics.ingest.suppress import Suppressed

_CELL = re.compile(r"\d{3}-\d{2,3}-[0-9A-Fa-f]{1,9}")
_SPELLINGS = {"customer": "customer_id", "unit": "unit_id", **SESSIONS.aliases}


def hide_actions(rows: pl.DataFrame, hidden: Pseudonyms, erased: Suppressed) -> pl.DataFrame:
    """Judged actions with pseudonyms in `conditions` and `exposed`.

    Erased customers who are listed by raw ids leave a list first: after, they are not known.
    """
    raw = erased if erased and erased.under != hidden.mark else None
    told = rows.select("conditions", "exposed", "kind").rows()
    conditions = [hidden_conditions(one, hidden) for one, _, _ in told]
    exposed = [
        hidden_exposed(raw.without(one) if raw else one, kind, hidden) for _, one, kind in told
    ]
    return rows.with_columns(
        pl.Series("conditions", conditions, dtype=pl.String),
        pl.Series("exposed", exposed, dtype=pl.String),
    )


Hide = Callable[[str, str | None], str]
"""(id, column or None when the sender does not say) → what is kept."""


def hidden_conditions(text: str | None, hidden: Pseudonyms) -> str | None:
    """Conditions such as `customer_id=C & cell_id=X` with pseudonyms.

    >>> hidden_conditions("customer_id=c-1 & cell_id=X", Pseudonyms(("customer_id",), bytes(32)))
    'customer_id=p-7979fe6ce97400940d84 & cell_id=X'
    """
    kept = [f"{key}={_value(key, value, hidden)}" for key, value in condition_pairs(text)]
    return " & ".join(kept) or None


def _value(key: str, value: str, hidden: Pseudonyms) -> str:
    name = key.lower()
    return hidden.of(value) if _SPELLINGS.get(name, name) in hidden.columns else value


def hidden_exposed(text: str | None, kind: str | None, hidden: Pseudonyms) -> str | None:
    """The JSON text of what an action reached, with pseudonyms; in any shape that senders use.

    Ids of which the sender does not say what they are become pseudonyms as well, if those of
    customers or units do; except what a cell_repair lists in the form of a cell.

    >>> hidden = Pseudonyms(("customer_id",), bytes(32))
    >>> hidden_exposed('{"customers": ["c-1"], "units": ["u-1"]}', None, hidden)
    '{"customers": ["p-7979fe6ce97400940d84"], "units": ["u-1"]}'
    """
    if not text or not set(hidden.columns) & set(INDIVIDUAL_ATTRIBUTES):
        return text

    def hide(identity: str, column: str | None) -> str:
        if column is None and kind == "cell_repair" and _CELL.fullmatch(identity):
            column = "cell_id"
        kept = column is not None and column not in hidden.columns
        return identity if kept else hidden.of(identity)

    try:
        left = _walked(json.loads(text), None, hide)
    except (ValueError, RecursionError):
        return None
    return None if left is None else json.dumps(left, ensure_ascii=False)


def _walked(given: Any, column: str | None, hide: Hide) -> Any:
    if isinstance(given, list):
        items = (_item(one, column, hide) for one in given)
        return [one for one in items if one is not None]
    if isinstance(given, dict):
        return _item(given, column, hide) if _id_in(given) else _map(given, column, hide)
    return None


def _map(given: Mapping[str, Any], column: str | None, hide: Hide) -> dict[str, Any]:
    """A map of columns to lists or maps, of ids to times, or of both."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        inner = REACHED_LISTS.get(key, key if key in REACHED else None)
        if inner is not None and isinstance(value, list | dict):
            found[key] = _walked(value, inner, hide)
        elif isinstance(value, str | None):
            found[hide(key, column)] = _time(value)
    return found


def _item(item: Any, column: str | None, hide: Hide) -> Any:
    if isinstance(item, str) or (isinstance(item, int) and not isinstance(item, bool)):
        return hide(str(item), column)
    if isinstance(item, dict) and (name := _id_in(item)):
        kept = hide(str(item[name]), name if name in REACHED else column)
        times = {key: _time(item[key]) for key in REACHED_TIMES if item.get(key)}
        return {name: kept} | times
    if isinstance(item, list) and item and isinstance(item[0], str):
        return [hide(item[0], column), *(_time(one) for one in item[1:2])]
    return None


def _id_in(item: Mapping[str, Any]) -> str | None:
    return next((key for key in REACHED_IDS if isinstance(item.get(key), str | int)), None)


def _time(value: Any) -> str | None:
    """A time as it was given; None when it is none, since it may then be anything."""
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return str(value)
