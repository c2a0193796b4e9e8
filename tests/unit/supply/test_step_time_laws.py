"""Laws of step_times on chance logs: whatever the log, work and wait add up to the lead time."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_analytics.contracts.tables.supply import WAIT_PARTS
from cx_analytics.engine.models import load
from cx_analytics.supply import STAGES, CalendarRule, no_given_hours

PARTS = tuple(f"{cause}_s" for cause, _ in WAIT_PARTS)
START = datetime(2026, 3, 2)
EVENT = st.tuples(
    st.sampled_from("ABC"),
    st.sampled_from(["cut", "bake", "check"]),
    st.sampled_from(["R1", "R2", None]),
    st.integers(0, 400),
    st.integers(0, 60),
    st.sampled_from(["P", "Q", None]),
)


def step_times(
    events: list[tuple[str, str, str | None, int, int, str | None]],
) -> pl.DataFrame:
    rule = CalendarRule(minimum_hours=5)
    frame = pl.DataFrame(
        [
            (
                case,
                step,
                resource,
                START + timedelta(hours=at),
                START + timedelta(hours=at + work),
                made,
            )
            for case, step, resource, at, work, made in events
        ],
        schema={
            "case_id": pl.String(),
            "step": pl.String(),
            "resource": pl.String(),
            "started_at": pl.Datetime("us"),
            "ended_at": pl.Datetime("us"),
            "product": pl.String(),
        },
        orient="row",
    ).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in ("line", "unit_id", "lot", "event_id")),
        *(pl.lit(None, pl.Float64).alias(f"quantity_{name}") for name in ("completed", "rejected")),
    )
    with duckdb.connect() as connection:
        connection.register("event", frame.to_arrow())
        connection.register("given_hours", no_given_hours().to_arrow())
        for name, model in STAGES.items():
            made = connection.sql(load(model).sql, params=rule.parameters(model) or None)
            made.create(name)
        found: pl.DataFrame = connection.sql(load("supply/step_times").sql).pl()
    return found


@settings(max_examples=15, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=30))
def test_work_and_wait_add_up_to_the_lead_time(
    events: list[tuple[str, str, str | None, int, int, str | None]],
) -> None:
    cases = (
        step_times(events)
        .group_by("case_id")
        .agg(
            spent=pl.col("work_s").sum() + pl.col("wait_s").sum(),
            lead=(pl.col("ended_at").max() - pl.col("started_at").min()).dt.total_seconds(),
        )
    )
    assert cases["spent"].to_list() == cases["lead"].cast(pl.Float64).to_list()


@settings(max_examples=15, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=30))
def test_the_parts_of_a_wait_are_never_negative_and_add_up(
    events: list[tuple[str, str, str | None, int, int, str | None]],
) -> None:
    found = step_times(events)
    assert found.height == len(events)
    for row in found.iter_rows(named=True):
        assert min(row[part] for part in PARTS) >= 0
        assert math.isclose(sum(row[part] for part in PARTS), row["wait_s"], abs_tol=1e-6)
        assert (row["wait_cause"] == "none") == (row["wait_s"] == 0)


@settings(max_examples=10, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    events: list[tuple[str, str, str | None, int, int, str | None]], chance: object
) -> None:
    shuffled = sorted(events, key=lambda _: chance.random())  # type: ignore[attr-defined]
    order = ["case_id", "position"]
    assert step_times(events).sort(order).equals(step_times(shuffled).sort(order))
