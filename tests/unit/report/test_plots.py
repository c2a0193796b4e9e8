"""Pictures hold what the frame says, and come out as real SVG and PNG."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from cx_analytics import report

FAULTS = pl.DataFrame(
    {
        "day": [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2)],
        "cause": ["modem_lot=L1", "background", "modem_lot=L1"],
        "faults": [3.0, 1.0, 2.0],
    }
)
CAUSES = pl.DataFrame(
    {
        "label": ["weak", "strong", "unknown"],
        "domain": ["app", "device", "app"],
        "rate_ratio": [1.5, 4.0, None],
        "rate_ratio_low": [None, 3.0, None],
        "rate_ratio_high": [2.0, float("inf"), None],
        "excess_faults": [1.0, 9.0, 5.0],
    }
)
EXPERIENCE = pl.DataFrame(
    {
        "day": [date(2026, 1, 1), date(2026, 1, 2)],
        "score": [80.0, 70.0],
        "low": [75.0, None],
        "high": [85.0, None],
        "lost_to_device": [12.0, 10.0],
        "lost_to_app": [0.0, 8.0],
        "lost_to_network": [0.0, 0.0],
        "lost_to_individual": [0.0, 2.0],
        "lost_to_background": [8.0, 10.0],
    }
)
PICTURES = {
    "faults": report.faults_by_day(FAULTS),
    "forest": report.causes_forest(CAUSES),
    "experience": report.experience_over_time(EXPERIENCE),
}


def test_faults_are_stacked_by_cause_the_largest_at_the_bottom() -> None:
    spec = PICTURES["faults"]
    assert spec["encoding"]["color"]["scale"] == {
        "domain": ["modem_lot=L1", "background"],
        "range": ["#0072b2", "#c6ccd3"],
    }
    assert spec["data"]["values"] == [
        {"day": "2026-01-01", "cause": "background", "faults": 1.0, "position": 1},
        {"day": "2026-01-01", "cause": "modem_lot=L1", "faults": 3.0, "position": 0},
        {"day": "2026-01-02", "cause": "modem_lot=L1", "faults": 2.0, "position": 0},
    ]


def test_small_causes_are_drawn_together_and_lose_no_fault() -> None:
    many = pl.DataFrame(
        {
            "day": [date(2026, 1, 1)] * 12,
            "cause": [f"lot={number:02}" for number in range(12)],
            "faults": [float(12 - number) for number in range(12)],
        }
    )
    values = report.faults_by_day(many)["data"]["values"]
    assert len(values) == 9
    assert {row["cause"]: row["faults"] for row in values}["other causes"] == 10.0
    assert sum(row["faults"] for row in values) == 78.0


def test_forest_shows_the_largest_excess_first_and_only_what_has_a_ratio() -> None:
    assert PICTURES["forest"]["data"]["values"] == [
        {
            "cause": "strong",
            "domain": "device",
            "rate_ratio": 4.0,
            "rate_ratio_low": 3.0,
            "rate_ratio_high": 4.0,
        },
        {
            "cause": "weak",
            "domain": "app",
            "rate_ratio": 1.5,
            "rate_ratio_low": 1.5,
            "rate_ratio_high": 2.0,
        },
    ]


def test_experience_shows_its_movement_and_loses_no_point() -> None:
    index, lost = PICTURES["experience"]["vconcat"]
    assert index["layer"][1]["encoding"]["y"]["scale"]["domain"] == [70, 100]
    assert index["layer"][1]["encoding"]["y"]["title"] == "index, 70 to 100"
    assert lost["data"]["values"][0] == {
        "day": "2026-01-01",
        "reason": "device",
        "points": 12.0,
        "position": 0,
    }
    assert sum(row["points"] for row in lost["data"]["values"]) == 20.0 + 30.0


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_svg_with_text_and_png(name: str) -> None:
    spec = PICTURES[name]
    drawn = report.svg(spec).decode()
    assert drawn.startswith("<svg")
    assert spec["title"]["text"] in drawn
    assert report.png(spec, scale=1).startswith(b"\x89PNG")


def test_every_cause_is_drawn_and_markup_in_a_label_stays_text() -> None:
    frame = FAULTS.with_columns(pl.col("cause").replace("modem_lot=L1", "<script>x</script>"))
    drawn = report.svg(report.faults_by_day(frame)).decode()
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


@pytest.mark.parametrize(
    "spec",
    [
        report.faults_by_day(FAULTS.head(0)),
        report.causes_forest(CAUSES.head(0)),
        report.experience_over_time(EXPERIENCE.head(0)),
    ],
)
def test_nothing_to_show_is_an_empty_picture(spec: dict[str, object]) -> None:
    assert report.svg(spec).startswith(b"<svg")


def test_data_uri_knows_its_kind() -> None:
    assert report.data_uri(b"\x89PNG\r\n") == "data:image/png;base64,iVBORw0K"


DAYS = pl.DataFrame(
    {
        "day": [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 2)],
        "suspect": [True, False, True],
        "sessions": [100, 1000, 0],
        "faults": [5, 10, 0],
    }
)
SISTERS = pl.DataFrame(
    {
        "attribute": ["modem_lot"] * 3,
        "value": ["M1", "M7", "M2"],
        "suspect": [False, True, False],
        "sessions": [1000, 100, 0],
        "faults": [0, 20, 0],
    }
)


def test_a_defect_by_day_shows_rates_of_used_days() -> None:
    assert report.defect_by_day(DAYS)["data"]["values"] == [
        {"day": "2026-01-01", "group": "suspect", "rate": 50.0},
        {"day": "2026-01-01", "group": "sisters", "rate": 10.0},
    ]


def test_sisters_have_exact_intervals_and_the_suspect_comes_first() -> None:
    suspect, sister = report.sister_rates(SISTERS)["data"]["values"]
    assert (suspect["name"], suspect["group"], suspect["rate"]) == ("M7", "suspect", 200.0)
    assert (round(suspect["low"], 1), round(suspect["high"], 1)) == (132.5, 290.6)
    assert (sister["name"], sister["low"], round(sister["high"], 2)) == ("M1", 0.0, 3.0)
    assert b"M7" in report.svg(report.sister_rates(SISTERS))
