"""Why cases wait: the shares of the causes, from the log of planted plants, against the truth.

Belongs here: holding the table step_times of a plant against its truth, and the table of shares.
Stays out: the plant and its truth (simulate.plant), the SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import numpy as np

from cx_analytics.bench.steps.production import lay_plant, make
from cx_analytics.bench.tables import markdown
from cx_analytics.contracts.tables import STEP_TIMES
from cx_analytics.defs.supply import step_times
from cx_analytics.simulate.chance import Floats
from cx_analytics.simulate.plant import WAIT_CAUSES, Plant, make_plant

MOST_POINTS = 5.0
"""A cause's share of all waiting may differ from the truth by so many percentage points."""

KEYS = ("case_id", "step", "started_at")


@dataclass(frozen=True)
class Shares:
    """Of one plant: shares of the causes (in the order of WAIT_CAUSES), 0 to 1, true and told;
    `right` is the share of all waiting seconds that was told to be of its true cause."""

    seed: int
    true: Floats
    told: Floats
    right: float

    @property
    def points(self) -> Floats:
        """Told less true, in percentage points."""
        return 100 * (self.told - self.true)


def shares(plant: Plant, root: Path) -> Shares:
    """The shares of one plant, whose workspace is made at `root`.

    Raises ValueError when a wait of the truth is missing or of another length.
    """
    truth = plant.waits()
    names = [f"{cause}_s" for cause in WAIT_CAUSES]
    house = lay_plant(root, plant)
    make(house, step_times)
    told = house.read(STEP_TIMES).select(*KEYS, "wait_s", *names)
    both = truth.join(told, on=KEYS, suffix="_told")
    if both.height < truth.height or not both["wait_s"].equals(both["wait_s_told"]):
        raise ValueError(f"seed {plant.seed}: waits do not reconcile with the plant's")
    true = both.select(names).to_numpy()
    said = both.select(f"{name}_told" for name in names).to_numpy()
    seconds = float(true.sum())
    right = float(np.minimum(true, said).sum()) / seconds
    return Shares(plant.seed, true.sum(axis=0) / seconds, said.sum(axis=0) / seconds, right)


def waits(
    seeds: Sequence[int], *, cases: int, folder: Path, say: Callable[[str], None] = print
) -> list[Shares]:
    """The shares of a plant for each seed."""
    found = []
    for seed in seeds:
        root = folder / f"waits-{seed}"
        one = shares(make_plant(cases=cases, seed=seed), root)
        rmtree(root)
        found.append(one)
        worst = np.abs(one.points).max()
        say(f"waits  seed {seed:<8} {one.right:.1%} of the seconds right, worst {worst:.1f} points")
    return found


HEADER = ("cause of waiting", "true share", "told share", "mean difference", "largest", "holds")


def waits_table(found: Sequence[Shares]) -> str:
    """A row a cause: mean shares over the plants, and the largest difference in one of them."""
    points = np.array([one.points for one in found])
    rows = [
        (
            cause,
            f"{np.mean([one.true[place] for one in found]):.3f}",
            f"{np.mean([one.told[place] for one in found]):.3f}",
            f"{points[:, place].mean():+.1f}",
            f"{points[np.abs(points[:, place]).argmax(), place]:+.1f}",
            "yes" if np.abs(points[:, place]).max() <= MOST_POINTS else "NO",
        )
        for place, cause in enumerate(WAIT_CAUSES)
    ]
    right = np.mean([one.right for one in found])
    words = (
        f"{len(found)} plants; {right:.1%} of all waiting seconds are told to be of their cause."
    )
    return f"{markdown(HEADER, rows)}\n\n{words}"
