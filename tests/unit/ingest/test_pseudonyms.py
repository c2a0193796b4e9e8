"""Ids become pseudonyms at the door: in every feed, in what is rejected, in what actions say."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.feeds import FEEDS, SESSIONS
from cx_analytics.contracts.settings import HIDEABLE, Source
from cx_analytics.ingest import Pseudonyms, Removed, Suppressed, erase_customer, quarantine_files
from cx_analytics.ingest.action_ids import hidden_conditions, hidden_exposed

KEY = bytes(range(32))
ALL = Pseudonyms(HIDEABLE, KEY)
CUSTOMERS = Pseudonyms(("customer_id",), KEY)
UNITS = Pseudonyms(("unit_id",), KEY)
AT = "2026-01-03T10:00:00Z"


def p(identity: str, key: bytes = KEY) -> str:
    """A pseudonym by the standard library alone."""
    return "p-" + hmac.new(key, identity.encode(), hashlib.sha256).hexdigest()[:20]


@pytest.mark.parametrize("key", [KEY, bytes(32), b"\xff" * 32])
def test_the_engine_and_the_standard_library_agree(field: Any, key: bytes) -> None:
    ids = ["c-1", "", "é€😀", "a'b\"c\\", "p-1", "x" * 2000, "0007", "p-0123456789abcdef0123"]
    field.engine.register("given", pl.DataFrame({"customer_id": [*ids, None]}))
    hidden = Pseudonyms(("customer_id",), key)
    found = field.engine.frame(
        f"SELECT {hidden.sql('customer_id')} FROM given", hidden.params(SESSIONS)
    )
    expected = [*(p(one, key) for one in ids[:-1]), ids[-1], None]
    assert found.to_series().to_list() == expected
    assert [hidden.of(one) for one in ids] == expected[:-1]


def test_the_key_is_not_shown() -> None:
    assert KEY.hex() not in repr(ALL)
    assert str(KEY) not in repr(ALL)
    assert ALL.mark not in (KEY.hex(), p("x"))


ROWS: dict[str, dict[str, Any]] = {
    "sessions": {"session_id": "s", "customer_id": "raw-c", "unit_id": "raw-u", "started_at": AT},
    "units": {"unit_id": "raw-u", "device_model": "X"},
    "components": {
        "unit_id": "raw-u",
        "component": "modem",
        "component_lot": "L",
        "component_serial": "raw-s",
    },
    "cells": {"cell_id": "310-1-a"},
    "app_releases": {"app_name": "a", "app_version": "1", "released_at": AT},
    "contacts": {"contact_id": "k", "customer_id": "raw-c", "contacted_at": AT, "topic": "t"},
    "production_events": {
        "case_id": "raw-u",
        "step": "test",
        "started_at": AT,
        "ended_at": AT,
        "unit_id": "raw-u",
        "parent_id": "raw-p",
        "input_ids": json.dumps(["raw-i", "raw-u"]),
    },
    "actions": {
        "action_id": "a",
        "kind": "other",
        "effective_from": AT,
        "conditions": "customer_id=raw-c & cell_id=310-1-a",
        "exposed": json.dumps({"units": {"raw-u": AT}, "customers": ["raw-c"], "cells": ["X"]}),
    },
}


def test_every_feed_has_a_row_here() -> None:
    assert set(ROWS) == set(FEEDS)


@pytest.mark.parametrize("feed", FEEDS)
def test_no_feed_keeps_an_id(field: Any, feed: str) -> None:
    field.drop(f"{feed}/1.ndjson", ROWS[feed])
    (report,) = field.run(feed, pseudonyms=ALL)
    assert report.kept == 1
    (row,) = field.lake(feed).to_dicts()
    assert "raw" not in str(row)
    for column in ("customer_id", "unit_id", "component_serial"):
        if column in ROWS[feed]:
            assert row[column] == p(ROWS[feed][column])


def test_a_case_is_known_by_the_pseudonym_of_its_unit(field: Any) -> None:
    field.drop("production_events/1.ndjson", ROWS["production_events"])
    field.run("production_events", pseudonyms=UNITS)
    (row,) = field.lake("production_events").to_dicts()
    assert (row["case_id"], row["unit_id"]) == (p("raw-u"), p("raw-u"))
    assert json.loads(row["input_ids"]) == [p("raw-i"), p("raw-u")]


def test_only_what_is_asked_for(field: Any, make: Any) -> None:
    field.drop("sessions/1.ndjson", make("s", unit_id="raw-u"))
    field.run(pseudonyms=CUSTOMERS)
    assert field.lake().select("customer_id", "unit_id").rows() == [(p("c"), "raw-u")]


def test_an_alias_and_an_expression_of_a_source(field: Any, make: Any) -> None:
    field.drop("sessions/1.ndjson", {"session.id": "s", "user.id": "raw-c", "started_at": AT})
    field.drop("../imports/x.csv", "account,began,id", f"raw-c,{AT},7")
    source = Source(
        name="x",
        feed="sessions",
        files=("imports/*.csv",),
        columns={"session_id": "id", "customer_id": "'x-' || account", "started_at": "began"},
    )
    field.run(sources=[source], pseudonyms=CUSTOMERS)
    assert set(field.lake()["customer_id"]) == {p("raw-c"), p("x-raw-c")}


def test_keys_still_meet(field: Any) -> None:
    field.drop("units/1.ndjson", {"unit_id": "u", "device_model": "X"})
    field.run("units", pseudonyms=UNITS)
    field.drop("units/2.ndjson", {"unit_id": "u", "device_model": "Y"})
    (report,) = field.run("units", pseudonyms=UNITS)
    assert (report.kept, report.duplicates) == (0, 1)
    assert field.lake("units")["device_model"].to_list() == ["Y"]


# ---- quarantine --------------------------------------------------------------------------------

BAD = {
    "row.ndjson": '{"session_id": "s", "customer_id": "raw-c", "started_at": "never"}',
    "misnamed.ndjson": '{"session_id": "s", "custmer_id": "raw-c", "started_at": "2026-01-01"}',
    "torn.ndjson": '{"session_id": "s", "customer_id": "raw-c", "sta',
    "twice.ndjson": '{"customer_id": "raw-c", "raw-c": 1, "raw-c": 2}',
    "list.ndjson": '["raw-c"]',
    "fields.csv": "session_id,customer_id,started_at\ns,raw-c,2026-01-01,raw-c",
    "header.csv": "raw-c,raw-c,session_id\n1,2,3",
    "none.csv": "raw-c,raw-u\n1,2",
    "quote.csv": 'session_id,customer_id,started_at\ns,"raw-c,2026-01-01',
    "no.parquet": "raw-c",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_rejected_is_kept_without_its_record(field: Any, name: str) -> None:
    field.drop(f"sessions/{name}", BAD[name])
    (report,) = field.run(pseudonyms=CUSTOMERS)
    assert report.quarantined >= 1
    found = pl.concat([pl.read_parquet(path) for path in quarantine_files(field.root)])
    assert found["record"].to_list() == [None] * found.height
    assert all("the record is left out" in reason for reason in found["reason"])
    assert "raw" not in str(found.drop("file").to_dicts())


def test_an_epcis_event_that_is_refused(field: Any) -> None:
    event = {"type": "ObjectEvent", "eventTime": "raw-u", "epcList": ["urn:raw-u"], "bizStep": "x"}
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": [event]}}
    field.drop("production_events/e.json", document)
    (report,) = field.run("production_events", pseudonyms=UNITS)
    assert report.quarantined == 1
    assert "raw" not in str(pl.read_parquet(quarantine_files(field.root)[0]).to_dicts())


# ---- actions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["c", 7], [p("c"), p("7")]),
        ([{"id": "c", "at": AT, "name": "Jo"}], [{"id": p("c"), "at": AT}]),
        ([{"customer_id": "c", "at": "by Jo"}], [{"customer_id": p("c"), "at": None}]),
        ([{"unit_id": "u"}, {"cell_id": "X"}], [{"unit_id": "u"}, {"cell_id": "X"}]),
        ([["c", AT]], [[p("c"), AT]]),
        ({"c": AT, "d": None}, {p("c"): AT, p("d"): None}),
        ({"customers": {"c": AT}, "units": ["u"]}, {"customers": {p("c"): AT}, "units": ["u"]}),
        ({"customer_id": ["c"]}, {"customer_id": [p("c")]}),
        ({"customer_id": "c", "at": AT}, {"customer_id": p("c"), "at": AT}),
        ({"cells": {"X": AT}}, {"cells": {"X": AT}}),
        ([True, 1.5, None], []),
        ("c", None),
    ],
)
def test_exposed_in_every_shape(given: Any, expected: Any) -> None:
    found = hidden_exposed(json.dumps(given), "app_update", CUSTOMERS)
    assert (None if found is None else json.loads(found)) == expected


def test_exposed_that_nobody_can_read_goes() -> None:
    assert hidden_exposed("c-1 and others", "other", CUSTOMERS) is None
    assert hidden_exposed("c-1", "other", Pseudonyms(("component_serial",), KEY)) == "c-1"


def test_cells_of_a_repair_stay() -> None:
    assert hidden_exposed('["310-410-00A1"]', "cell_repair", ALL) == '["310-410-00A1"]'
    assert hidden_exposed('["c-1"]', "cell_repair", ALL) == f'["{p("c-1")}"]'


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("customer_id=c & cell_id=X", f"customer_id={p('c')} & cell_id=X"),
        ("Customer=c", f"Customer={p('c')}"),
        ("user.id=c", f"user.id={p('c')}"),
        ("unit_id=u", "unit_id=u"),
        ("for c", None),
        (f"customer_id={p('c')}", f"customer_id={p('c')}"),
        (None, None),
    ],
)
def test_conditions(given: str | None, expected: str | None) -> None:
    assert hidden_conditions(given, CUSTOMERS) == expected


# ---- erased customers ----------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [CUSTOMERS, UNITS, ALL])
def test_an_erased_customer_stays_out(field: Any, make: Any, hidden: Pseudonyms) -> None:
    feeds = ("sessions", "actions")
    known = "customer_id" in hidden.columns
    who = p("c-000042") if known else "c-000042"
    field.drop("sessions/1.ndjson", make("s1", customer_id="c-000042"), make("s2"))
    field.run(*feeds, pseudonyms=hidden)
    listed = Suppressed("ab" * 32, under=hidden.mark if known else "")
    removed = erase_customer(
        field.root, who, listed, field.engine, lambda _: (field.root / "receipts/r.json", "{}")
    )
    assert sum(removed.lake.values()) == 1
    field.drop("sessions/2.ndjson", make("s3", customer_id="c-000042"), make("s4"))
    action = {"kind": "other", "effective_from": AT}
    field.drop(
        "actions/1.ndjson",
        {"action_id": "a", **action, "exposed": '["c-000042", "c-7"]'},
        {"action_id": "b", **action, "conditions": "customer_id=c-000042"},
    )
    sessions, actions = field.run(*feeds, pseudonyms=hidden)
    assert (sessions.kept, sessions.quarantined) == (1, 1)
    assert (actions.kept, actions.quarantined) == (1, 1)
    assert [rule for _, rule in field.quarantine()] == ["erased_customer"] * 2
    assert field.lake("actions")["exposed"].to_list() == [json.dumps([p("c-7")])]


# ---- another setting -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, CUSTOMERS, "the lake holds ids as they came"),
        (CUSTOMERS, None, "asks for ids as they came"),
        (CUSTOMERS, ALL, "the lake holds pseudonyms of customer_id, but"),
        (CUSTOMERS, Pseudonyms(("customer_id",), bytes(32)), "another key"),
    ],
)
def test_ids_of_two_kinds_are_not_mixed(
    field: Any, make: Any, before: Pseudonyms | None, now: Pseudonyms | None, said: str
) -> None:
    field.drop("sessions/1.ndjson", make("s1"))
    field.run(pseudonyms=before)
    field.drop("sessions/2.ndjson", make("s2"))
    with pytest.raises(SettingsError) as caught:
        field.run(pseudonyms=now)
    assert said in caught.value.what
    assert "make the lake anew" in caught.value.todo
    assert field.lake().height == 1
    field.run(pseudonyms=before)
    assert field.lake().height == 2


def test_a_list_of_erased_customers_under_other_ids_is_not_passed_over(field: Any) -> None:
    def note(_: Removed) -> tuple[Any, str]:
        return field.root / "receipts/r.json", "{}"

    erase_customer(field.root, "c-000042", Suppressed("ab" * 32), field.engine, note)
    with pytest.raises(SettingsError, match="1 erased customers are listed under ids of another"):
        field.run(pseudonyms=CUSTOMERS)
    field.run(pseudonyms=UNITS)
