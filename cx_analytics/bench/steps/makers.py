"""Who makes the defects: what reject_causes says of planted plants, against their makers.

Belongs here: holding the table against a plant's maker, and the table of scores. Stays out: the
plant (simulate.plant), finding makers (supply).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from cx_analytics.bench.steps.production import lay_plant, make
from cx_analytics.bench.tables import markdown
from cx_analytics.contracts.tables import REJECT_CAUSES
from cx_analytics.defs.supply import step_times
from cx_analytics.defs.waste import rejects_traced
from cx_analytics.simulate.plant import MAKER_KINDS, Maker, Plant, make_plant
from cx_analytics.simulate.scale import Difficulty

Row = dict[str, Any]

_DIFFICULTIES: tuple[Difficulty, ...] = ("medium", "null")

LEAST_FOUND = 0.9
"""Share of plants whose maker must come first."""

COLUMNS = {"resource": "resource", "component_lot": "lot", "shift": "shift"}
"""By the kind of a maker: the column of reject_causes that names it."""


@dataclass(frozen=True)
class Blame:
    """What was said of one plant: whether its maker came first, how many others were blamed, and
    the maker's true number of rejects above the usual, beside the ends of the 90 % interval that
    was said (None where it was not found, or in a healthy plant)."""

    seed: int
    maker: Maker | None
    found: bool
    others: int
    excess: float
    told: tuple[float, float] | None


def is_maker(row: Row, maker: Maker) -> bool:
    """Whether a row of reject_causes names the maker: its value, and its step.

    A component lot may have no step: it may be used at several. A shift reaches the steps around
    within the same hours; the step must be the maker's all the same.
    """
    return row[COLUMNS[maker.kind]] == maker.value and row["step"] in (maker.step, None)


def blame(plant: Plant, root: Path) -> Blame:
    """Who is blamed for the rejects of a plant, whose workspace is made at `root`."""
    house = lay_plant(root, plant)
    make(house, step_times, rejects_traced)
    told = house.read(REJECT_CAUSES).sort("rank").to_dicts()
    maker = plant.maker
    if maker is None:
        return Blame(plant.seed, None, False, len(told), 0.0, None)
    right = [row for row in told if is_maker(row, maker)]
    seen = sum(one.exposed and one.found is not None for one in plant.floor.defects)
    return Blame(
        seed=plant.seed,
        maker=maker,
        found=bool(right) and told[0] is right[0],
        others=len(told) - len(right),
        excess=seen * (1 - 1 / maker.rate_ratio),
        told=_ends(right[0]) if right else None,
    )


def _ends(row: Row) -> tuple[float, float]:
    return float(row["excess_low"]), float(row["excess_high"])


def makers(
    seeds: Sequence[int], *, cases: int, folder: Path, say: Callable[[str], None] = print
) -> list[Blame]:
    """A plant with a maker (rate ratio 3) and a healthy one for each seed; kinds take turns."""
    found = []
    for difficulty in _DIFFICULTIES:
        for seed in seeds:
            kind = MAKER_KINDS[seed % len(MAKER_KINDS)]
            plant = make_plant(cases=cases, seed=seed, difficulty=difficulty, maker_kind=kind)
            found.append(blame(plant, folder / f"makers-{difficulty}-{seed}"))
            rmtree(folder / f"makers-{difficulty}-{seed}")
            say(_said(found[-1]))
    return found


def _said(one: Blame) -> str:
    others = f"{one.others} others blamed"
    if one.maker is None:
        return f"makers seed {one.seed:<8} healthy: {others}"
    what = f"{one.maker.kind} {one.maker.value} at {one.maker.step}"
    first = "comes first" if one.found else "found, not first" if one.told else "NOT FOUND"
    return f"makers seed {one.seed:<8} {what}: {first}; {others}"


HEADER = ("maker", "plants", "comes first", "others blamed", "interval holds the excess")


def makers_table(found: Sequence[Blame]) -> str:
    """A row a kind of maker, then all of them, then the healthy plants."""
    planted = [one for one in found if one.maker]
    healthy = [one for one in found if not one.maker]
    rows = []
    for kind in MAKER_KINDS:
        mine = [one for one in planted if one.maker and one.maker.kind == kind]
        rows += [_row(kind.replace("_", " "), mine)] if mine else []
    rows += [_row("all of them", planted), _row("healthy", healthy)]
    first = sum(one.found for one in planted)
    reached = "yes" if first >= LEAST_FOUND * len(planted) else "NO"
    clean = "yes" if not any(one.others for one in healthy) else "NO"
    return (
        f"{markdown(HEADER, rows)}\n\nThe maker comes first in nine of ten: {reached}; "
        f"nobody is blamed in a healthy plant: {clean}."
    )


def _row(name: str, found: Sequence[Blame]) -> tuple[str, ...]:
    told = [(one.excess, one.told) for one in found if one.told]
    holds = sum(ends[0] <= excess <= ends[1] for excess, ends in told)
    planted = any(one.maker for one in found)
    return (
        name,
        str(len(found)),
        str(sum(one.found for one in found)) if planted else "",
        str(sum(one.others for one in found)),
        f"{holds} of {len(told)}" if planted else "",
    )
