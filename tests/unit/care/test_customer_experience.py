from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cx_analytics.care import ExperienceIndex, customer_experience
from cx_analytics.care.reasons import REASONS, reason_weights
from cx_analytics.contracts.attributes import Domain
from cx_analytics.contracts.tables import CUSTOMER_EXPERIENCE

DOMAIN_OF: dict[str, Domain] = {
    "app_version": "app",
    "device_model": "device",
    "lot": "device",
    "cell_id": "network",
}
CAUSES = pl.DataFrame(
    {
        "cause_id": ["app", "lot", "mixed", "own", "odd"],
        "kind": ["shared", "shared", "shared", "individual", "shared"],
        "conditions": [
            {"app_version": "5"},
            {"lot": "L1"},
            {"app_version": "5", "device_model": "X", "lot": "L1"},
            {"customer_id": "c1", "cell_id": "7"},
            {"unheard_of": "x"},
        ],
    },
    schema_overrides={"conditions": pl.Map(pl.String(), pl.String())},
)
TODAY = date(2026, 1, 20)
Row = tuple[str, date, int, int, float]


def days(*rows: Row) -> pl.DataFrame:
    """Customer days (customer, day, sessions, faults, lost); each fault lost the same."""
    return pl.DataFrame(
        [(*row, row[4] ** 2 / max(row[3], 1)) for row in rows],
        schema={
            "customer_id": pl.String,
            "day": pl.Date,
            "sessions": pl.Int64,
            "faults": pl.Int64,
            "lost": pl.Float64,
            "lost_squares": pl.Float64,
        },
        orient="row",
    )


def losses(*rows: tuple[str, date, str, float]) -> pl.DataFrame:
    """Losses (customer, day, cause, lost)."""
    schema = {"customer_id": pl.String, "day": pl.Date, "cause_id": pl.String, "lost": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def peers(n: int = 400) -> list[Row]:
    """Customers with a session a day, one in fifty of them faulty."""
    return [(f"p{i}", TODAY, 1, int(i % 50 == 0), 80.0 * (i % 50 == 0)) for i in range(n)]


def scored(customer_days: pl.DataFrame, customer_causes: pl.DataFrame) -> pl.DataFrame:
    return customer_experience(TODAY, customer_days, customer_causes, CAUSES, DOMAIN_OF)


def only(frame: pl.DataFrame, customer: str) -> dict[str, Any]:
    return frame.row(by_predicate=pl.col("customer_id") == customer, named=True)


def assert_reasons_add_up(frame: pl.DataFrame) -> None:
    lost = pl.sum_horizontal(f"lost_to_{reason}" for reason in REASONS)
    assert frame.select((100 - pl.col("score") - lost).abs().max()).item() < 1e-9
    assert frame.select(pl.min_horizontal("^lost_to_.*$").min()).item() >= 0


def test_reason_weights_of_each_kind_of_cause() -> None:
    expected = [
        ("app", "app", 1.0),
        ("lot", "device", 1.0),
        ("mixed", "app", 0.5),
        ("mixed", "device", 0.5),
        ("own", "individual", 1.0),
        ("odd", "background", 1.0),
    ]
    assert reason_weights(CAUSES, DOMAIN_OF).rows() == expected


def test_one_bad_session_is_neither_0_nor_100_and_its_interval_is_wide() -> None:
    found = scored(days(*peers(), ("c1", TODAY, 1, 1, 100.0)), losses(("c1", TODAY, "app", 100.0)))
    bad = only(found, "c1")
    assert bad["score"] == pytest.approx(65.3, abs=1)
    assert bad["score_low"] < 35
    assert bad["score_high"] > 90
    assert bad["top_cause_id"] == "app"
    assert bad["lost_to_app"] == pytest.approx(33.3, abs=0.5)


def test_many_sessions_are_believed() -> None:
    found = scored(
        days(*peers(), ("c1", TODAY, 98, 49, 49 * 80.0)), losses(("c1", TODAY, "lot", 49 * 80.0))
    )
    bad = only(found, "c1")
    assert bad["score"] == pytest.approx(100 - 40 * 0.98, abs=1)
    assert bad["score_high"] - bad["score_low"] < 20


def test_shares_background_and_slow_sessions() -> None:
    found = scored(
        days(("c1", TODAY, 10, 2, 170.0), ("c2", TODAY, 5, 0, 0.0)),
        losses(
            ("c1", TODAY, "mixed", 60.0),
            ("c1", TODAY, "background", 40.0),
            ("c1", TODAY, "forgotten", 60.0),
        ),
    )
    row = only(found, "c1")
    assert row["lost_to_app"] == row["lost_to_device"]
    assert row["lost_to_background"] > row["lost_to_app"]
    assert (row["lost_to_network"], row["lost_to_individual"]) == (0, 0)
    assert row["top_cause_id"] == "background"
    assert only(found, "c2")["top_cause_id"] is None
    assert_reasons_add_up(found)


def test_the_own_past_is_remembered_and_the_future_unknown() -> None:
    past, future = date(2026, 1, 19), date(2026, 1, 21)
    history = [("c1", past, 50, 25, 2000.0), ("c2", past, 50, 0, 0.0)]
    today = [("c1", TODAY, 1, 0, 0.0), ("c2", TODAY, 1, 0, 0.0)]
    causes = losses(("c1", past, "lot", 2000.0), ("c2", future, "lot", 80.0))
    found = scored(days(*peers(), *history, *today), causes)
    assert only(found, "c1")["score"] < only(found, "c2")["score"]
    assert only(found, "c1")["lost_to_device"] > 3
    more = scored(days(*peers(), *history, *today, ("c1", future, 9, 9, 720.0)), causes)
    assert_frame_equal(found, more)


def test_no_sessions_no_rows() -> None:
    found = scored(days(), losses())
    assert (found.height, tuple(found.columns)) == (0, CUSTOMER_EXPERIENCE.names)


CUSTOMER_DAYS = st.lists(
    st.tuples(
        st.sampled_from(["c1", "c2", "c3", "c4"]),
        st.sampled_from([date(2026, 1, 18), TODAY]),
        st.integers(1, 50),
        st.lists(st.tuples(st.sampled_from(["app", "mixed", "own", "odd"]), st.floats(0, 100))),
    ),
    unique_by=lambda row: row[:2],
)


@settings(deadline=None, max_examples=40)
@given(CUSTOMER_DAYS)
def test_laws(
    drawn: list[tuple[str, date, int, list[tuple[str, float]]]],
) -> None:
    """Reasons add up, intervals hold the score, no row is lost, the order changes nothing."""
    rows = [
        (customer, day, max(sessions, len(lost)), len(lost), sum(points for _, points in lost))
        for customer, day, sessions, lost in drawn
    ]
    shares = [
        (customer, day, cause, points) for customer, day, _, lost in drawn for cause, points in lost
    ]
    found = scored(days(*rows), losses(*shares))
    assert found["customer_id"].to_list() == sorted(row[0] for row in rows if row[1] == TODAY)
    if found.height:
        assert_reasons_add_up(found)
    assert found.filter(~pl.col("score").is_between("score_low", "score_high")).height == 0
    assert_frame_equal(found, scored(days(*rows[::-1]), losses(*shares)))


def test_a_window_that_moved_is_the_one_made_anew() -> None:
    rng = np.random.default_rng(5)
    dates = [TODAY - timedelta(days=n) for n in reversed(range(9))]
    rows = [
        (f"c{who}", day, 3, 1, round(float(rng.uniform(0, 100)), 13))
        for day in dates
        for who in rng.choice(40, 15, replace=False)
    ]
    lost = losses(*((who, day, "mixed", points / 3) for who, day, *_, points in rows[::2]))
    table = days(*rows)
    moved = ExperienceIndex(
        days=dates,
        customer_days=lambda day: table.filter(pl.col("day") == day),
        customer_causes=lost,
        causes=CAUSES,
        domain_of=DOMAIN_OF,
        window_days=4,
    )
    for day in (*dates, dates[2]):
        anew = customer_experience(day, table, lost, CAUSES, DOMAIN_OF, window_days=4)
        assert_frame_equal(moved.of(day), anew, check_exact=True)
