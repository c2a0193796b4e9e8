"""One day of a world as tables: what the product reported, and the truth about its faults.

Belongs here: turning codes and outcomes into the feed's columns, the joined view and the truth.
Stays out: delivery (mess.py) and files (write.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from cx_analytics.contracts.words import BACKGROUND
from cx_analytics.simulate.causes import FAULT_TYPES, Plan
from cx_analytics.simulate.chance import Floats, Ints, Texts, generator
from cx_analytics.simulate.hazard import Outcome
from cx_analytics.simulate.production import times
from cx_analytics.simulate.visits import CELL_ATTRIBUTES, NONE, UNIT_ATTRIBUTES, Setting, Visits

REPORTED = (
    "device_model",
    "hardware_revision",
    "firmware_version",
    "os_version",
    "app_name",
    "app_version",
    "cell_id",
    "network_type",
)
"""Attributes that a session itself reports; the others come through its unit and its cell."""

_CONTACT_PER_FAULT = 0.04
_CONTACT_PER_SESSION = 0.0006
_CHANNELS = ("phone", "chat", "forum", "shop")


@dataclass(frozen=True)
class Day:
    """One day: `sessions` in the feed's columns, `truth` one row a fault, `posteriors` several,
    `contacts` in the feed's columns, and what the causes did on it."""

    number: int
    sessions: pl.DataFrame
    contacts: pl.DataFrame
    truth: pl.DataFrame
    posteriors: pl.DataFrame
    outcome: Outcome


def sessions_frame(
    setting: Setting, visits: Visits, outcome: Outcome, start: datetime, first: int, seed: int
) -> pl.DataFrame:
    """The feed `sessions` of one day, complete; `first` is the running number of its first row."""
    count = len(visits.hour)
    numbers = pl.Series(np.arange(first, first + count)).cast(pl.String).str.zfill(9)
    kinds = np.full(count, NONE)
    kinds[outcome.faulty] = outcome.kind
    columns = {
        "session_id": "s-" + numbers,
        "customer_id": named(setting.people.customer_ids, visits.customer),
        "started_at": times(start, visits.hour),
        "unit_id": named(setting.units.unit_ids, visits.unit),
        **{name: named(setting.names[name], visits.codes[name]) for name in REPORTED},
        "fault_code": named(np.array(FAULT_TYPES, dtype=object), kinds),
    }
    metrics = _metrics(visits, outcome, generator(seed, "metrics", int(visits.hour[0] // 24)))
    return pl.DataFrame(columns | metrics)


def joined(frame: pl.DataFrame, visits: Visits, setting: Setting) -> pl.DataFrame:
    """The sessions with what their unit, its components and their cell add, and `faulty`.

    What follows from a lost value is lost with it, as it would be after the joins of a pipeline;
    the model that a session did not report is known from its unit.
    """
    known_unit, known_cell = pl.col("unit_id").is_not_null(), pl.col("cell_id").is_not_null()

    def column(name: str) -> pl.Series:
        return named(setting.names[name], visits.codes[name])

    both = ("device_model", "hardware_revision")
    return frame.with_columns(
        *(pl.when(known_unit).then(column(name)).alias(name) for name in UNIT_ATTRIBUTES),
        *(pl.when(known_cell).then(column(name)).alias(name) for name in CELL_ATTRIBUTES),
        *(
            pl.coalesce(pl.col(name), pl.when(known_unit).then(column(name))).alias(name)
            for name in both
        ),
        pl.coalesce(pl.col("network_type"), pl.when(known_cell).then(column("network_type"))).alias(
            "network_type"
        ),
        faulty=pl.col("fault_code").is_not_null(),
    )


def truth_frames(
    sessions: pl.DataFrame, outcome: Outcome, plan: Plan
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`fault_causes` (a row a fault) and `fault_posteriors` (adding up to 1 for each fault)."""
    ids = np.array([BACKGROUND, *plan.cause_ids], dtype=object)
    faults = sessions.filter(pl.Series(outcome.faulty)).get_column("session_id")
    row, column = np.nonzero(outcome.parts != NONE)
    truth = pl.DataFrame(
        {
            "session_id": faults,
            "cause_id": named(ids, outcome.cause),
            "posterior": _at(outcome, outcome.cause),
            "background_hazard": outcome.background,
            "hazard": outcome.hazard,
        }
    )
    posteriors = pl.DataFrame(
        {
            "session_id": faults.gather(row),
            "cause_id": named(ids, outcome.parts[row, column]),
            "posterior": outcome.posterior[row, column],
        }
    )
    return truth, posteriors


def contacts_frame(sessions: pl.DataFrame, day: int, seed: int) -> pl.DataFrame:
    """Some customers with a fault call, a few others too; who called about a fault is unhappier."""
    rng = generator(seed, "contacts", day)
    faulty = sessions.get_column("fault_code").is_not_null().to_numpy()
    chance = np.where(faulty, _CONTACT_PER_FAULT, _CONTACT_PER_SESSION)
    calls = sessions.filter(pl.Series(rng.random(len(chance)) < chance))
    count = calls.height
    marks = rng.integers(1, 6, count) - calls.get_column("fault_code").is_not_null().to_numpy()
    wait = pl.Series(rng.integers(300, 40_000, count)) * 1_000_000
    return calls.select(
        contact_id=pl.format("k-{}", pl.col("session_id").str.slice(2)),
        customer_id="customer_id",
        contacted_at=pl.col("started_at") + wait.cast(pl.Duration("us")),
        channel=named(np.array(_CHANNELS, dtype=object), rng.integers(0, len(_CHANNELS), count)),
        topic=pl.col("fault_code").fill_null("question"),
        app_version="app_version",
        device_model="device_model",
        satisfaction=pl.Series(np.maximum(marks, 1).astype(np.float64)),
    )


def named(names: Texts, codes: Ints) -> pl.Series:
    """Codes as the names they stand for; NONE becomes null."""
    words = pl.Series([*names.tolist(), None], dtype=pl.String)
    return words.gather(np.where(codes == NONE, len(names), codes))


def _at(outcome: Outcome, cause: Ints) -> Floats:
    return np.asarray(np.where(outcome.parts == cause[:, None], outcome.posterior, 0).sum(axis=1))


def _metrics(visits: Visits, outcome: Outcome, rng: np.random.Generator) -> dict[str, Floats]:
    """Latency, throughput, signal and length; worse in sessions with a fault."""
    count = len(visits.hour)
    bad = outcome.faulty
    speed = np.array([22_000.0, 110_000.0, 4_000.0, 60_000.0])[visits.codes["network_type"]]
    wired = visits.codes["cell_id"] == NONE
    signal = rng.normal(-92, 8, count) - 7 * bad
    latency = np.exp(rng.normal(3.9, 0.45, count)) * np.where(bad, 2.6, 1.0)
    download = speed * np.exp(rng.normal(0, 0.5, count)) * np.where(bad, 0.45, 1.0)
    length = np.exp(rng.normal(5.2, 0.9, count)) * np.where(bad, 0.5, 1.0)
    return {
        "duration_s": length.round(1),
        "latency_ms": latency.round(1),
        "download_kbps": download.round(0),
        "signal_dbm": np.where(wired, -50.0, np.maximum(signal, -140)).round(1),
    }
