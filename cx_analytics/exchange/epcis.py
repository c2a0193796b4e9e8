"""A proposed hold as a GS1 EPCIS 2.0 document (JSON-LD).

Belongs here: events. Stays out: ids (gs1.py) and delivery.
A quality hold is business step `holding` with disposition `non_sellable_other` (CBV 2.0,
sections 7.1 and 7.2); failed units with a component to blame are `needs_replacement`. Own
fields carry the prefix `cx:`. The event is what the factory records when it agrees: our state
of it is `proposed`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.exchange.gs1 import NAMESPACE, class_uri, unit_uri

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
HOLD = {"bizStep": "holding", "disposition": "non_sellable_other"}
REPLACE = {"disposition": "needs_replacement"}


def instant(at: datetime) -> str:
    """A naive UTC time as EPCIS writes it.

    >>> instant(datetime(2026, 1, 31))
    '2026-01-31T00:00:00.000Z'
    """
    return at.isoformat(timespec="milliseconds") + "Z"


def document(
    defect: Mapping[str, Any],
    units: pl.DataFrame,
    *,
    at: datetime,
    expires_at: datetime,
    namespace: str = NAMESPACE,
) -> dict[str, Any]:
    """The EPCIS document of a defect.

    One ObjectEvent holds the class of units and those of them that are not in the field; a
    second marks the failed ones for replacement when a component is to blame. No event when no
    disposition is recommended.

    Parameters
    ----------
    defect : a row of `defects`.
    units : unit_id, gtin, in_field, failed of its units.
    at, expires_at : time of the message and end of the proposal, naive UTC.
    namespace : prefix of ids without a GTIN; must be a URI.
    """
    events = [_event(what, defect, at, expires_at) for what in _what(defect, units, namespace)]
    body: dict[str, Any] = {
        "@context": [CONTEXT, {"cx": f"{NAMESPACE}epcis:"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": instant(at),
        "epcisBody": {"eventList": events},
    }
    return {"id": _uuid(body), **body}


def _what(defect: Mapping[str, Any], units: pl.DataFrame, namespace: str) -> list[dict[str, Any]]:
    if defect["recommended_disposition"] is None:
        return []
    trade_items = units["gtin"].drop_nulls().unique()
    shared = trade_items[0] if trade_items.len() == 1 else None
    held: dict[str, Any] = {
        **HOLD,
        "epcList": _uris(units.filter(~pl.col("in_field")), namespace),
        "quantityList": [{"epcClass": class_uri(defect["conditions"], shared, namespace)}],
    }
    failed = _uris(units.filter("failed"), namespace)
    if defect["recommended_disposition"] == REPLACE["disposition"] and failed:
        return [held, {**REPLACE, "epcList": failed}]
    return [held]


def _uris(units: pl.DataFrame, namespace: str) -> list[str]:
    pairs = units.select("unit_id", "gtin").unique().sort("unit_id", "gtin").rows()
    return [unit_uri(unit_id, gtin, namespace) for unit_id, gtin in pairs]


def _event(
    what: Mapping[str, Any], defect: Mapping[str, Any], at: datetime, expires_at: datetime
) -> dict[str, Any]:
    event = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": instant(at),
        "eventTimeZoneOffset": "+00:00",
        **what,
        "cx:case_id": defect["defect_id"],
        "cx:state": "proposed",
        "cx:expires_at": instant(expires_at),
    }
    return {"eventID": _uuid(event), **event}


def _uuid(content: Mapping[str, Any]) -> str:
    """An id that is the same for the same content."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))}"
