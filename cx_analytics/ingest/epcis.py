"""GS1 EPCIS 2.0 JSON documents → flat rows of the feed production_events.

Belongs here: what an EPCIS event says about a case and its step, and why an event cannot be
used. Stays out: reading files, typing values, duplicates (the rest of ingest does that).
Clauses are those of the GS1 EPCIS Standard 2.0 (data model: 7.4, JSON: 10).

How an event becomes rows
    case_id     each object of the event's what-dimension: every EPC, every class or lot of a
                quantity list, and the parent of an aggregation (not when it is a place). Of a
                transformation the outputs are the cases and the inputs are noted in
                `input_ids`; one that only takes in (its outputs follow under the same
                transformationID) has its inputs as cases.
    step        bizStep as the short word of the Core Business Vocabulary
    times       an event is a moment: started_at = ended_at = eventTime. Transformation events of
                one transformationID are one process: from the first to the last of them.
    lot         of an LGTIN, or /10/ of a GS1 Digital Link
    unit_id     the serial of an SGTIN, or /21/ of a GS1 Digital Link
    product     the GTIN of any of these
    order_id    the business transaction of the type prodorder, else po
    shipment_id the case or its parent when it is a logistic unit or a shipment (SSCC, GSIN), else
                the business transaction of the type desadv, else bol
    quantities  of a quantity list, when counted in pieces (other units of measure are left out)

An event that carries an errorDeclaration says that it, and every earlier record of the same
event in the document, is wrong (7.4.1.2): neither becomes a row. The correction is an event of
its own. Rows that an earlier document brought are left out when tables are made: by `event_id`,
which stands first in the record of the declaration (see supply/retractions.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cx_analytics.contracts.feeds import MAX_TEXT
from cx_analytics.ingest.gs1 import is_location, is_shipment, lot_of, product_of, serial_of

Row = dict[str, str | None]
Event = Mapping[str, Any]

DOCUMENT_TYPES = ("EPCISDocument", "EPCISQueryDocument")
EVENT_CLAUSES = {
    "ObjectEvent": "7.4.2",
    "AggregationEvent": "7.4.3",
    "TransactionEvent": "7.4.5",
    "TransformationEvent": "7.4.6",
    "AssociationEvent": "7.4.7",
}
"""The event types of EPCIS 2.0 with the clause that defines each."""

_EPC_LISTS = ("epcList", "childEPCs", "outputEPCList")
_QUANTITY_LISTS = ("quantityList", "childQuantityList", "outputQuantityList")
_PIECES = (None, "EA", "C62", "H87")
"""UN/CEFACT Recommendation 20 codes that count pieces; an absent unit does so as well."""


@dataclass(frozen=True)
class Issue:
    """An event that gave no row: its place among the document's events, the rule, and why.

    `index` is None when the document as a whole cannot be used. `record` is the event as JSON,
    shortened.
    """

    index: int | None
    rule: str
    reason: str
    record: str | None = None


class _Refused(Exception):
    """An event that cannot become rows."""

    def __init__(self, rule: str, reason: str) -> None:
        self.rule, self.reason = rule, reason
        super().__init__(reason)


def is_epcis(document: object) -> bool:
    """Whether a parsed JSON value is EPCIS: a document, an event, or a list with one of these.

    >>> is_epcis({"type": "EPCISDocument"}), is_epcis([{"type": "ObjectEvent"}])
    (True, True)
    >>> is_epcis({"case_id": "1", "type": "S"})
    False
    """
    if isinstance(document, list):
        return any(_is_one(item) for item in document)
    return _is_one(document)


def flat_rows(document: object) -> tuple[list[Row], list[Issue]]:
    """The rows of a parsed EPCIS document, and an issue for each event that gives none.

    Parameters
    ----------
    document : an EPCISDocument (with an eventList or a single event), an EPCISQueryDocument, a
        bare event, or a list of any of these (such as the lines of an NDJSON file).

    Returns
    -------
    rows : columns of the feed production_events, as text.
    issues : every event gives at least one row or exactly one issue, never both.
    """
    try:
        events = list(_events(document))
    except _Refused as error:
        return [], [Issue(None, error.rule, error.reason, _record(document))]
    retracted = {_identity(event) for event in events if _declares_error(event)}
    spans = _transformation_spans(events)
    rows: list[Row] = []
    issues: list[Issue] = []
    for index, event in enumerate(events):
        try:
            rows += _rows(event, retracted, spans)
        except _Refused as error:
            issues.append(Issue(index, error.rule, error.reason, _record(event)))
    return rows, issues


def _is_one(item: object) -> bool:
    if not isinstance(item, Mapping):
        return False
    kind = item.get("type")
    known = isinstance(kind, str) and (kind in DOCUMENT_TYPES or kind in EVENT_CLAUSES)
    return known or "epcisBody" in item


def _events(document: object) -> Iterator[object]:
    """The events of a document, a bare event as it is, or of a list of both."""
    for item in document if isinstance(document, list) else [document]:
        if isinstance(item, Mapping) and (
            "epcisBody" in item or item.get("type") in DOCUMENT_TYPES
        ):
            yield from _body(item)
        else:
            yield item


def _body(document: Mapping[str, Any]) -> list[object]:
    body = document.get("epcisBody")
    if not isinstance(body, Mapping):
        raise _Refused("epcis_no_body", "the document has no epcisBody (EPCIS 2.0, clause 10)")
    if isinstance(results := body.get("queryResults"), Mapping):
        body = results.get("resultsBody")
        body = body if isinstance(body, Mapping) else {}
    found = body.get("eventList", body.get("event"))
    if found is None:
        raise _Refused("epcis_no_events", "epcisBody holds no eventList (EPCIS 2.0, clause 10)")
    return list(found) if isinstance(found, list) else [found]


def _declares_error(event: object) -> bool:
    return isinstance(event, Mapping) and bool(event.get("errorDeclaration"))


def _identity(event: object) -> str:
    """What two records of one event share: the eventID, else all they say (7.4.1.2)."""
    if not isinstance(event, Mapping):
        return ""
    if event.get("eventID"):
        return str(event["eventID"])
    said = {k: v for k, v in event.items() if k not in ("errorDeclaration", "recordTime")}
    return json.dumps(said, sort_keys=True, default=str)


def _rows(
    event: object, retracted: set[str], spans: Mapping[str, tuple[datetime, datetime]]
) -> list[Row]:
    if not isinstance(event, Mapping):
        raise _Refused("epcis_no_event", "an event must be a JSON object (EPCIS 2.0, 7.4.1)")
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in EVENT_CLAUSES:
        known = ", ".join(EVENT_CLAUSES)
        raise _Refused("epcis_event_type", f"type {kind!r} is none of {known} (EPCIS 2.0, 7.4)")
    if retracted and _identity(event) in retracted:
        raise _Refused(
            "epcis_retracted",
            "an errorDeclaration says that this event is wrong (EPCIS 2.0, 7.4.1.2)",
        )
    step = _step(event.get("bizStep"))
    moment = _moment(event)
    start, end = spans.get(str(event.get("transformationID")), (moment, moment))
    shared: Row = {
        "step": step,
        "started_at": start.isoformat(),
        "ended_at": end.isoformat(),
        "resource": _place(event, "readPoint"),
        "line": _place(event, "bizLocation"),
        "event_id": _text(event.get("eventID")),
        "input_ids": _inputs(event),
        "order_id": _transaction(event, "prodorder", "po"),
    }
    notice = _transaction(event, "desadv", "bol")
    rows = [{"shipment_id": notice, **case, **shared} for case in _cases(event)]
    if not rows:
        sensed = "holds readings of sensors and " if event.get("sensorElementList") else ""
        reason = f"the event {sensed}names no object (EPCIS 2.0, {EVENT_CLAUSES[kind]})"
        raise _Refused("epcis_no_object", reason)
    return rows


def _step(value: object) -> str:
    """The short word of a CBV business step; a step of another vocabulary as it stands."""
    if not isinstance(value, str) or not value.strip():
        raise _Refused(
            "epcis_no_step", "bizStep is missing: no step to book it on (EPCIS 2.0, 7.4.1)"
        )
    for prefix in (
        "urn:epcglobal:cbv:bizstep:",
        "https://ref.gs1.org/cbv/BizStep-",
        "https://ns.gs1.org/cbv/BizStep-",
        "cbv:BizStep-",
    ):
        if value.startswith(prefix):
            return value.removeprefix(prefix)
    return value.strip()


def _moment(event: Event) -> datetime:
    """The eventTime in UTC; it must say its offset."""
    value = event.get("eventTime")
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise _Refused(
                "epcis_event_time", f"eventTime {value!r} has no offset (EPCIS 2.0, 7.4.1)"
            )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Refused(
            "epcis_event_time", f"eventTime {value!r} is no time (EPCIS 2.0, 7.4.1)"
        ) from None


def _transformation_spans(events: Sequence[object]) -> dict[str, tuple[datetime, datetime]]:
    """First and last time of each transformationID: one process may take several events (7.4.6)."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for event in events:
        if not isinstance(event, Mapping) or not isinstance(event.get("transformationID"), str):
            continue
        if _declares_error(event):
            continue
        try:
            moment = _moment(event)
        except _Refused:
            continue
        first, last = spans.get(event["transformationID"], (moment, moment))
        spans[event["transformationID"]] = min(first, moment), max(last, moment)
    return spans


def _cases(event: Event) -> Iterator[Row]:
    """One row for each object of the event: its identity, lot, serial and quantity."""
    parent = _text(event.get("parentID"))
    if parent and not is_location(parent):
        yield _case(parent, None, None)
    found = list(_objects(event, _EPC_LISTS, _QUANTITY_LISTS))
    if not found and event.get("type") == "TransformationEvent":
        found = list(_objects(event, ("inputEPCList",), ("inputQuantityList",)))
    for identity, quantity in found:
        yield _case(identity, quantity, parent)


def _case(identity: str, quantity: str | None, parent: str | None) -> Row:
    shipped = next((one for one in (parent, identity) if one and is_shipment(one)), None)
    return {
        **({"shipment_id": shipped} if shipped else {}),
        "case_id": identity,
        "unit_id": serial_of(identity),
        "lot": lot_of(identity),
        "product": product_of(identity),
        "quantity_completed": quantity,
        "quantity_rejected": None,
        "parent_id": parent,
    }


def _objects(
    event: Event, epc_lists: Sequence[str], quantity_lists: Sequence[str]
) -> Iterator[tuple[str, str | None]]:
    clause = EVENT_CLAUSES.get(str(event.get("type")), "7.4")
    for name in epc_lists:
        for epc in _listed(event, name):
            if not isinstance(epc, str) or not epc:
                raise _Refused(
                    "epcis_object", f"{name} holds {epc!r}, which is no EPC (EPCIS 2.0, {clause})"
                )
            yield epc, None
    for name in quantity_lists:
        for element in _listed(event, name):
            if not isinstance(element, Mapping) or not _text(element.get("epcClass")):
                reason = f"{name} holds no epcClass (EPCIS 2.0, {clause})"
                raise _Refused("epcis_object", reason)
            yield element["epcClass"], _pieces(element)


def _listed(event: Event, name: str) -> list[object]:
    value = event.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _pieces(element: Mapping[str, Any]) -> str | None:
    quantity = element.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        return None
    return str(quantity) if element.get("uom") in _PIECES else None


def _inputs(event: Event) -> str | None:
    """What a transformation consumed, as a JSON list; classes and lots first, as far as it fits."""
    found = list(_objects(event, ("inputEPCList",), ("inputQuantityList",)))
    ids = [identity for identity, _ in reversed(found)]
    kept = len(ids)
    while kept and len(text := json.dumps(_shortened(ids, kept))) > MAX_TEXT:
        kept = min(kept - 1, int(kept * MAX_TEXT / len(text)))
    return json.dumps(_shortened(ids, kept)) if ids else None


def _shortened(ids: Sequence[str], kept: int) -> list[str]:
    rest = len(ids) - kept
    return [*ids[:kept], f"… {rest} more"] if rest else list(ids)


def _place(event: Event, name: str) -> str | None:
    """The id of a readPoint or bizLocation (7.4.1)."""
    value = event.get(name)
    return _text(value.get("id") if isinstance(value, Mapping) else value)


def _transaction(event: Event, *kinds: str) -> str | None:
    """The business transaction of the first of these CBV types that the event names."""
    named = {
        re.split(r"[:/-]", str(one.get("type")))[-1]: _text(one.get("bizTransaction"))
        for one in _listed(event, "bizTransactionList")
        if isinstance(one, Mapping)
    }
    return next((named[kind] for kind in kinds if named.get(kind)), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _record(value: object) -> str:
    """The event as it came, its eventID first, short enough for a quarantine row."""
    if isinstance(value, Mapping) and "eventID" in value:
        value = {"eventID": value["eventID"], **value}
    return json.dumps(value, ensure_ascii=False, default=str)[:MAX_TEXT]
