"""What a batch does to the lake: values, duplicates, late rows, versions, files left alone."""

from __future__ import annotations

import os
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cx_analytics.contracts.feeds import SESSIONS
from cx_analytics.ingest import has_news, runs_files


def counts(report: Any) -> tuple[int, int, int, int]:
    return report.rows_in, report.kept, report.duplicates, report.quarantined


def test_columns_are_those_of_the_contract_and_of_the_settings(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a", colour="red", weight_g="7.5", other=1))
    (report,) = field.run(extra={"colour": "VARCHAR", "weight_g": "DOUBLE"})
    lake = field.lake()
    assert lake.columns == [*SESSIONS.names, "colour", "weight_g"]
    assert lake.select("colour", "weight_g").row(0) == ("red", 7.5)
    assert report.drift == ("other",)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-01-05T10:00:00Z", datetime(2026, 1, 5, 10)),
        ("2026-01-05T10:00:00+02:00", datetime(2026, 1, 5, 8)),
        ("2026-01-05T10:00:00-0800", datetime(2026, 1, 5, 18)),
        ("2026-01-05 10:00:00.123456", datetime(2026, 1, 5, 10, 0, 0, 123456)),
        ("2026-01-05T00:30:00+01:00", datetime(2026, 1, 4, 23, 30)),
        ("2026/01/05 10:00", datetime(2026, 1, 5, 10)),
        ("2026-01-05", datetime(2026, 1, 5)),
    ],
)
def test_times_become_utc(field: Any, make: Any, given: str, meant: datetime) -> None:
    field.drop("sessions/a.ndjson", make("a") | {"started_at": given})
    field.run()
    assert field.lake()["started_at"].to_list() == [meant]
    assert list(field.versions["sessions"]) == [meant.date().isoformat()]


def test_ids_stay_text(field: Any, make: Any) -> None:
    row = make("310-1-7", cell_id="310-1-7", unit_id=12345678901234567890123, carrier_mnc="007")
    field.drop("sessions/a.ndjson", row)
    field.run()
    found = field.lake().select("session_id", "cell_id", "unit_id", "carrier_mnc").row(0)
    assert found == ("310-1-7", "310-1-7", "12345678901234567890123", "007")


def test_aliases_flat_and_nested(field: Any) -> None:
    field.drop(
        "sessions/a.ndjson",
        {
            "session.id": "a",
            "user.id": "c",
            "started_at": "2026-01-01",
            "service": {"version": "5.2", "name": "app"},
            "device": {"model": {"identifier": "M1"}},
            "network": {"carrier": {"mcc": "310"}},
        },
    )
    (report,) = field.run()
    names = ("session_id", "customer_id", "app_version", "app_name", "device_model", "carrier_mcc")
    assert field.lake().select(names).row(0) == ("a", "c", "5.2", "app", "M1", "310")
    assert report.drift == ()


def test_a_column_and_its_alias_are_merged(field: Any) -> None:
    field.drop(
        "sessions/a.csv",
        "session_id,session.id,customer_id,started_at",
        ",a,c,2026-01-01",
        "b,x,c,2026-01-01",
    )
    field.run()
    assert field.lake()["session_id"].to_list() == ["a", "b"]


def test_a_row_may_break_several_rules(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a", mos=9, latency_ms=-1, duration_s="x"))
    (report,) = field.run()
    frame = pl.read_parquet(next((field.root / "quarantine").rglob("*.parquet")))
    assert frame["rule"].to_list() == ["not_a_number:duration_s"]
    assert frame["reason"].to_list() == [
        "duration_s is no number; latency_ms lies below 0; mos lies above 5"
    ]
    assert counts(report) == (1, 0, 0, 1)


def test_rules_of_a_feed_and_choices(field: Any) -> None:
    unit = {"unit_id": "u", "device_model": "m"}
    field.drop(
        "units/a.ndjson", unit | {"produced_at": "2026-01-02", "shipped_at": "2026-01-01"}, unit
    )
    action = {"action_id": "a", "effective_from": "2027-01-01"}
    field.drop("actions/a.ndjson", action | {"kind": "magic"}, action | {"kind": "lot_hold"})
    field.run("units", "actions")
    assert sorted(field.quarantine()) == [
        (1, "not_a_choice:kind"),
        (1, "shipped_at_before_produced_at"),
    ]


def test_the_latest_arrival_wins_within_a_batch(field: Any, make: Any) -> None:
    early = field.drop("sessions/z.ndjson", make("a", mos=1), make("a", mos=2))
    late = field.drop("sessions/b.ndjson", make("a", mos=3))
    os.utime(early, (1_000_000, 1_000_000))
    os.utime(late, (2_000_000, 2_000_000))
    (report,) = field.run()
    assert field.lake()["mos"].to_list() == [3.0]
    assert counts(report) == (3, 1, 2, 0)


def test_a_row_that_comes_again_elsewhere_leaves_its_old_day(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a", 1), make("b", 1), make("c", 3))
    field.run()
    before = field.versions["sessions"]
    field.drop("sessions/b.ndjson", make("a", 2))
    (report,) = field.run()
    assert report.days == (date(2026, 1, 1), date(2026, 1, 2))
    assert counts(report) == (1, 0, 1, 0)
    after = field.versions["sessions"]
    assert after["2026-01-03"] == before["2026-01-03"]
    assert after["2026-01-01"] != before["2026-01-01"]
    assert sorted(field.lake()["session_id"]) == ["a", "b", "c"]


def test_a_day_that_loses_its_last_row_goes(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a", 1))
    field.run()
    field.drop("sessions/b.ndjson", make("a", 2))
    field.run()
    assert list(field.versions["sessions"]) == ["2026-01-02"]
    assert not (field.root / "lake/sessions/day=2026-01-01").exists()


def test_the_same_rows_again_change_nothing(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a", mos=3), make("b", 2))
    field.run()
    before = field.versions
    part = field.root / "lake/sessions/day=2026-01-01/part.parquet"
    written = part.stat().st_mtime_ns
    field.drop("sessions/again.ndjson", make("b", 2), make("a", mos=3.0))
    (report,) = field.run()
    assert (report.days, counts(report)) == ((), (2, 0, 2, 0))
    assert (field.versions, part.stat().st_mtime_ns) == (before, written)


def test_the_same_file_again_is_passed_over(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a"))
    field.run()
    field.drop("sessions/copy/b.ndjson", make("a"))
    touched = field.root / "landing/sessions/a.ndjson"
    os.utime(touched, (1_000_000, 1_000_000))
    assert has_news(field.root, [])
    assert field.run() == []
    assert not has_news(field.root, [])
    assert pl.read_parquet(runs_files(field.root)).height == 1


def test_copies_in_one_batch_are_read_once(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a"))
    field.drop("sessions/b.ndjson", make("a"))
    (report,) = field.run()
    assert (report.files, report.rows_in) == (1, 1)
    assert not has_news(field.root, [])


def test_a_refused_file_may_return_under_a_better_name(field: Any, make: Any) -> None:
    path = field.drop("sessions/a.txt", make("a"))
    field.run()
    path.rename(path.with_suffix(".ndjson"))
    (report,) = field.run()
    assert report.kept == 1


def test_null_parts_of_a_key_are_equal(field: Any) -> None:
    part = {"unit_id": "u", "component": "modem", "component_lot": "L1"}
    field.drop("components/a.ndjson", part, part | {"supplier": "S"})
    field.run("components")
    field.drop("components/b.ndjson", part | {"supplier": "T"})
    (report,) = field.run("components")
    assert counts(report) == (1, 0, 1, 0)
    assert field.lake("components")["supplier"].to_list() == ["T"]
    assert list(field.versions["components"]) == ["all"]


def test_equal_content_gives_equal_partitions(field: Any, make: Any, tmp_path: Path) -> None:
    field.drop("sessions/a.ndjson", make("a"), make("b"))
    field.run()
    one = field.versions
    field.root = tmp_path / "other"
    field.drop("sessions/a.ndjson", make("b"))
    field.run()
    field.drop("sessions/b.ndjson", make("a"))
    field.run()
    assert field.versions == one
    assert field.lake()["session_id"].to_list() == ["a", "b"]


def test_files_may_come_in_one_batch_or_in_many(field: Any, make: Any) -> None:
    """Each file has a row of the day before, and one that stands in the file before as well."""
    for n in range(4):
        rows = [make(f"{n}-{k}", started_at=f"2026-01-0{n + 2 - (k == 0)}") for k in range(5)]
        again = [make(f"{n - 1}-3", started_at=f"2026-01-0{n + 1}", app_version="2")] if n else []
        field.drop(f"sessions/{n}.ndjson", *rows, *again)
    assert len(field.run(batch_bytes=1)) == 4
    versions, lake = dict(field.versions["sessions"]), field.lake()
    for part in (field.root / "lake").iterdir():
        shutil.rmtree(part) if part.is_dir() else part.unlink()
    assert len(field.run(batch_bytes=1 << 20)) == 1
    assert field.versions["sessions"] == versions
    assert field.lake().equals(lake)


def test_an_attribute_that_is_named_later_joins_the_lake(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a"))
    field.run()
    field.drop("sessions/b.ndjson", make("b", colour="red"))
    field.run(extra={"colour": "VARCHAR"})
    assert field.lake().select("session_id", "colour").rows() == [("a", None), ("b", "red")]
    field.drop("sessions/c.ndjson", make("c"))
    field.run()
    assert field.lake()["colour"].to_list() == [None, "red", None]


def test_a_file_that_is_being_written_is_left_alone(field: Any, make: Any) -> None:
    path = field.drop("sessions/a.ndjson", make("a"))
    field.drop("sessions/b.ndjson", make("b"))
    waits = []

    def write_on(seconds: float) -> None:
        waits.append(seconds)
        with path.open("a") as file:
            file.write("{")

    alone, taken = field.run(rest_s=5, wait=write_on, now=datetime(2020, 1, 1))
    assert waits == [5]
    assert alone.left_alone == ("landing/sessions/a.ndjson",)
    assert (taken.files, taken.rows_in) == (1, 1)
    assert has_news(field.root, [])


def test_epcis_documents_become_rows(field: Any) -> None:
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-01-05T10:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": "assembling",
        "epcList": ["https://id.gs1.org/01/09506000134352/21/S1"],
    }
    document = {"type": "EPCISDocument", "epcisBody": {"eventList": [event, {"type": "Odd"}]}}
    field.drop("production_events/a.json", document)
    field.drop("production_events/b.ndjson", event | {"bizStep": "packing"})
    (report,) = field.run("production_events")
    assert sorted(field.lake("production_events")["step"]) == ["assembling", "packing"]
    assert field.quarantine() == [(2, "epcis_event_type")]
    assert counts(report) == (3, 2, 0, 1)


def test_a_file_of_garbage_is_one_row_in_quarantine(field: Any) -> None:
    field.drop("sessions/a.ndjson", *["garbage"] * 20_000)
    (report,) = field.run()
    assert field.quarantine() == [(None, "unreadable")]
    assert counts(report) == (1, 0, 0, 1)


def test_many_bad_rows_keep_their_lines(field: Any, make: Any) -> None:
    rows = [make(f"s{i}", mos=9 if i % 2 else 3) for i in range(3_000)]
    field.drop("sessions/a.ndjson", "", *rows)
    (report,) = field.run()
    assert counts(report) == (3_000, 1_500, 0, 1_500)
    assert field.quarantine()[:2] == [(3, "out_of_range:mos"), (5, "out_of_range:mos")]


def test_files_that_are_read_at_once_keep_their_lines(field: Any, make: Any) -> None:
    bad = make("bad", mos=9)
    field.drop("sessions/a.ndjson", make("a"), bad)
    field.drop("sessions/b.ndjson", "", make("b"), " ", bad, bad)
    field.drop("sessions/c.ndjson", bad, make("c"))
    (report,) = field.run()
    frame = pl.read_parquet(next((field.root / "quarantine").rglob("*.parquet")))
    found = [(Path(file).name, line) for file, line in frame.select("file", "line").rows()]
    assert found == [("a.ndjson", 2), ("b.ndjson", 4), ("b.ndjson", 5), ("c.ndjson", 1)]
    assert counts(report) == (7, 3, 0, 4)
    assert field.lake()["session_id"].to_list() == ["a", "b", "c"]


def test_a_broken_line_spoils_none_of_the_files_beside_it(field: Any, make: Any) -> None:
    field.drop("sessions/a.ndjson", make("a"), make("x", mos=2))
    field.drop("sessions/b.ndjson", make("b"), "{broken", make("x", mos=3))
    field.drop("sessions/c.ndjson", make("c", mos=9), make("d"))
    (report,) = field.run()
    assert sorted(field.quarantine()) == [(1, "out_of_range:mos"), (2, "malformed_json")]
    assert counts(report) == (7, 4, 1, 2)
    assert field.lake()["session_id"].to_list() == ["a", "b", "d", "x"]


@pytest.mark.parametrize(
    ("more", "rules"),
    [
        ({"device_model": 'line\nfeed \\ "quoted" \x7f'}, []),
        ({"device_model": "a" * 1500, "os_version": "b" * 1500}, []),
        ({"device_model": "é" * 2000}, []),
        ({"device_model": "é" * 2001}, ["too_long:device_model"]),
        ({"device_model": "a\0b"}, ["control_character:device_model"]),
        ({"unit_id": "a\x7fb"}, ["control_character:unit_id"]),
        ({"unit_id": "a\x1fb"}, ["control_character:unit_id"]),
        ({"unit_id": 'a\\b"c é \x80'}, []),
    ],
)
def test_odd_texts(field: Any, make: Any, more: dict[str, str], rules: list[str]) -> None:
    field.drop("sessions/a.ndjson", make("a", **more))
    field.run()
    assert [rule for _, rule in field.quarantine()] == rules


def test_a_workspace_may_have_an_odd_name(field: Any, make: Any, tmp_path: Path) -> None:
    field.root = tmp_path / "it's [1] a=b * ?"
    field.drop("sessions/a.ndjson", make("a"))
    field.run()
    field.drop("sessions/b.csv", "session_id,customer_id,started_at", "b,c,2026-01-01")
    field.run()
    assert field.lake()["session_id"].to_list() == ["a", "b"]
