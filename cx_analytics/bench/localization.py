"""`bench localize`: localisation scored on published instances and on fresh ones.

Belongs here: the score, the loop over instances and their variants, the largest case. Stays out:
planting (simulate/deviations.py) and the localisation itself (attribute).

The score is that of the published tools: an element counts only when it equals a planted one;
sums over the instances of a set; F1 = 2 TP / (2 TP + FP + FN).
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from cx_analytics.attribute import localize
from cx_analytics.contracts.errors import NotFound
from cx_analytics.simulate.deviations import (
    DEEP,
    LARGE,
    MIXED,
    Deviation,
    Recipe,
    deviation,
    with_drift,
    with_noise,
)

NOISE = 0.12
"""Standard deviation of the noise that is added in one variant."""

DRIFTS = (0.7, 1.3)
"""Factors on every forecast, in two variants."""

REAL_SET = "B0"
"""The published set on real background, which the variants are made of."""

Say = Callable[[str], None]


@dataclass
class Score:
    """Elements of a set, counted: found and planted (tp), only found (fp), only planted (fn)."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    instances: int = 0
    cpu_s: list[float] = field(default_factory=list)

    def add(self, predicted: str, planted: str, cpu_s: float) -> None:
        """Count one instance; sets are written `a=a1&b=b2;c=c3`."""
        found, true = elements(predicted), elements(planted)
        hits = len(found & true)
        self.tp, self.fp = self.tp + hits, self.fp + len(found) - hits
        self.fn, self.instances = self.fn + len(true) - hits, self.instances + 1
        self.cpu_s.append(cpu_s)

    @property
    def f1(self) -> float:
        """1 when nothing was planted and nothing found."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else 1.0


def elements(text: str) -> frozenset[frozenset[str]]:
    """The elements of a set; the order of elements and of conditions does not matter.

    >>> elements("b=b2&a=a1;c=c3") == elements("c=c3;a=a1&b=b2")
    True
    """
    return frozenset(
        frozenset(part.strip() for part in element.split("&"))
        for element in text.split(";")
        if element.strip()
    )


def localization(
    folder: Path | None, seeds: Sequence[int], say: Say = print, *, large: bool = True
) -> pl.DataFrame:
    """Measure, and say each row when it is there.

    Parameters
    ----------
    folder : published instances as `truth.csv` (dataset, instance, set) and one Parquet file an
        instance at `<dataset>/<instance>.parquet`; None for fresh instances only.
    seeds : a fresh instance of each recipe a seed.
    large : whether to localise in 24 million leaves as well.

    Returns
    -------
    A row a set: set, instances, f1, tp, fp, fn, cpu_s (median an instance), peak_gb (of the whole
    process, only told after the large case).
    """
    rows = []
    for name, instances in _sets(folder, seeds):
        rows.append(_row(name, scored(instances)))
        say(_line(rows[-1]))
    if large:
        rows.append({**_row("24M leaves", scored([_largest(seeds)])), "peak_gb": peak_gb()})
        say(_line(rows[-1]))
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA = {
    "set": pl.String(),
    "instances": pl.Int64(),
    "f1": pl.Float64(),
    "tp": pl.Int64(),
    "fp": pl.Int64(),
    "fn": pl.Int64(),
    "cpu_s": pl.Float64(),
    "peak_gb": pl.Float64(),
}


def published(folder: Path, dataset: str) -> Iterator[Deviation]:
    """The instances of a set in a folder of published ones."""
    truth = _truth(folder)
    for instance, planted in (
        truth.filter(pl.col("dataset") == dataset)
        .rows_by_key("instance", unique=True, named=True)
        .items()
    ):
        frame = pl.read_parquet(folder / dataset / f"{instance}.parquet")
        yield Deviation(frame, planted["set"] or "")


def fresh(recipe: Recipe, seeds: Iterable[int]) -> Iterator[Deviation]:
    """Instances that nobody has seen."""
    return (deviation(recipe, seed) for seed in seeds)


def peak_gb() -> float:
    """The most memory that this process has had."""
    # Linux tells kilobytes, macOS bytes.
    unit = 1e9 if sys.platform == "darwin" else 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _truth(folder: Path) -> pl.DataFrame:
    path = folder / "truth.csv"
    if not path.is_file():
        raise NotFound("there is no truth.csv", where=str(folder), todo="give the bench's folder")
    return pl.read_csv(path, infer_schema=False)


def _sets(folder: Path | None, seeds: Sequence[int]) -> Iterator[tuple[str, Iterable[Deviation]]]:
    """Every set with its variants."""
    if folder is not None:
        names = _truth(folder)["dataset"].unique(maintain_order=True).to_list()
        for name in names:
            yield name, published(folder, name)
        if REAL_SET in names:
            yield from variants(REAL_SET, partial(published, folder, REAL_SET))
    for name, recipe in (("fresh S", MIXED), ("fresh L", DEEP)):
        yield name, fresh(recipe, seeds)
        yield from _drifts(name, partial(fresh, recipe, seeds))


def variants(
    name: str, instances: Callable[[], Iterable[Deviation]]
) -> Iterator[tuple[str, Iterable[Deviation]]]:
    """A set with noise added, and with the forecast drifting."""
    noisy = (
        Deviation(with_noise(one.frame, NOISE, seed), one.set)
        for seed, one in enumerate(instances())
    )
    yield f"{name}, {NOISE:.0%} noise", noisy
    yield from _drifts(name, instances)


def _drifts(
    name: str, instances: Callable[[], Iterable[Deviation]]
) -> Iterator[tuple[str, Iterable[Deviation]]]:
    for factor in DRIFTS:
        drifted = (Deviation(with_drift(one.frame, factor), one.set) for one in instances())
        yield f"{name}, forecast x {factor:g}", drifted


def _largest(seeds: Sequence[int]) -> Deviation:
    return deviation(LARGE, seeds[0] if seeds else 0)


def scored(instances: Iterable[Deviation]) -> Score:
    """Localise each instance and count."""
    score = Score()
    for one in instances:
        begun = time.process_time()
        found = localize(one.frame).set
        score.add(found, one.set, time.process_time() - begun)
    return score


def _row(name: str, score: Score) -> dict[str, object]:
    return {
        "set": name,
        "instances": score.instances,
        "f1": score.f1,
        "tp": score.tp,
        "fp": score.fp,
        "fn": score.fn,
        "cpu_s": statistics.median(score.cpu_s) if score.cpu_s else None,
        "peak_gb": None,
    }


def _line(row: dict[str, object]) -> str:
    memory = f", peak {row['peak_gb']:.2f} GB" if row["peak_gb"] is not None else ""
    return (
        f"{row['set']:<24} {row['instances']:>4} instances  F1 {row['f1']:.3f}  "
        f"{row['cpu_s'] or 0.0:.4f} CPU s each{memory}"
    )
