"""Each kind of expectation passes on good data and fails on bad data, on the right day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from cx_analytics import quality
from cx_analytics.contracts.errors import CheckFailed
from cx_analytics.contracts.feeds import FEEDS
from cx_analytics.contracts.model import Column, Feed, Rule
from cx_analytics.contracts.tables import TABLES
from cx_analytics.engine.frames import conform
from cx_analytics.engine.models import load
from cx_analytics.quality.suites import BETWEEN, NOT_LIKE, Expectation, Suite

TRIPS = Feed(
    name="trips",
    stage="ingest",
    meaning="One trip.",
    grain="trip_id",
    key=("trip_id",),
    day="began",
    event_time="began",
    columns=(
        Column("trip_id", "VARCHAR", "Identity", required=True),
        Column("began", "TIMESTAMP", "When", "UTC", required=True),
        Column("ended", "TIMESTAMP", "Until when", "UTC"),
        Column("share", "DOUBLE", "A share", low=0, high=1),
        Column("kind", "VARCHAR", "Kind", choices=("long", "it's short")),
        Column("model", "VARCHAR", "Model"),
    ),
    rules=(Rule("ended_before_began", "ended < began", "ended lies before began"),),
)
GOOD = {"share": 0.5, "kind": "long", "model": "X"}


def trips(*changes: dict[str, Any], days: int = 5, per_day: int = 10) -> pl.DataFrame:
    """Good trips on consecutive days; each change replaces values of the next trip of day 5."""
    rows = []
    for number in range(days * per_day):
        day, place = divmod(number, per_day)
        at = datetime(2026, 1, 1 + day, 12)
        row = {"trip_id": f"T{number}", "began": at, "ended": at + timedelta(hours=1), **GOOD}
        if day == days - 1 and place < len(changes):
            row |= changes[place]
        rows.append(row)
    return conform(pl.DataFrame(rows), TRIPS)


def run(sql: str, **relations: pl.DataFrame) -> pl.DataFrame:
    with duckdb.connect() as connection:
        for name, frame in relations.items():
            connection.register(name, frame.to_arrow())
        return connection.sql(sql).pl()


def verdicts(frame: pl.DataFrame, *, sample: bool = False) -> dict[str, quality.CheckResult]:
    aggregates = run(quality.aggregate_sql(TRIPS), trips=frame)
    rows = run(quality.sample_sql(TRIPS, 1000, 7), trips=frame) if sample else None
    results = quality.validate(quality.suite(TRIPS), aggregates, rows)
    return {result.name: result for result in results}


def test_good_data_break_nothing() -> None:
    found = verdicts(trips(), sample=True)
    assert {name for name, result in found.items() if not result.passed} == set()
    assert sorted(found) == [
        "began_required",
        "ended_before_began",
        "key_unique",
        "kind_choices",
        "model_trimmed",
        "null_rise_kind",
        "null_rise_model",
        "numbers_finite",
        "share_high",
        "share_low",
        "trip_id_no_float",
        "trip_id_required",
        "trip_id_trimmed",
        "volume",
    ]


@pytest.mark.parametrize(
    ("changes", "name", "severity", "observed"),
    [
        ([{"trip_id": "T0"}], "key_unique", "block", "2026-01-05: 1"),
        ([{"trip_id": None}], "trip_id_required", "block", "2026-01-05: 1"),
        ([{"share": -0.01}], "share_low", "block", "2026-01-05: -0.01"),
        ([{"share": 1.5}], "share_high", "block", "2026-01-05: 1.5"),
        ([{"share": float("nan")}], "numbers_finite", "block", "2026-01-05: 1"),
        ([{"kind": "short"}], "kind_choices", "block", "2026-01-05: 1"),
        ([{"ended": datetime(2020, 1, 1)}], "ended_before_began", "block", "2026-01-05: 1"),
        ([{"model": None}] * 3, "null_rise_model", "warn", "2026-01-05: 0.3"),
    ],
)
def test_bad_rows_fail_on_their_day(
    changes: list[dict[str, Any]], name: str, severity: str, observed: str
) -> None:
    result = verdicts(trips(*changes))[name]
    assert (result.passed, result.severity, result.observed) == (False, severity, observed)
    assert result.failing == ("2026-01-05",)


def test_a_missing_time_has_a_row_of_its_own() -> None:
    result = verdicts(trips({"began": None}))["began_required"]
    assert (result.passed, result.failing) == (False, ("none",))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ([{"model": " X"}], "model_trimmed"),
        ([{"model": ""}], "model_trimmed"),
        ([{"trip_id": "31026.0"}], "trip_id_no_float"),
        ([{"trip_id": "3.1e+10"}], "trip_id_no_float"),
    ],
)
def test_bad_texts_warn_on_the_sample_without_telling_values(
    changes: list[dict[str, Any]], name: str
) -> None:
    result = verdicts(trips(*changes), sample=True)[name]
    assert (result.passed, result.severity, result.failing) == (False, "warn", ())
    assert result.observed == "1 of 50 sampled rows"


def test_volume_compares_a_day_with_the_others() -> None:
    frame = trips().filter((pl.col("began") < datetime(2026, 1, 5)) | (pl.col("trip_id") == "T40"))
    result = verdicts(frame)["volume"]
    assert (result.severity, result.observed) == ("warn", "2026-01-05: 0.1")


def test_a_day_without_a_row_is_a_day_without_rows() -> None:
    aggregates = run(quality.aggregate_sql(TRIPS), trips=trips())
    results = quality.validate(quality.suite(TRIPS), aggregates, days=[date(2026, 1, 9)])
    assert [r.observed for r in results if not r.passed] == ["2026-01-09: 0"]


def test_only_the_asked_days_are_judged() -> None:
    aggregates = run(quality.aggregate_sql(TRIPS), trips=trips({"share": 2.0}))
    results = quality.validate(quality.suite(TRIPS), aggregates, days=[date(2026, 1, 4)])
    assert all(result.passed for result in results)


def test_intake_blocks_on_lost_rows_and_warns_on_many_rejected() -> None:
    columns = ("batch", "feed", "rows_in", "kept", "duplicates", "quarantined", "drift")
    rows = [
        ("B1", "units", 100, 90, 5, 5, "[]"),
        ("B2", "units", 100, 90, 5, 4, None),
        ("B3", "units", 100, 90, None, 10, '["colour"]'),
        ("B4", "units", 0, 0, 0, 0, "[]"),
    ]
    runs = pl.DataFrame(rows, schema=columns, orient="row")
    results = quality.validate(quality.INTAKE, run(load("quality/intake").sql, runs=runs))
    assert {r.name: (r.severity, r.observed) for r in results} == {
        "rows_accounted": ("block", "B2 units: 1"),
        "quarantine_share": ("warn", "B3 units: 0.1"),
        "no_drift": ("warn", "B3 units: 1"),
    }


@pytest.mark.parametrize(("share", "passed"), [(0.7, True), (0.69, False), (None, False)])
def test_shares_add_up(share: float | None, passed: bool) -> None:
    shares = pl.DataFrame({"session_id": ["S1", "S1", "S2"], "share": [0.3, share, 1.0]})
    aggregates = run(load("quality/shares").sql, fault_causes=shares)
    (result,) = quality.validate(quality.SHARES, aggregates)
    assert (result.passed, result.severity) == (passed, "block")


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, []),
        ({"score": 71.0}, ["reasons_add_up"]),
        ({"sessions": 0}, ["faults_within_sessions", "sessions_counted"]),
        ({"sessions": 2}, ["sessions_counted"]),
        ({"faults": 0}, ["faults_counted"]),
        ({"score_low": 75.0}, ["score_within_interval"]),
    ],
)
def test_indices_hold_all_sessions_and_reasons_add_up(
    changed: dict[str, float], broken: list[str]
) -> None:
    row = {"sessions": 3, "faults": 1, "score": 70.0, "score_low": 60.0, "score_high": 80.0}
    index = pl.DataFrame(
        {
            "day": [date(2026, 1, 1)],
            **{name: [value] for name, value in (row | changed).items()},
            "lost_to_device": [10.0],
            "lost_to_app": [10.0],
            "lost_to_network": [5.0],
            "lost_to_individual": [None],
            "lost_to_background": [5.0],
        }
    ).cast({"lost_to_individual": pl.Float64})
    sessions = pl.DataFrame(
        {"started_at": [datetime(2026, 1, 1, 9)] * 3, "faulty": [True, False, False]}
    )
    aggregates = run(load("quality/reasons").sql, customer_experience=index, sessions=sessions)
    results = quality.validate(quality.REASONS, aggregates)
    assert [r.name for r in results if not r.passed] == broken
    assert all(r.failing in ((), ("2026-01-01",)) for r in results)


def test_a_broken_check_raises_and_does_not_look_like_bad_data() -> None:
    broken = Suite("s", "", (Expectation("x", BETWEEN, "absent", "block", "", {"max_value": 0}),))
    frame = pl.DataFrame({"partition": ["all"], "rows": [1]})
    with pytest.raises(RuntimeError, match=r"the check s\.x itself is broken"):
        quality.validate(broken, frame)


def test_enforce_raises_on_what_blocks_only() -> None:
    warns = quality.CheckResult("a", False, "warn", ("d",), "d: 1", "A")
    blocks = quality.CheckResult("b", False, "block", ("d",), "d: 2", "B")
    quality.enforce([warns], "t")
    with pytest.raises(CheckFailed, match=r"t: the data break 1 rules: B \(d: 2\)"):
        quality.enforce([warns, blocks], "t")
    assert quality.failed([warns, blocks], "warn") == (warns,)


def test_as_present_narrows_and_widens_a_contract() -> None:
    columns = {
        "trip_id": "VARCHAR",
        "began": "TIMESTAMP",
        "modem_lot": "VARCHAR",
        "_file": "VARCHAR",
    }
    assert quality.as_present(TRIPS, columns).names == ("trip_id", "began", "modem_lot")
    with pytest.raises(CheckFailed, match="required columns are missing: trip_id"):
        quality.as_present(TRIPS, {"began": "TIMESTAMP"})


def test_the_sample_is_the_same_whatever_the_order_and_the_threads() -> None:
    sql = quality.sample_sql(TRIPS, 5, 3)
    one = run(sql, trips=trips())
    assert run(sql, trips=trips().reverse()).equals(one)
    assert not run(quality.sample_sql(TRIPS, 5, 4), trips=trips()).equals(one)


@pytest.mark.parametrize("table", [*FEEDS.values(), *TABLES.values()], ids=lambda t: t.name)
def test_every_contract_has_aggregates_for_its_suite(table: Any) -> None:
    aggregates = run(quality.aggregate_sql(table), **{table.name: conform(None, table)})
    made = {"volume_ratio", *(c for c in aggregates.columns if c.startswith("nulls_"))}
    suite = quality.suite(table)
    wanted = {one.column.replace("null_rise_", "nulls_") for one in suite.of("aggregates")}
    assert wanted - made <= set(aggregates.columns)
    names = [one.name for one in suite.expectations]
    assert len(set(names)) == len(names)
    assert {one.kind for one in suite.expectations} <= {BETWEEN, NOT_LIKE}


def test_pages_ask_for_nothing_and_stay_the_same(tmp_path: Path) -> None:
    frame = trips({"model": " secret-value"}, {"share": 2.0})
    aggregates = run(quality.aggregate_sql(TRIPS), trips=frame)
    sample = run(quality.sample_sql(TRIPS, 1000, 7), trips=frame)
    pages = []
    for _ in range(2):
        quality.validate(quality.suite(TRIPS), aggregates, sample, docs=tmp_path)
        pages.append({path.name: path.read_text() for path in tmp_path.iterdir()})
    assert pages[0] == pages[1]
    assert sorted(pages[0]) == ["index.html", "summary.json", "trips.html"]
    page = pages[0]["trips.html"]
    assert "share is at most 1" in page
    assert "secret-value" not in page
    for text in pages[0].values():
        assert "http://" not in text
        assert "https://" not in text
        assert "<script" not in text
