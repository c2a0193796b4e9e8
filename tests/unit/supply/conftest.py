"""A small plant by chance, and its rejects traced back: what the tests of waste stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics import supply
from cx_analytics.contracts.production import Supply
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.models import load
from cx_analytics.supply.scan import Scan
from cx_analytics.supply.search import Found

START = datetime(2026, 3, 2)
WORK = ("cut", "drill", "mill", "coat", "join", "pack")
INSPECTED_AFTER = {"mill": "inspect body", "join": "final test"}
SCHEMA = {
    "case_id": pl.String,
    "position": pl.Int64,
    "from_step": pl.String,
    "step": pl.String,
    "resource": pl.String,
    "started_at": pl.Datetime("us"),
    "lot": pl.String,
    "quantity_rejected": pl.Float64,
}
COMPONENT = dict.fromkeys(
    ("unit_id", "component", "component_lot", "supplier", "station"), pl.String
)


@dataclass
class Plant:
    """Cases through six steps and two inspections; a rejected piece is reworked or scrapped.

    `bad` maps a machine ("drill 2"), or a lot ("L3"), to the risk that it adds; each step adds
    about 1/3 anyway. `strict` maps an inspector ("final test 1") to its strictness.
    """

    cases: int = 2000
    seed: int = 1
    rate: float = 0.03
    bad: dict[str, float] = field(default_factory=dict)
    strict: dict[str, float] = field(default_factory=dict)
    unequal: float = 0.1

    def step_times(self) -> pl.DataFrame:
        """Rows of step_times, with the columns that tracing reads."""
        chance = np.random.default_rng(self.seed)
        names = [f"{step} {at}" for step in WORK for at in (1, 2, 3)]
        quality = dict(zip(names, np.exp(self.unequal * chance.normal(size=18)) / 3, strict=True))
        rows = [row for case in range(self.cases) for row in self._case(chance, case, quality)]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(
            *(pl.lit(None, pl.String).alias(name) for name in ("line", "unit_id")),
            (1 - pl.col("quantity_rejected")).alias("quantity_completed"),
            (pl.col("position") > pl.col("position").min().over("case_id", "step")).alias("rework"),
        )

    def _case(self, chance: Any, case: int, quality: dict[str, float]) -> Iterator[tuple[Any, ...]]:
        lot, clock = f"L{case // 40}", START + timedelta(minutes=20 * case)
        todo, before, position, risk = list(WORK), None, 0, self.bad.get(lot, 0.0)
        while todo:
            step = todo.pop(0)
            for doing in (step, INSPECTED_AFTER.get(step)):
                if doing is None:
                    continue
                clock += timedelta(minutes=float(chance.exponential(90)))
                place, position = f"{doing} {chance.integers(1, 4)}", position + 1
                looks = doing != step
                risk += 0.0 if looks else quality[place] + self.bad.get(place, 0.0)
                found = self.rate * self.strict.get(place, 1.0) * risk if looks else 0.0
                rejected = bool(chance.random() < found)
                yield f"C{case}", position, before, doing, place, clock, lot, float(rejected)
                before = doing
                if rejected:
                    risk, todo = 0.0, [step, *todo] if chance.random() < 0.3 else []


@dataclass
class Traced:
    """What tracing made of a plant."""

    scan: Scan
    found: Found
    causes: pl.DataFrame
    made: pl.DataFrame
    defects: pl.DataFrame


@pytest.fixture
def trace(tmp_path: Path) -> Callable[..., Traced]:
    """Traces the rejects of rows of step_times."""

    def traced(
        step_times: pl.DataFrame,
        plant: Supply | None = None,
        components: pl.DataFrame | None = None,
    ) -> Traced:
        settings = plant or Supply()
        with Duck(spill=tmp_path / "spill", threads=1) as duck:
            duck.register("step_time", step_times)
            none = pl.DataFrame(schema=COMPONENT)
            duck.register("component", none if components is None else components)
            roles = supply.recognise(duck.model("supply/step_totals"), settings.inspections)
            where = step_times.select("resource", "line")
            for name, frame in supply.short_tables(roles, where, settings).items():
                duck.register("given", frame)
                duck.words(name, "SELECT * FROM given", *supply.SHORT[name])
            for name, model in {**supply.PASSES, "look": supply.LOOKS, **supply.SEEN}.items():
                duck.table(name, load(model).sql)
            scan = supply.scan(duck)
            found = supply.search(scan)
        causes, made = supply.reject_causes(scan, found, 5.0), supply.made_rejects(scan, found)
        return Traced(scan, found, causes, made, supply.step_defects(roles, made, causes, 5.0))

    return traced


@pytest.fixture
def plant() -> type[Plant]:
    """The plant, to be given what is wrong with it."""
    return Plant
