"""Rows of erased customers do not come in, and the list that says so names nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.ingest import Removed, Suppressed, erase_customer, quarantine_files
from cx_analytics.ingest.suppress import suppressed_path

WHO = "c-000042"
LISTED = Suppressed("ab" * 32)


def always(root: Path) -> Callable[[Removed], tuple[Path, str]]:
    return lambda removed: (root / "receipts" / "r.json", "{}")


def erase(field: Any, customer: str = WHO) -> Removed:
    return erase_customer(field.root, customer, LISTED, field.engine, always(field.root))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("c-000042", True),
        ("x;c-000042;y", True),
        ("c-0000421", False),
        ("xc-000042", False),
        ('{"user": "c-000042"}', True),
        ('{"note": "he is c-000042."}', True),
        ('{"c-000042": 1}', True),
        ('{"user": "c-000043"}', False),
        ("", False),
        (None, False),
    ],
)
def test_mentions(text: str | None, named: bool) -> None:
    assert LISTED.adding(WHO).mentions(text) is named


def test_a_short_id_is_not_found_in_longer_texts_of_a_record() -> None:
    listed = LISTED.adding("7")
    assert listed.mentions('{"customer_id": "7"}')
    assert listed.mentions('{"customer_id": 7}')
    assert not listed.mentions('{"reason": "error 7"}')


@pytest.mark.parametrize(
    ("exposed", "left"),
    [
        ('["c-000042", "c-1"]', '["c-1"]'),
        (
            '[{"customer_id": "c-000042", "at": 1}, {"customer_id": "c-1"}]',
            '[{"customer_id": "c-1"}]',
        ),
        ('{"customers": {"c-000042": "t"}, "units": ["u"]}', '{"customers": {}, "units": ["u"]}'),
        ('"c-000042"', None),
        ("c-000042 and others", None),
        ('["c-1"]', '["c-1"]'),
        (None, None),
    ],
)
def test_without(exposed: str | None, left: str | None) -> None:
    assert LISTED.adding(WHO).without(exposed) == left


def test_the_list_holds_no_id(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("s1", customer_id=WHO), make("s2"))
    field.run()
    erase(field)
    text = suppressed_path(field.root).read_text()
    assert WHO not in text
    assert Suppressed.read(field.root).names(WHO)
    assert LISTED.digest(WHO) != Suppressed("cd" * 32).digest(WHO)


def test_a_damaged_list_stops_ingest(field: Any, make: Any) -> None:
    suppressed_path(field.root).parent.mkdir()
    suppressed_path(field.root).write_text("{")
    field.drop("sessions/a.ndjson", make("s1"))
    with pytest.raises(InputRefused, match="list of erased customers"):
        field.run()


def test_erasing_gives_the_version_of_a_lake_that_never_had_him(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("s2"), make("s3", day=2))
    field.run()
    without = field.versions
    field.drop("sessions/b.ndjson", make("s1", customer_id=WHO), make("s4", 3, customer_id=WHO))
    field.run()
    removed = erase(field)
    assert removed.lake == {
        "lake/sessions/day=2026-01-01/part.parquet": 1,
        "lake/sessions/day=2026-01-03/part.parquet": 1,
    }
    assert removed.days == ("2026-01-01", "2026-01-03")
    assert field.versions == without
    assert sorted(field.lake()["session_id"]) == ["s2", "s3"]
    assert not (field.root / "lake" / "sessions" / "day=2026-01-03").exists()
    assert (field.root / "receipts" / "r.json").is_file()


def test_rows_of_an_erased_customer_are_counted_and_nothing_of_them_is_kept(
    field: Any, make: Any
) -> None:
    field.drop("sessions/a.ndjson", make("s1", customer_id=WHO), make("s2"))
    field.run()
    erase(field)
    field.drop(
        "sessions/b.ndjson",
        make("s5", customer_id=WHO),
        make("s6", customer_id=WHO, mos="bad"),
        make("s7", mos="bad"),
        make("s8"),
        '{"session_id": "torn", "customer_id": "c-000042"',
    )
    (report,) = field.run()
    assert (report.rows_in, report.kept, report.duplicates, report.quarantined) == (5, 1, 0, 4)
    bad = pl.read_parquet(quarantine_files(field.root)[-1])
    assert bad.select("line", "rule", pl.col("record").is_null()).rows() == [
        (1, "erased_customer", True),
        (2, "erased_customer", True),
        (3, "not_a_number:mos", False),
        (5, "erased_customer", True),
    ]
    assert WHO not in str(bad.to_dicts())


def test_csv_and_an_alias(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("s1", customer_id=WHO))
    field.run()
    erase(field)
    head = "session.id,user.id,started_at"
    day = "2026-01-01T00:00:00Z"
    field.drop("sessions/b.csv", head, f"s2,{WHO},{day}", f"s3,c-1,{day}")
    (report,) = field.run()
    assert (report.kept, report.quarantined) == (1, 1)
    assert field.lake()["customer_id"].to_list() == ["c-1"]


def test_an_action_loses_the_mention_only(field: Any, make: Any) -> None:
    action = {"kind": "other", "effective_from": "2026-01-01T00:00:00Z"}
    reached = json.dumps([WHO, "c-1"])
    field.drop("actions/a.ndjson", {"action_id": "a1", **action, "exposed": reached})
    field.run("actions")
    assert erase(field).lake == {"lake/actions/all/part.parquet": 1}
    assert field.lake("actions")["exposed"].to_list() == ['["c-1"]']
    field.drop("actions/b.ndjson", {"action_id": "a2", **action, "exposed": reached})
    field.run("actions")
    assert field.lake("actions")["exposed"].to_list() == ['["c-1"]', '["c-1"]']
