"""`bench probability`: from evidence to probability, learned on planted worlds.

Belongs here: which causes of which worlds are real, and the isotonic map through them. Stays out:
the use of the map (attribute/probability.py) and where it is kept (the command line).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from cx_analytics.attribute.counts import Floats
from cx_analytics.bench.fitting import fit
from cx_analytics.bench.matching import match
from cx_analytics.bench.planted import plant
from cx_analytics.simulate import Difficulty

LEVELS: tuple[Difficulty, ...] = ("medium", "hard", "null")
"""Difficulties of the worlds that are learned from, one of each a seed."""


def learn(
    worlds: Sequence[tuple[Difficulty, int]],
    sessions: int,
    *,
    days: int = 28,
    say: Callable[[str], None] = print,
) -> dict[str, list[list[float]]]:
    """Points (evidence, probability) of the maps of `shared` and `individual` causes."""
    with TemporaryDirectory(prefix="cx-bench-") as folder:
        frames = list(_told(worlds, sessions, days, Path(folder), say))
    told = pl.concat(frames)
    return {
        kind: isotonic(told.filter(pl.col("kind") == kind)) for kind in ("shared", "individual")
    }


def as_text(content: Mapping[str, object]) -> str:
    """The maps as a JSON text, one entry a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def isotonic(told: pl.DataFrame) -> list[list[float]]:
    """Points of the isotonic map through `evidence` and `real` (0 or 1): the ends of its steps.

    Isotonic regression pools the causes into blocks of rising share (Zadrozny & Elkan 2002); to
    each block half a real and half a false cause are added (Jeffreys), so that none is sure.

    >>> frame = pl.DataFrame({"evidence": [1.0, 2.0, 3.0, 4.0], "real": [0.0, 1.0, 0.0, 1.0]})
    >>> isotonic(frame)
    [[1.0, 0.25], [2.0, 0.5], [3.0, 0.5], [4.0, 0.75]]
    """
    from sklearn.isotonic import IsotonicRegression

    ordered = told.sort("evidence", "real")
    evidence, real = ordered["evidence"].to_numpy(), ordered["real"].to_numpy()
    fitted = IsotonicRegression().fit_transform(evidence, real)
    blocks = np.split(np.arange(len(real)), np.flatnonzero(np.diff(fitted) > 1e-9) + 1)
    share: Floats = np.array([(real[own].sum() + 0.5) / (len(own) + 1) for own in blocks])
    edges = [sorted({float(evidence[own[0]]), float(evidence[own[-1]])}) for own in blocks]
    rising = np.maximum.accumulate(share)
    return [
        [round(place, 2), round(float(p), 3)]
        for both, p in zip(edges, rising, strict=True)
        for place in both
    ]


def _told(
    worlds: Sequence[tuple[Difficulty, int]],
    sessions: int,
    days: int,
    folder: Path,
    say: Callable[[str], None],
) -> Iterator[pl.DataFrame]:
    """Kind, evidence and whether it is real, of every cause found in each world."""
    for difficulty, seed in worlds:
        here = folder / f"{difficulty}-{seed}"
        planted = plant(here, sessions=sessions, days=days, seed=seed, difficulty=difficulty)
        found, _ = fit(planted, spill=here / "spill")
        ids = planted.truth.fault_causes.select("session_id")
        known = planted.faults.join(ids, on="session_id", how="semi")
        hit = match(found.causes, planted.truth.causes, known).partner >= 0
        told = found.causes.select("kind", "evidence", real=pl.Series(hit).cast(pl.Float64))
        say(f"{difficulty} {seed}: {told.height} causes, {int(hit.sum())} real")
        yield told
