"""A small world to plant causes in, and the way from its sessions to findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cx_analytics.attribute import (
    Counts,
    Findings,
    cell_exposure,
    day_aggregates,
    find_causes,
    missing_cells,
    wanted_cells,
)
from cx_analytics.contracts.attributes import Attribute
from cx_analytics.engine.duck import Duck

START = datetime(2026, 1, 1)
DOMAINS = {
    "app_version": "app",
    "device_model": "device",
    "lot": "device",
    "region": "network",
    "cell_id": "network",
    "network_type": "network",
}
ATTRIBUTES = tuple(Attribute(name, domain) for name, domain in sorted(DOMAINS.items()))  # type: ignore[arg-type]
Harm = Callable[[pl.DataFrame], Any]


def sessions(count: int = 40_000, days: int = 14, seed: int = 1) -> pl.DataFrame:
    """Sessions without faults: lots are nested in models, cells in regions."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, count // 8, count)
    lot = customer % 40
    cell = rng.integers(0, 120, count)
    app = rng.choice(4, count, p=[0.4, 0.3, 0.2, 0.1])
    at = np.sort(rng.uniform(0, days * 86400, count)).astype(np.int64)
    return pl.DataFrame(
        {
            "session_id": [f"s{n:07d}" for n in range(count)],
            "customer_id": [f"c{n:05d}" for n in customer],
            "unit_id": [f"u{n:05d}" for n in customer],
            "started_at": pl.Series([START] * count) + pl.Series(at).cast(pl.Duration("ms")) * 1000,
            "app_version": [f"5.{n}" for n in app],
            "device_model": [f"M{n // 5}" for n in lot],
            "lot": [f"L{n:02d}" for n in lot],
            "region": [f"R{n // 12}" for n in cell],
            "cell_id": [f"x-{n:03d}" for n in cell],
            "network_type": rng.choice(["lte", "nr"], count, p=[0.7, 0.3]),
        }
    )


def faulted(frame: pl.DataFrame, harm: Harm | None, base: float, seed: int = 2) -> pl.DataFrame:
    """The sessions with `faulty` and `fault_code`, drawn from the background plus the harm."""
    rng = np.random.default_rng(seed)
    extra = frame.select(harm(frame).cast(pl.Float64)).to_series().to_numpy() if harm else 0.0
    faulty = rng.random(frame.height) < base + extra
    code = rng.choice(["drop", "crash"], frame.height)
    return frame.with_columns(
        faulty=pl.Series(faulty),
        fault_code=pl.when(pl.Series(faulty)).then(pl.Series(code)),
    )


def planted(harm: Harm | None = None, base: float = 0.03, **sizes: int) -> pl.DataFrame:
    return faulted(sessions(**sizes), harm, base)


@dataclass
class Clinic:
    """Runs the whole way from a frame of sessions to findings."""

    folder: Path

    def counts(
        self, frame: pl.DataFrame, attributes: tuple[Attribute, ...] = ATTRIBUTES, **more: Any
    ) -> Counts:
        with Duck(spill=self.folder / "spill", threads=1) as engine:
            engine.register("session", frame)
            days = sorted({moment.date() for moment in frame["started_at"]})
            aggregates = day_aggregates(engine, attributes, days, **more)
            counts = Counts.build(aggregates, attributes)
            return counts.with_cells(
                cell_exposure(engine, missing_cells(wanted_cells(counts), None))
            )

    def find(
        self, frame: pl.DataFrame, attributes: tuple[Attribute, ...] = ATTRIBUTES, **more: Any
    ) -> Findings:
        counts = self.counts(frame, attributes, **more)
        return find_causes(counts, as_of=counts.days[-1], count=self.counting(frame))

    def counting(self, frame: pl.DataFrame) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """What a search asks, answered from the same sessions."""

        def count(wanted: pl.DataFrame) -> pl.DataFrame:
            with Duck(spill=self.folder / "spill", threads=1) as engine:
                engine.register("session", frame)
                return cell_exposure(engine, wanted)

        return count


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


@pytest.fixture
def plant() -> Callable[..., pl.DataFrame]:
    return planted


@pytest.fixture
def day() -> Callable[[int], date]:
    return lambda number: (START + timedelta(days=number)).date()
