"""What is counted of looks and the work behind them: conditions, their exposure, the rejects.

Belongs here: naming conditions, asking the engine for counts, and their shape. Stays out: the
counting (sql/supply/) and what the counts say (search.py and below).

An exposure is counted in pieces that were looked at. Where a material is known of some pieces only,
such as those that were shipped, those may be rejected less than others: the exposure of a material
is worth as much as the pieces of which such a material is known are rejected beside all.

Conditions overlap, as a piece meets many steps; so that one scan is enough, only the rejects keep
all conditions they were made under.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from cx_analytics.contracts.ports import SqlEngine

Floats = NDArray[np.float64]

WAYS = ("step", "machine", "shift", "line", "operator_group")
"""What a making is told by."""

LEVELS: Mapping[str, tuple[str, ...]] = {
    "step": ("step",),
    "machine": ("step", "machine"),
    "line": ("step", "line"),
    "operator_group": ("step", "operator_group"),
    "shift": ("step", "shift"),
    "machine_shift": ("step", "machine", "shift"),
    "operator_group_shift": ("step", "operator_group", "shift"),
}
"""Kinds of conditions of work; of two that are the same work, the one named first is kept."""

MATERIAL = "material"
"""The kind of the conditions that are a lot or a supplier."""

LEAST_REJECTS = 4.0
"""A condition with fewer rejects is no candidate: no price could be paid from them."""

CLUSTERS = ("plant", "day", "batch")
"""Columns of looks by which they can be counted."""

_CONDITION = {
    "condition": pl.Int64,
    "kind": pl.String,
    **dict.fromkeys(WAYS, pl.String),
    "attribute": pl.String,
    "value": pl.String,
    "built_in_at": pl.String,
}


@dataclass(frozen=True)
class Cells:
    """What some conditions hold, entry by entry, in places of an array of the shape (n, B).

    Parameters
    ----------
    shape : n conditions, B booking steps.
    seen, row, weight : of each reject under a condition its place, its look and how many it is.
    exposed, stratum, pieces, rejects : of each stratum that a condition was exposed in the place,
        the stratum, the pieces of the exposure and all rejects of the stratum.
    """

    shape: tuple[int, int]
    seen: NDArray[np.int64]
    row: NDArray[np.int64]
    weight: Floats
    exposed: NDArray[np.int64]
    stratum: NDArray[np.int64]
    pieces: Floats
    rejects: Floats


@dataclass(frozen=True)
class Scan:
    """Counts of looks, numbered: C conditions, K strata (who looked), B booking steps, R looks with
    rejects.

    Parameters
    ----------
    conditions : condition (row number), kind, step, machine, shift, line, operator_group,
        attribute, value and built_in_at (of a material: the step, null when unknown).
    making_of : making, condition: the work that a condition holds.
    steps : making, step: the step that each making is.
    step_of : the step that looks, 0 to B - 1, by stratum; shape (K,).
    pieces, rejects : pieces looked at and rejected, by stratum; shape (K,).
    total_squares : squares of the pieces of each look, added up by stratum; shape (K,).
    exposure, squares : pieces, and squares of the pieces of each look, by condition and stratum;
        shape (C, K).
    member : 1 where a look with rejects is under a condition; shape (C, R).
    looks : look, stratum (0 to K - 1), pieces, rejects, booked_at, inspection, day, batch; R rows.
    work : rows of the model supply/rejected_work, with `row`, the row of the look in `looks`.
    clusters : asks for counts by "day" or "batch": of given conditions, and of the strata.
    """

    conditions: pl.DataFrame
    making_of: pl.DataFrame
    steps: pl.DataFrame
    step_of: NDArray[np.int64]
    pieces: Floats
    rejects: Floats
    total_squares: Floats
    exposure: sparse.csr_matrix
    squares: sparse.csr_matrix
    member: sparse.csr_matrix
    looks: pl.DataFrame
    work: pl.DataFrame
    clusters: Callable[[str, Sequence[int]], tuple[pl.DataFrame, pl.DataFrame]]

    @property
    def steps_booking(self) -> int:
        """B, the number of steps that look."""
        return int(self.step_of.max(initial=-1)) + 1

    @property
    def booked(self) -> float:
        """All rejects that were booked, in pieces."""
        return float(self.looks["rejects"].sum())

    def cells(self, conditions: NDArray[np.int64]) -> Cells:
        """What these conditions hold."""
        member, exposure = self.member[conditions], self.exposure[conditions]
        of_reject, row = _entries(member)
        of_exposure, stratum = _entries(exposure)
        steps = self.steps_booking
        looking = self.step_of[self.looks["stratum"].to_numpy()[row]]
        return Cells(
            (conditions.size, steps),
            of_reject * steps + looking,
            row,
            self.looks["rejects"].to_numpy()[row],
            of_exposure * steps + self.step_of[stratum],
            stratum,
            exposure.data,
            self.rejects[stratum],
        )

    @cached_property
    def all_cells(self) -> Cells:
        """What all conditions hold."""
        return self.cells(np.arange(self.conditions.height))


def scan(engine: SqlEngine) -> Scan:
    """Counts from the tables of passes.TRACED, which the engine has."""
    work = engine.model("supply/rejected_work")
    named = ["look", "stratum", "booked_at", "inspection", "day", "batch", "pieces", "rejects"]
    looks = work.select(named).unique("look", keep="first").sort("look").with_row_index("row")
    looks = looks.with_columns(pl.col("row").cast(pl.Int64), pl.col("stratum") - 1)
    work = work.join(looks.select("look", "row"), on="look").sort("row", "position")
    materials = engine.model("supply/rejected_materials").join(
        looks.select("look", "row", "rejects"), on="look"
    )
    makings = engine.frame("SELECT * FROM making")
    built_in = dict(engine.model("supply/component_steps").iter_rows())
    conditions, making_of = _conditions(makings, materials, built_in)
    member = _members(conditions, making_of, work, materials, looks.height)
    conditions, making_of, member = _candidates(conditions, making_of, member, looks)
    ask = _Asking(engine, conditions, making_of, _worth(engine))
    everything = list(range(conditions.height))
    counts, totals = ask("plant", everything)
    shape = (conditions.height, totals.height)
    return Scan(
        conditions,
        making_of,
        makings.select("making", "step"),
        totals["step"].rank("dense").cast(pl.Int64).to_numpy() - 1,
        totals["pieces"].to_numpy(),
        totals["rejects"].to_numpy(),
        totals["squares"].to_numpy(),
        _matrix(counts, "pieces", shape),
        _matrix(counts, "squares", shape),
        member,
        looks,
        work,
        ask,
    )


@dataclass(frozen=True)
class _Asking:
    """Counts by cluster, asked from the engine for some conditions at a time."""

    engine: SqlEngine
    conditions: pl.DataFrame
    making_of: pl.DataFrame
    worth: pl.DataFrame

    def __call__(self, cluster: str, wanted: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
        chosen = self.conditions.filter(pl.col("condition").is_in(list(wanted)))
        materials = chosen.filter(pl.col("kind") == MATERIAL)
        made = self.making_of.filter(pl.col("condition").is_in(list(wanted)))
        self.engine.register("making_condition", made)
        self.engine.register(
            "material_condition", materials.select("attribute", "value", "condition")
        )
        by = {"cluster": cluster}
        counts = [self.engine.model("supply/making_counts", by)]
        if materials.height:
            counts.append(self._valued(self.engine.model("supply/material_counts", by)))
        totals = self.engine.model("supply/look_totals", by)
        return _from_zero(pl.concat(counts)), _from_zero(totals)

    def _valued(self, counts: pl.DataFrame) -> pl.DataFrame:
        """Counts of materials, each piece worth as much as those of known material are."""
        kinds = self.conditions.select("condition", "attribute")
        named = counts.join(kinds, on="condition", how="left", maintain_order="left")
        worth = named.join(
            self.worth, on=["attribute", "stratum"], how="left", maintain_order="left"
        )["worth"]
        return counts.with_columns(pl.col("pieces") * worth, pl.col("squares") * worth**2)


def _worth(engine: SqlEngine) -> pl.DataFrame:
    """Reject rate of the pieces whose material is known over that of all: attribute, stratum."""
    known = engine.model("supply/material_known")
    every = engine.model("supply/look_totals", {"cluster": "plant"})
    both = known.join(every, on="stratum", suffix="_all")
    rate, rate_all = (pl.col(f"rejects{of}") / pl.col(f"pieces{of}") for of in ("", "_all"))
    worth = pl.when(rate_all > 0).then(rate / rate_all).otherwise(1.0)
    return both.select("attribute", "stratum", worth.alias("worth"))


def _from_zero(counts: pl.DataFrame) -> pl.DataFrame:
    """Strata numbered as rows of a matrix are."""
    return counts.with_columns(pl.col("stratum") - 1)


def _conditions(
    makings: pl.DataFrame, materials: pl.DataFrame, built_in: Mapping[str, str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All conditions there are, and the makings of those that are work."""
    found: dict[tuple[int, ...], tuple[str, dict[str, str]]] = {}
    for kind, names in LEVELS.items():
        known = makings.drop_nulls(list(names))
        groups = known.group_by(names, maintain_order=True).agg(pl.col("making").sort())
        for *values, members in groups.sort(names).iter_rows():
            found.setdefault(tuple(members), (kind, dict(zip(names, values, strict=True))))
    rows: list[dict[str, str | None]] = [{"kind": kind, **where} for kind, where in found.values()]
    making_of = [
        {"making": making, "condition": at} for at, group in enumerate(found) for making in group
    ]
    heavy = materials.group_by("attribute", "value").agg(pl.col("rejects").sum())
    heavy = heavy.filter(pl.col("rejects") >= LEAST_REJECTS).sort("attribute", "value")
    rows += [
        {
            "kind": MATERIAL,
            "attribute": attribute,
            "value": value,
            "built_in_at": built_in.get(attribute.rpartition("_")[0]),
        }
        for attribute, value, _ in heavy.iter_rows()
    ]
    complete = [
        {**dict.fromkeys(_CONDITION), "condition": at, **row} for at, row in enumerate(rows)
    ]
    schema = {"making": pl.Int64, "condition": pl.Int64}
    return pl.DataFrame(complete, schema=_CONDITION), pl.DataFrame(making_of, schema=schema)


def _members(
    conditions: pl.DataFrame,
    making_of: pl.DataFrame,
    work: pl.DataFrame,
    materials: pl.DataFrame,
    looks: int,
) -> sparse.csr_matrix:
    worked = work.select("row", "making").drop_nulls().join(making_of, on="making")
    held = materials.join(conditions.filter(pl.col("kind") == MATERIAL), on=["attribute", "value"])
    pairs = pl.concat([one.select("condition", "row") for one in (worked, held)]).unique()
    ones = np.ones(pairs.height)
    at = (pairs["condition"].to_numpy(), pairs["row"].to_numpy())
    return sparse.csr_matrix((ones, at), shape=(conditions.height, looks))


def _candidates(
    conditions: pl.DataFrame,
    making_of: pl.DataFrame,
    member: sparse.csr_matrix,
    looks: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.DataFrame, sparse.csr_matrix]:
    """The conditions with rejects enough, numbered anew."""
    enough = np.flatnonzero(member @ looks["rejects"].to_numpy() >= LEAST_REJECTS)
    kept = pl.DataFrame(
        {"condition": enough, "anew": np.arange(enough.size)},
        schema={"condition": pl.Int64, "anew": pl.Int64},
    )
    return _renumbered(conditions, kept), _renumbered(making_of, kept), member[enough]


def _renumbered(frame: pl.DataFrame, kept: pl.DataFrame) -> pl.DataFrame:
    joined = frame.join(kept, on="condition", maintain_order="left")
    return joined.with_columns(pl.col("anew").alias("condition")).drop("anew")


def _matrix(counts: pl.DataFrame, column: str, shape: tuple[int, int]) -> sparse.csr_matrix:
    at = (counts["condition"].to_numpy(), counts["stratum"].to_numpy())
    return sparse.csr_matrix((counts[column].to_numpy(), at), shape=shape)


def _entries(matrix: sparse.csr_matrix) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each entry, in the order of its data."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows, matrix.indices
