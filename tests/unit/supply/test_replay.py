"""The replay: it gives a log back, and a change does what anyone would reckon by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_analytics.contracts.calendar import Calendar
from cx_analytics.simulate.plant import make_plant
from cx_analytics.supply import CalendarRule
from cx_analytics.supply.replaying import parse_change, what_if
from cx_analytics.supply.replaying.changes import apply
from cx_analytics.supply.replaying.floor import recorded, run
from cx_analytics.supply.replaying.log import Log, read_log

Event = tuple[str, str, str | None, float, float]
"""Case, step, resource, start and work in hours."""

START = datetime(2026, 3, 2)
ROUND_THE_CLOCK = CalendarRule(open_share=0.0, minimum_hours=10_000)


def steps(events: Sequence[Event], lots: dict[str, str] | None = None) -> pl.DataFrame:
    frame = pl.DataFrame(
        [
            (case, step, resource, START + timedelta(hours=at), START + timedelta(hours=at + work))
            for case, step, resource, at, work in events
        ],
        schema={
            "case_id": pl.String(),
            "step": pl.String(),
            "resource": pl.String(),
            "started_at": pl.Datetime("us"),
            "ended_at": pl.Datetime("us"),
        },
        orient="row",
    ).sort("case_id", "started_at", "ended_at", "step", "resource", maintain_order=True)
    return frame.with_columns(
        position=pl.int_range(1, pl.len() + 1).over("case_id"),
        from_step=pl.col("step").shift(1).over("case_id"),
        line=pl.lit(None, pl.String),
        unit_id=pl.lit(None, pl.String),
        lot=pl.col("case_id").replace_strict(lots or {}, default=None, return_dtype=pl.String),
        quantity_completed=pl.lit(None, pl.Float64),
    )


def begins(log: Log, *changes: str) -> dict[str, list[float]]:
    """When each case begins each of its steps, in hours, with the recorded times."""
    world = apply(log, [parse_change(text) for text in changes])
    came = run(world.log, recorded(world.log), world.rules)
    origin = int(START.timestamp() - datetime(1970, 1, 1).timestamp()) * 1_000_000
    told: dict[str, list[float]] = {case: [] for case in log.cases}
    for case, begun in zip(log.case.tolist(), came.begun.tolist(), strict=True):
        if begun >= origin:
            told[log.cases[case]].append(round((begun - origin) / 3.6e9, 3))
    return told


# Three cases cut one after the other, and one saw that serves them: A waits 0, B 2, C 4 hours.
SAW: list[Event] = [
    *((case, "cut", f"cut {case}", 0.0, 1.0) for case in "ABC"),
    *((case, "saw", "saw", 1.0 + 3 * place, 3.0) for place, case in enumerate("ABC")),
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCD"),
            st.sampled_from(["cut", "bake", "check"]),
            st.sampled_from(["R1", "R2", None]),
            st.integers(0, 400),
            st.integers(0, 60),
        ),
        min_size=1,
        max_size=40,
        unique_by=lambda event: event[:4],
    )
)
def test_a_replay_without_a_change_is_the_log(events: list[Event]) -> None:
    log = read_log(steps(events), CalendarRule(minimum_hours=5))
    came = run(log, recorded(log))
    assert came.begun.tolist() == log.start_us.tolist()
    wait = came.begun - came.arrived
    parts = came.batching + came.busy + came.closed
    assert (wait >= 0).all()
    assert (parts <= wait).all()


def test_one_seed_one_answer() -> None:
    events: list[Event] = []
    for number in range(12):
        events.append((f"{number:02}", "cut", f"cut {number}", 2.0 * number, 1.0))
        events.append((f"{number:02}", "saw", "saw", 1 + 3.0 * number, 1 + number % 5 / 2))
    add = [parse_change("add resource=saw")]
    one, again = (what_if(steps(events), add, seed=3, draws=4) for _ in range(2))
    other = what_if(steps(events), add, seed=4, draws=4)
    assert one == again
    assert one.measures != other.measures
    assert one.fidelity.replayed_error == 0


def test_a_second_saw() -> None:
    log = read_log(steps(SAW), ROUND_THE_CLOCK)
    assert begins(log) == {"A": [0, 1], "B": [0, 4], "C": [0, 7]}
    assert begins(log, "add resource=saw") == {"A": [0, 1], "B": [0, 1], "C": [0, 4]}
    assert begins(log, "add resource=saw", "add resource=saw")["C"] == [0, 1]


def test_the_second_saw_in_figures() -> None:
    found = what_if(steps(SAW), [parse_change("add resource=saw")], draws=2, rule=ROUND_THE_CLOCK)
    told = {one.name: one for one in found.measures}
    # All works of a kind are alike, so that times drawn anew are those of the log.
    assert told["busy_days"].as_it_was == pytest.approx(9 / 24)
    assert told["busy_days"].what_if == pytest.approx(3 / 24)
    assert told["lead_time_days"].difference == pytest.approx(-2 / 24)
    assert (told["units"].as_it_was, told["units"].difference) == (3, 0)


def test_what_is_held_does_not_come_and_lets_others_pass() -> None:
    log = read_log(steps(SAW, {"A": "L1", "B": "L1", "C": "L2"}), ROUND_THE_CLOCK)
    assert begins(log, "hold lot=L1") == {"A": [], "B": [], "C": [0, 1]}
    assert begins(log, "hold case=A for=0.125") == {"A": [3, 4], "B": [0, 1], "C": [0, 7]}
    since = (START + timedelta(minutes=30)).isoformat()
    assert begins(log, f"hold case=B from={since}") == {"A": [0, 1], "B": [0], "C": [0, 4]}
    assert begins(log, f"hold case=B from={since} for=0.25")["B"] == [0, 7]


def test_units_that_are_held() -> None:
    frame = steps(SAW, {"A": "L1", "B": "L1", "C": "L2"})
    frame = frame.with_columns(quantity_completed=pl.lit(10.0))
    found = what_if(frame, [parse_change("hold lot=L1")], draws=2)
    assert [(one.name, one.difference) for one in found.measures[:2]] == [
        ("units", -20),
        ("cases", -2),
    ]


def test_a_lot_of_components() -> None:
    lots = pl.DataFrame({"case_id": ["B", "gone"], "lot": ["M7", "M7"]})
    log = read_log(steps(SAW), ROUND_THE_CLOCK, lots)
    assert begins(log, "hold lot=M7") == {"A": [0, 1], "B": [], "C": [0, 4]}


def test_a_station_that_does_not_close() -> None:
    """Eight hours a day for two weeks; what comes in the evening waits for the morning."""
    day = [
        (f"{day}", step, at, 24.0 * day + hour, work)
        for day in range(14)
        for step, at, hour, work in (("cut", "cutter", 8.0, 9.0), ("saw", "saw", 32.0, 8.0))
    ]
    log = read_log(steps(day), CalendarRule(minimum_hours=40))
    assert begins(log)["3"] == [80, 104]
    assert begins(log, "open resource=saw")["3"] == [80, 89]


DAYTIME = ("mon-fri 08:15-16:15",)


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(resources={"saw": DAYTIME}, lines={"L": ("mon-sun 00:00-24:00",)}),
        Calendar(lines={"L": DAYTIME}, hours=("mon-sun 00:00-24:00",)),
        Calendar(hours=DAYTIME, resources={"cutter": ("mon-sun 00:00-24:00",), "saw": ()}),
    ],
    ids=["of the resource", "of its line", "of all"],
)
def test_hours_that_are_given_go_before_what_can_be_learned(calendar: Calendar) -> None:
    """One case says nothing about hours: that the saw was closed in the evening is given."""
    case: list[Event] = [("A", "cut", "cutter", 8.0, 9.0), ("A", "saw", "saw", 32.25, 2.0)]
    frame = steps(case).with_columns(line=pl.lit("L"))
    log = read_log(frame, ROUND_THE_CLOCK, calendar=calendar)
    assert begins(log)["A"] == [8, 32.25]
    assert begins(log, "open resource=saw")["A"] == [8, 17]
    learned = read_log(frame, ROUND_THE_CLOCK)
    # The plant worked from 8:00, so the saw would have stood idle for a quarter of an hour.
    assert begins(learned, "open resource=saw")["A"] == [8, 17.25]


def test_work_outside_the_given_hours_took_place() -> None:
    log = read_log(steps(SAW), ROUND_THE_CLOCK, calendar=Calendar(("sun 00:00-00:15",)))
    assert begins(log) == {"A": [0, 1], "B": [0, 4], "C": [0, 7]}


def test_half_a_batch() -> None:
    """An oven takes four for 2 hours or two for 1: half a batch need not wait for the rest."""
    bake: list[Event] = []
    for batch, size in enumerate((4, 4, 2, 4)):
        full = 24.0 * batch + size
        for place in range(size):
            case = f"{batch}{place}"
            bake.append((case, "fill", f"place {case}", 24.0 * batch + place, 1.0))
            bake.append((case, "bake", "oven", full, size / 2))
    log = read_log(steps(bake), ROUND_THE_CLOCK)
    halves = begins(log, "halve batch step=bake")
    assert [halves[case][1] for case in ("00", "01", "02", "03")] == [2, 2, 4, 4]
    world = apply(log, [parse_change("halve batch step=bake")])
    hours = np.unique(world.log.span_us[world.log.place == log.resources.index("oven")]) / 3.6e9
    assert hours.round(3).tolist() == [0.5, 1.0]


def test_a_queue_that_resources_share_is_found() -> None:
    """Two saws serve one queue; two lathes serve their own, and stand idle beside each other."""
    events: list[Event] = []
    for round_ in range(6):
        at = 100.0 * round_
        for place in range(4):
            case = f"{round_}{place}"
            saw, lathe = f"saw {place % 2}", "lathe 0" if place < 3 else "lathe 1"
            events.append((case, "cut", f"cut {case}", at, 1.0))
            events.append((case, "saw", saw, at + 1 + 3 * (place // 2), 3.0))
            events.append((case, "turn", lathe, at + 20 + 5 * (place % 3), 5.0))
    log = read_log(steps(events), ROUND_THE_CLOCK)
    together = [{log.resources[one] for one in each} for each in log.queues.places if len(each) > 1]
    assert {"saw 0", "saw 1"} in together
    assert {"lathe 0", "lathe 1"} not in together


@pytest.mark.parametrize(
    "text", ["hold", "hold lot=", "hold lot=A case=B", "add step=X", "halve step=S"]
)
def test_words_that_are_no_change(text: str) -> None:
    with pytest.raises(Exception, match="is no change"):
        parse_change(text)


def test_a_planted_plant_is_given_back() -> None:
    """Batches with patience, changeovers, shifts, rush orders, rework, parallel stations."""
    events = make_plant(cases=300, seed=6).events()
    rows = events.select("case_id", "step", "resource", "started_at", "ended_at")
    hours = [pl.col(name).dt.epoch("us") / 3.6e9 for name in ("started_at", "ended_at")]
    origin = datetime(1970, 1, 1)
    log = [
        (case, step, resource, begun - (START - origin).total_seconds() / 3600, ended - begun)
        for case, step, resource, begun, ended in rows.with_columns(hours).iter_rows()
    ]
    found = what_if(steps(log), [parse_change("add resource=placement-1")], draws=4)
    assert found.fidelity.replayed_error == 0
    assert abs(found.fidelity.drawn_error) < 0.05
    told = {one.name: one for one in found.measures}
    assert told["busy_days"].high < 0
