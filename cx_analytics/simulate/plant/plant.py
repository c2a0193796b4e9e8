"""A planted plant: its parameters, what was planted in it, and its tables.

Belongs here: what holds the parts together, and the log as the floor would report it. Stays out:
files (write.py), what happens in the field (field.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time

import numpy as np
import polars as pl

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.simulate.chance import Ints
from cx_analytics.simulate.plant.floor import UNKNOWN, Floor, Visit, run_floor
from cx_analytics.simulate.plant.makers import (
    MAKER_KINDS,
    RATE_RATIOS,
    Maker,
    MakerKind,
    choose_maker,
)
from cx_analytics.simulate.plant.orders import FAMILIES, Orders, make_orders
from cx_analytics.simulate.plant.stations import STATIONS
from cx_analytics.simulate.plant.waits import wait_frame
from cx_analytics.simulate.scale import Difficulty

FEWEST_CASES = 100
LINE, SITE = "line-1", "plant-Ulm"


@dataclass(frozen=True)
class Plant:
    """Parameters, orders, the maker of defects (None: healthy) and all that happened."""

    cases: int
    seed: int
    difficulty: Difficulty
    start: date
    orders: Orders = field(repr=False)
    maker: Maker | None
    floor: Floor = field(repr=False)

    @property
    def origin(self) -> datetime:
        """The first moment of the plant (UTC, naive), a Monday."""
        return datetime.combine(self.start, time())

    @property
    def visits(self) -> dict[str, Ints]:
        """Visits as columns of codes and seconds (see `floor.Visit`)."""
        return dict(zip(Visit._fields, np.array(self.floor.visits).T, strict=True))

    def events(self) -> pl.DataFrame:
        """The feed `production_events`: a row a visit, in the order in which they began."""
        visits = self.visits
        steps, resources = _names(visits["station"], visits["resource"])
        unit = unit_ids(visits["unit"])
        told = {
            "case_id": unit,
            "step": steps,
            "started_at": moments(self.origin, visits["begun"]),
            "ended_at": moments(self.origin, visits["ended"]),
            "resource": resources,
            "line": pl.Series([LINE]).new_from_index(0, len(unit)),
            "quantity_completed": 1.0 - visits["rejected"],
            "quantity_rejected": visits["rejected"].astype(np.float64),
            "unit_id": unit,
            "lot": lot_ids(self.orders.lot[visits["unit"]]),
            "product": pl.Series(FAMILIES).gather(self.orders.family[visits["unit"]]),
        }
        return pl.DataFrame(told).sort("started_at", "case_id", "step")

    def waits(self) -> pl.DataFrame:
        """What each wait was really made of: a row a transition, in seconds.

        `case_id`, `step` and `started_at` find the transition in the log; a case's first step has
        no wait. The causes (see waits.py) add up to `wait_s`.
        """
        visits, waits = self.visits, wait_frame(self.floor)
        row = waits.get_column("visit").to_numpy()
        steps, resources = _names(visits["station"][row], visits["resource"][row])
        keys = pl.DataFrame(
            {
                "case_id": unit_ids(visits["unit"][row]),
                "from_step": self._steps_before()[row],
                "step": steps,
                "resource": resources,
                "started_at": moments(self.origin, visits["begun"][row]),
            }
        )
        seconds = waits.drop("visit").cast(pl.Float64)
        return pl.concat([keys, seconds], how="horizontal").sort("case_id", "started_at", "step")

    def defects(self) -> pl.DataFrame:
        """A row a defect: who made it where, whether exposed to the maker, and what became of it.

        `found_step` is the inspection that saw it (null: it reached the field, or was repaired or
        scrapped with another one); `disposition` is `rework` or `scrap` where it was seen.
        """
        made = self.floor.defects
        steps, resources = _names(
            np.array([one.station for one in made], dtype=np.int64),
            np.array([one.resource for one in made], dtype=np.int64),
        )
        found = [None if one.found is None else STATIONS[one.found].name for one in made]
        result = [
            None if one.found is None else "rework" if one.reworked else "scrap" for one in made
        ]
        return pl.DataFrame(
            {
                "case_id": unit_ids(np.array([one.unit for one in made], dtype=np.int64)),
                "made_step": steps,
                "made_resource": resources,
                "made_at": moments(
                    self.origin, np.array([one.made for one in made], dtype=np.int64)
                ),
                "exposed": [one.exposed for one in made],
                "found_step": pl.Series(found, dtype=pl.String),
                "disposition": pl.Series(result, dtype=pl.String),
            },
            schema_overrides={"exposed": pl.Boolean},
        )

    def _steps_before(self) -> pl.Series:
        """The name of the step before each visit; null at a first one."""
        visits = self.visits
        frame = pl.DataFrame(
            {
                "unit": visits["unit"],
                "begun": visits["begun"],
                "step": _names(visits["station"], visits["resource"])[0],
            }
        )
        return frame.select(pl.col("step").shift(1).over("unit", order_by="begun")).to_series()


def make_plant(
    *,
    cases: int = 3000,
    seed: int = 1,
    difficulty: Difficulty = "medium",
    rate_ratio: float | None = None,
    maker_kind: MakerKind | None = None,
    start: date = date(2026, 1, 5),
) -> Plant:
    """A plant that makes that many units.

    Parameters
    ----------
    cases : at least 100; a week's work is about 1,100
    seed : any non-negative number; the same one makes the same plant
    difficulty : how many times as many defects the maker makes: `easy` 5, `medium` 3, `hard` 2;
        `null` is a healthy plant without a maker
    rate_ratio : that number as given, above 1
    maker_kind : `resource`, `component_lot` or `shift`; by chance if not given
    start : the first day (UTC), a Monday

    Raises InputRefused when a value is out of range.
    """
    bad_ratio = rate_ratio is not None and not 1 < rate_ratio <= 20
    bad_kind = maker_kind is not None and maker_kind not in MAKER_KINDS
    if cases < FEWEST_CASES or seed < 0 or start.weekday() or bad_ratio or bad_kind:
        raise InputRefused(
            f"no plant of {cases} cases, seed {seed}, rate ratio {rate_ratio}, from {start}",
            todo=f"give {FEWEST_CASES}+ cases, seed 0+, a ratio in 1 to 20, a Monday and one of "
            + ", ".join(MAKER_KINDS),
        )
    orders = make_orders(cases, seed)
    maker = choose_maker(cases, seed, rate_ratio or RATE_RATIOS[difficulty], maker_kind)
    return Plant(cases, seed, difficulty, start, orders, maker, run_floor(orders, maker))


def unit_ids(unit: Ints) -> pl.Series:
    """Serials of the units, which are the cases of the log."""
    return "U" + pl.Series(unit).cast(pl.String).str.zfill(7)


def lot_ids(lot: Ints) -> pl.Series:
    """Names of the lots."""
    return "W" + pl.Series(lot + 1000).cast(pl.String)


def moments(origin: datetime, seconds: Ints) -> pl.Series:
    """Seconds since the origin as times; UNKNOWN = null."""
    begin = int((origin - datetime(1970, 1, 1)).total_seconds())
    stamps = pl.Series((seconds + begin) * 1_000_000, dtype=pl.Int64).cast(pl.Datetime("us"))
    known = pl.Series(seconds != UNKNOWN, dtype=pl.Boolean)
    return pl.select(pl.when(known).then(stamps)).to_series()


def _names(station: Ints, resource: Ints) -> tuple[pl.Series, pl.Series]:
    """Names of stations and of their resources."""
    steps = np.array([one.name for one in STATIONS], dtype=object)[station]
    most = max(len(one.calendars) for one in STATIONS)
    padded = [[*one.resources, *[""] * (most - len(one.resources))] for one in STATIONS]
    resources = np.array(padded, dtype=object)[station, resource]
    return pl.Series(steps, dtype=pl.String), pl.Series(resources, dtype=pl.String)
