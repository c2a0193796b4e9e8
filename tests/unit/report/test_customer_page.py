"""The page of a customer: it escapes, adds up, bears what is missing, and asks nobody."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import pytest

from cx_analytics.report.customer_page import CustomerView, TextTable, add_up, customer_page
from cx_analytics.report.customer_plots import Fault, Span, fault_lanes, score_chart

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 4)
STANDING: dict[str, Any] = {
    "first_day": FIRST,
    "last_day": LAST,
    "score": 93.7,
    "sessions": 58,
    "faults": 2,
    "lost_to_device": 2.44,
    "lost_to_app": 1.04,
    "lost_to_network": 0.33,
    "lost_to_individual": 0.04,
    "lost_to_background": 2.45,
}
DAY: dict[str, Any] = {"day": FIRST, "score": 80.0, "score_low": 60.0, "score_high": 95.0}
EVIL = '<img src=x onerror="alert(1)">'


def view(**more: Any) -> CustomerView:
    return CustomerView(**({"customer_id": "C1", "product": "P", "standing": STANDING} | more))


def fault(day: int, cause: str, kind: str = "shared") -> Fault:
    return Fault(datetime(2026, 1, day, 12), cause, kind, f"{cause}!")


def shown_losses(page: str) -> list[str]:
    return re.findall(r"<b>([\d.]+)</b>", page.partition("What the score was lost to")[2])


def test_what_was_lost_adds_up_to_what_is_missing_of_100() -> None:
    page = customer_page(view())
    assert shown_losses(page) == ["2.4", "1.1", "0.3", "0.0", "2.5"]
    assert "In all 6.3 = 100 − 93.7." in page
    assert sum(map(float, shown_losses(page))) == pytest.approx(6.3)


@pytest.mark.parametrize(
    ("parts", "total", "tenths"),
    [([], 0.0, []), ([0.0, 0.0], 0.0, [0, 0]), ([33.33, 33.33, 33.34], 100.0, [333, 333, 334])],
)
def test_adding_up(parts: list[float], total: float, tenths: list[int]) -> None:
    assert add_up(parts, total) == tenths


def test_every_value_is_escaped() -> None:
    page = customer_page(
        view(
            customer_id=EVIL,
            product=EVIL,
            calibration=EVIL,
            alerts=[f"{EVIL}: {EVIL}"],
            answer=[f"{EVIL}: {EVIL}"],
            faults=[Fault(datetime(2026, 1, 1), EVIL, "shared", EVIL)],
            causes=TextTable([EVIL], [[EVIL]]),
            last_faults=TextTable([EVIL], [[EVIL]]),
        )
    )
    assert "<img" not in page
    assert page.count("&lt;img src=x onerror=&quot;") >= 12


def test_it_asks_nobody() -> None:
    page = customer_page(view(days=[DAY], faults=[fault(1, "lot L1")]))
    assert "default-src 'none'" in page
    for outside in ("http://", "https://", "<script", "<link", "<img", "@import", "url("):
        assert outside not in page


def test_the_answer_stands_under_its_subject() -> None:
    page = customer_page(view(alerts=["Again after a fix: no."], answer=["Do: wait: a day."]))
    assert "<dt>Do</dt><dd>Wait: a day.</dd>" in page
    assert page.index("<b>Again after a fix:</b> no.") < page.index("<dt>Do</dt>")


def test_a_customer_without_faults_and_without_losses() -> None:
    nothing = {name: None for name in STANDING if name.startswith("lost_to_")}
    page = customer_page(view(standing=STANDING | nothing | {"score": 100.0, "faults": 0}))
    assert "There was no fault." in page
    assert "by main cause" not in page
    assert "Last faults" not in page
    assert shown_losses(page) == ["0.0"] * 5


def test_a_page_says_how_many_faults_it_draws() -> None:
    page = customer_page(view(standing=STANDING | {"faults": 1200}, faults=[fault(1, "lot L1")]))
    assert "The last 1 of 1\u202f200 faults by main cause" in page


def test_only_days_in_a_row_are_joined_and_an_unknown_interval_is_not_drawn() -> None:
    days = [DAY | {"day": date(2026, 1, at)} for at in (1, 2, 4)]
    chart = score_chart([*days[:2], days[2] | {"score_low": None}], Span(FIRST, LAST))
    assert re.findall(r'points="([^"]+)"', chart) == ["12.50,20.00 37.50,20.00"]
    assert chart.count('class="band"') == 2
    assert 'style="left:87.50%;top:20.00%" title="2026-01-04: 80"' in chart


def test_shared_causes_have_colours_and_all_others_are_grey() -> None:
    faults = [
        *(fault(day, "lot L1") for day in (1, 2)),
        fault(3, "app 5"),
        fault(3, "customer id C1", "individual"),
        fault(4, "not explained", "background"),
    ]
    lanes = fault_lanes(faults, Span(FIRST, LAST))
    marks = re.findall(r'class="chip (\w+)"></span>([\w ]+?) <span', lanes)
    assert marks == [
        ("c0", "lot L1"),
        ("c1", "app 5"),
        ("own", "customer id C1"),
        ("none", "not explained"),
    ]
    assert 'class="dot c0" style="left:12.50%"' in lanes


def test_a_date_never_sticks_out() -> None:
    lanes = fault_lanes([fault(1, "lot L1")], Span(FIRST, date(2026, 1, 31)))
    places = [float(place) for place in re.findall(r"left:([\d.]+)%\">\d\d", lanes)]
    assert max(places) < 94
    assert re.findall(r'class="late" style="left:([\d.]+)', lanes) == []


def test_one_fault_is_no_faults() -> None:
    page = customer_page(view(standing=STANDING | {"faults": 1}))
    assert ">fault<" in page
    assert ">sessions<" in page
