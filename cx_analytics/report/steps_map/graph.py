"""What the map draws: all steps, and of the ways between them those that matter.

Belongs here: choosing and adding up. Stays out: places (layout.py), ink (drawing.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cx_analytics.contracts.words import WAIT_CAUSES

DRAWN_SHARE = 0.9
"""Ways are drawn, the longest waits first, until this share of all waiting is on the map …"""

WAYS_A_STEP = 1.9
"""… or there are this many to a step. The main way into and out of each step is always drawn, and
all of them where there are no more than this."""

LOOP_SHARE = 0.005
"""A way from a step back to itself takes little room: it is drawn from this share of waiting on."""

MOST_STEPS = 150
"""Steps that a map can hold and still be read; those with the least work and waiting stay out."""


@dataclass(frozen=True)
class StepNode:
    """A step over all cases; `cost` is None without rates."""

    name: str
    work_s: float
    wait_s: float
    cost: float | None
    visits: int
    rework: int


@dataclass(frozen=True)
class Way:
    """A transition between two different steps, or from a step to itself."""

    source: int
    target: int
    cases: int
    wait_s: float
    cause: str | None


@dataclass(frozen=True)
class StepGraph:
    """Steps in the order in which cases come to them, and the ways drawn between them.

    `ways` and `transitions` count those drawn and all; `waiting_drawn` is the share of all
    waiting that is on the ways drawn.
    """

    steps: tuple[StepNode, ...]
    ways: tuple[Way, ...]
    transitions: int
    waiting_drawn: float


def step_graph(step_map: pl.DataFrame, flow: pl.DataFrame) -> StepGraph:
    """The graph of the table step_map.

    Parameters
    ----------
    step_map : the table of that name.
    flow : step and place, the mean relative place of a step in its cases, 0 first to 1 last.
    """
    known = _steps(step_map, flow)
    number = {step.name: place for place, step in enumerate(known)}
    every = [
        way
        for row in step_map.sort("to_step", "from_step").iter_rows(named=True)
        if (way := _way(row, number)) is not None
    ]
    ways = _chosen(every, len(known))
    waiting = sum(way.wait_s for way in every)
    drawn = sum(way.wait_s for way in ways) / waiting if waiting else 1.0
    return StepGraph(tuple(known), tuple(ways), len(every), drawn)


def _steps(step_map: pl.DataFrame, flow: pl.DataFrame) -> list[StepNode]:
    has_cost = step_map["cost"].is_not_null().any()
    into = step_map.group_by(name="to_step").agg(
        pl.col("work_s", "wait_s", "cost").fill_null(0).sum(),
        pl.col("cases").sum().alias("visits"),
        pl.col("rework").fill_null(0).sum(),
    )
    placed = into.join(flow, left_on="name", right_on="step", how="left", maintain_order="none")
    weight = pl.col("work_s") + pl.col("wait_s")
    shown = placed.sort(weight, "name", descending=[True, False]).head(MOST_STEPS)
    ordered = shown.sort(pl.col("place").fill_null(0.5), "name")
    return [
        StepNode(**{**row, "cost": row["cost"] if has_cost else None})
        for row in ordered.drop("place").iter_rows(named=True)
    ]


def _way(row: Mapping[str, Any], number: Mapping[str, int]) -> Way | None:
    source, target = number.get(row["from_step"]), number.get(row["to_step"])
    if source is None or target is None:
        return None
    return Way(source, target, row["cases"], row["wait_s"] or 0.0, main_cause(row))


def main_cause(row: Mapping[str, Any]) -> str | None:
    """The cause with the largest part of a transition's waits; None without any."""
    parts = {cause: row.get(f"{cause}_s") or 0.0 for cause in WAIT_CAUSES if cause != "none"}
    cause = max(parts, key=lambda name: parts[name])
    return cause if parts[cause] > 0 else None


def _chosen(ways: Sequence[Way], steps: int) -> list[Way]:
    waiting = sum(way.wait_s for way in ways)
    loops = [
        place
        for place, way in enumerate(ways)
        if way.source == way.target and way.wait_s > LOOP_SHARE * waiting
    ]
    most = WAYS_A_STEP * steps + len(loops)
    if len(ways) <= most:
        return list(ways)
    kept = {*_main(ways), *loops}
    drawn = sum(ways[place].wait_s for place in kept)
    for place in sorted(range(len(ways)), key=lambda one: -ways[one].wait_s):
        if drawn >= DRAWN_SHARE * waiting or len(kept) >= most:
            break
        if place not in kept:
            kept.add(place)
            drawn += ways[place].wait_s
    return [ways[place] for place in sorted(kept)]


def _main(ways: Sequence[Way]) -> Iterator[int]:
    """The way with most cases into and out of each step."""
    for end in ("source", "target"):
        best: dict[int, int] = {}
        for place, way in enumerate(ways):
            step = getattr(way, end)
            if way.source != way.target:
                known = best.setdefault(step, place)
                if way.cases > ways[known].cases:
                    best[step] = place
        yield from best.values()
