"""The page says what the frames say, escapes every value and asks nobody for anything."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.tables import CAUSES, DATA_LIMITS, DEFECTS
from cx_analytics.engine.frames import conform
from cx_analytics.exchange import read_numbers
from cx_analytics.report import Picture, summary_page

INTAKE = pl.DataFrame(
    {
        "feed": ["sessions", "units"],
        "rows_in": [1000, 200],
        "kept": [900, 200],
        "duplicates": [90, 0],
        "quarantined": [10, 0],
    }
)
CAUSE: dict[str, Any] = {
    "cause_id": "C1",
    "kind": "shared",
    "domain": "app",
    "label": "app_version=<b>5</b>",
    "valid_from": datetime(2026, 1, 2, 5),
    "first_reported_on": date(2026, 1, 3),
    "faults": 40,
    "excess_faults": 30.4,
    "excess_low": 25.0,
    "excess_high": 36.0,
    "rate_ratio": 4.0,
    "probability": 0.97,
    "status": "new",
}


def page(*causes: dict[str, Any], **more: Any) -> str:
    return summary_page(
        name="A & B",
        as_of=date(2026, 1, 28),
        intake=INTAKE,
        causes=conform(pl.DataFrame(causes) if causes else None, CAUSES),
        defects=conform(more.pop("defects", None), DEFECTS),
        **more,
    )


def test_it_tells_rows_causes_and_defects() -> None:
    defects = pl.DataFrame(
        {"defect_id": ["D1"], "lot": ["L<1"], "units_in_field": [1500], "units_failed": [80]}
    )
    text = page(CAUSE, defects=defects)
    assert "<b>1\u202f200</b>rows in" in text
    assert "<b>10</b>quarantined" in text
    assert "app_version=&lt;b&gt;5&lt;/b&gt;" in text
    assert "since 2026-01-02 05:00" in text
    assert "new, confirmed" in text
    assert "30.4 (25 to 36)" in text
    assert "lot L&lt;1" in text
    assert "<title>A &amp; B</title>" in text


def test_individual_causes_are_counted_and_not_named() -> None:
    one = CAUSE | {"kind": "individual", "label": "customer_id=U77"}
    text = page(CAUSE, one)
    assert "U77" not in text
    assert "And 1 of one customer or unit" in text


def test_a_good_day_says_so_in_one_line() -> None:
    assert "No cause found: nothing to act on." in page()


def limits(count: int) -> pl.DataFrame:
    rows = {
        "rank": list(range(count, 0, -1)),
        "statement": [f"limit <{n}>" for n in range(count, 0, -1)],
    }
    return conform(pl.DataFrame(rows), DATA_LIMITS)


def test_it_says_what_the_data_cannot_say_the_worst_first_and_not_at_length() -> None:
    text = page(CAUSE, limits=limits(8))
    assert '<h2>What these data cannot say</h2><ul class="lines"><li>limit &lt;1&gt;</li>' in text
    assert "limit &lt;6&gt;" in text
    assert "limit &lt;7&gt;" not in text
    assert "And 2 more: see data_limits." in text
    assert "more: see data_limits" not in page(CAUSE, limits=limits(6))


def test_data_that_can_say_it_all_have_no_such_section() -> None:
    assert "cannot say" not in page(CAUSE)
    assert "cannot say" not in page(CAUSE, limits=conform(None, DATA_LIMITS))


def test_it_holds_its_pictures_and_asks_nobody() -> None:
    picture = Picture('faults "by" day', b"<svg/>", b"<svg />")
    text = page(CAUSE, pictures=[picture], links={"Quality": "quality/index.html"})
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+" alt="faults &quot;by&quot; day"' in text
    assert '<a href="quality/index.html">Quality</a>' in text
    for outside in ("http://", "https://", "<script", "<link", "@import", "url("):
        assert outside not in text


def test_before_the_first_run_there_is_a_page_too() -> None:
    text = summary_page(
        name="new",
        as_of=None,
        intake=INTAKE.head(0),
        causes=conform(None, CAUSES),
        defects=conform(None, DEFECTS),
    )
    assert "Nothing processed yet" in text
    assert "<b>0</b>rows in" in text


def test_every_number_of_its_tables_carries_its_query() -> None:
    cause = CAUSE | {"evidence_sql": "SELECT 40 AS faults WHERE '<' = '<'"}
    hidden = cause | {"kind": "individual", "cause_id": "U77"}
    defects = pl.DataFrame({"defect_id": ["D'1"], "units_in_field": [1500], "units_failed": [80]})
    told = {
        one.metric_id: one for one in read_numbers(page(cause, hidden, defects=defects), "page")
    }
    assert not [name for name in told if "U77" in name]
    assert len(told) == 2 * 4 + 7 + 5
    assert told["intake.sessions.kept"].value == 900
    assert told["cause.C1.faults"].sql == (
        "SELECT faults AS value FROM (SELECT 40 AS faults WHERE '<' = '<') AS counted"
    )
    assert (told["cause.C1.excess_low"].value, told["cause.C1.rate_ratio_low"].value) == (25, None)
    assert told["defect.D'1.units_failed"].sql == (
        "SELECT units_failed AS value FROM defects WHERE defect_id = 'D''1'"
    )
    assert {one.snapshot for one in told.values()} == {"2026-01-28"}
