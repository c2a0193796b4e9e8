"""The map of production: nothing lies upon anything else, and the page needs nothing but itself."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date
from hashlib import sha256
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from cx_analytics.report.plots import svg_png
from cx_analytics.report.steps_map import map_svg, step_graph, steps_page
from cx_analytics.report.steps_map.layout import LABEL_HEIGHT, LABEL_WIDTH, lay_out

NUMBERS = (
    "work_s", "wait_s", "idle_share", "scrap", "scrap_made", "field_faults", "cost", "batching_s",
    "contention_s", "prioritisation_s", "resource_unavailable_s", "setup_s", "other_s",
)  # fmt: skip
LEAD = {"cases": 3, "span_s": 400.0, "wait_s": 300.0}


def a_step_map(ways: list[tuple[str | None, str, float]]) -> pl.DataFrame:
    """Transitions that wait so long; each works an hour and costs 10."""
    rows = [
        dict.fromkeys(NUMBERS)
        | {"from_step": source, "to_step": target, "cases": 3, "rework": 0}
        | {"work_s": 3600.0, "wait_s": wait, "contention_s": wait, "cost": 10.0}
        for source, target, wait in ways
    ]
    return pl.DataFrame(rows, schema_overrides=dict.fromkeys(NUMBERS, pl.Float64))


def a_plant(steps: int, seed: int, into: int = 2) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Steps with ways onward, back, and to themselves, as in a real plant."""
    chance = np.random.default_rng(seed)
    names = [f"Step number {place:02} with a name" for place in range(steps)]
    ways: list[tuple[str | None, str, float]] = [(None, names[0], 0.0)]
    for place in range(1, steps):
        for source in {int(chance.integers(max(place - 4, 0), place)) for _ in range(into)}:
            ways.append((names[source], names[place], float(chance.lognormal(8, 2))))
        if chance.random() < 0.3:
            back = int(chance.integers(0, place + 1))
            ways.append((names[place], names[back], float(chance.lognormal(8, 2))))
    places = [place / steps for place in range(steps)]
    return a_step_map(ways), pl.DataFrame({"step": names, "place": places})


@pytest.mark.parametrize(("steps", "seed"), [(1, 1), (2, 2), (12, 3), (60, 4), (60, 5)])
def test_no_step_and_no_label_lies_upon_another(steps: int, seed: int) -> None:
    plan = lay_out(step_graph(*a_plant(steps, seed)))
    half, tall = LABEL_WIDTH / 2, 8.0
    assert 2 * tall <= LABEL_HEIGHT
    boxes = [(one.x, one.y, one.x + one.width, one.y + one.height) for one in plan.boxes]
    labels = [
        (x - half + 8, y - tall, x + half - 8, y + tall)
        for x, y in (one.label for one in plan.lines)
    ]
    for one, other in combinations([*boxes, *labels], 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    assert all(x >= 0 and right <= plan.width for x, _, right, _ in [*boxes, *labels])
    assert all(y >= 0 and bottom <= plan.height for _, y, _, bottom in [*boxes, *labels])


def test_a_way_does_not_run_through_a_step() -> None:
    plan = lay_out(step_graph(*a_plant(60, 6)))
    for line in plan.lines:
        for x, y in line.points[1:-1] if line.way.source != line.way.target else ():
            for box in plan.boxes:
                assert not (box.x < x < box.x + box.width and box.y < y < box.y + box.height)


def test_what_waits_most_is_drawn_and_every_step_is_reached() -> None:
    step_map, flow = a_plant(60, 7, into=5)
    graph = step_graph(step_map, flow)
    ways = {(graph.steps[way.source].name, graph.steps[way.target].name) for way in graph.ways}
    worst = step_map.sort("wait_s", descending=True).row(0, named=True)
    assert (worst["from_step"], worst["to_step"]) in ways
    assert {name for way in ways for name in way} == set(flow["step"])
    assert len(graph.ways) < graph.transitions
    assert 0.5 < graph.waiting_drawn <= 1


def test_work_waiting_and_cost_are_seen() -> None:
    step_map = a_step_map([(None, "cut", 0.0), ("cut", "saw", 90_000.0), ("saw", "cut", 60.0)])
    step_map = step_map.with_columns(
        work_s=pl.Series([900.0, 7200.0, 900.0]), cost=pl.Series([1.0, 500.0, 1.0])
    )
    flow = pl.DataFrame({"step": ["cut", "saw"], "place": [0.1, 0.9]})
    graph = step_graph(step_map, flow)
    plan = lay_out(graph)
    assert plan.boxes[0].height < plan.boxes[1].height
    picture = map_svg(graph, theme="light")
    assert 'class="step s0"' in picture
    assert 'class="step s4"' in picture
    widths = [
        float(width) for width in re.findall(r'class="way[^"]*" stroke-width="([\d.]+)"', picture)
    ]
    assert widths == [1.5, 12.0]
    assert [line.back for line in plan.lines] == [True, False]
    assert "25.0 h" in picture
    ElementTree.fromstring(picture)
    assert svg_png(picture).startswith(b"\x89PNG")


def test_without_rates_the_colour_is_waiting() -> None:
    step_map = a_step_map([(None, "cut", 0.0), ("cut", "saw", 9000.0)])
    bare = step_map.with_columns(cost=pl.lit(None, pl.Float64))
    flow = pl.DataFrame({"step": ["cut", "saw"], "place": [0.0, 1.0]})
    page = steps_page(name="x", as_of=None, step_map=bare, flow=flow, lead=LEAD)
    assert "waiting before it: little" in page
    assert "rates of cx.toml" not in page


def test_the_page_needs_nothing_but_itself() -> None:
    step_map = a_step_map([(None, "cut <b>", 0.0), ("cut <b>", "saw", 9000.0)])
    flow = pl.DataFrame({"step": ["cut <b>", "saw"], "place": [0.0, 1.0]})
    told = {"as_of": date(2026, 3, 1), "step_map": step_map, "flow": flow, "lead": LEAD}
    page = steps_page(name="a & b", **told)
    assert page == steps_page(name="a & b", **told)
    assert "<b>" not in page.replace("<b>", "", page.count('<div class="tile"><b>'))
    assert "cut &lt;b&gt; → saw: 2.5 h, 100 % of all waiting, mostly contention" in page
    assert not re.search(
        r"""(src|href)=|url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)""", page
    )
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script
    digest = b64encode(sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert page.count("<script") == 1


def test_a_page_without_events() -> None:
    page = steps_page(
        name="x",
        as_of=None,
        step_map=a_step_map([("a", "b", 1.0)]).clear(),
        flow=pl.DataFrame(),
        lead={},
    )
    assert "There are no production events yet." in page
