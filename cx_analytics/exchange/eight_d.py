"""The 8D report of a defect: what each discipline says, before it becomes XLSX or PDF.

Belongs here: the eight disciplines and their words. Stays out: layout (workbook.py, paper.py).
D0 to D4 are filled from the evidence of the field. D5 to D8 belong to the people of the
factory: they stay empty, are marked so, and the report cannot be closed without them. What a
defect is physically, and why it was not caught, the field cannot know: D4 says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.words import confidence_word
from cx_analytics.exchange.lots import held_lots
from cx_analytics.exchange.safe import plain

FACTORY = "For the factory to fill in"
OPEN = "open"
Row = tuple[str, str]
"""What, and what is known of it."""


@dataclass(frozen=True)
class Picture:
    """A picture of the report: what it shows in words, and its bytes for print and for cells."""

    words: str
    svg: bytes
    png: bytes


@dataclass(frozen=True)
class Discipline:
    """One of D0 to D8: rows that are filled, then questions that people answer."""

    code: str
    title: str
    rows: tuple[Row, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def filled(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True)
class EightD:
    """The report: its case, the day of its data, the disciplines and what illustrates D2."""

    case_id: str
    as_of: date
    disciplines: tuple[Discipline, ...]
    pictures: tuple[Picture, ...] = ()


def eight_d(
    defect: Mapping[str, Any],
    units: pl.DataFrame,
    sisters: pl.DataFrame,
    days: pl.DataFrame,
    *,
    at: datetime,
    expires_at: datetime,
    as_of: date,
    pictures: Sequence[Picture] = (),
) -> EightD:
    """The 8D report of a defect.

    Parameters
    ----------
    defect : a row of `defects`.
    units : in_field, failed, shipped_at of its units.
    sisters : suspect and sister lots with `faults_per_1000_sessions`, the suspect first.
    days : day, suspect, sessions, faults, as `factory/defect_days` gives them.
    at, expires_at : time of the message and end of its proposals, naive UTC.
    as_of : the last day of the data behind it.
    """
    disciplines = (
        _d0(defect, at, expires_at, as_of),
        _d1(defect),
        _d2(defect, sisters, days),
        _d3(defect, units, expires_at),
        _d4(defect, sisters),
        *_OPEN,
    )
    return EightD(defect["defect_id"], as_of, disciplines, tuple(pictures))


def _d0(defect: Mapping[str, Any], at: datetime, end: datetime, as_of: date) -> Discipline:
    rows = (
        ("Case", defect["defect_id"]),
        ("Reported", f"{at:%Y-%m-%d %H:%M} UTC, on data up to {as_of}"),
        ("Valid until", f"{end:%Y-%m-%d %H:%M} UTC, unless it is said again"),
        ("Symptom", f"Units with {conditions(defect)} have more faults than others"),
        ("At stake", forecast(defect)),
        ("Emergency response", _emergency(defect)),
    )
    return Discipline("D0", "Prepare and emergency response", rows)


def _emergency(defect: Mapping[str, Any]) -> str:
    if defect["recommended_disposition"] is None:
        return "None proposed yet: the evidence is a suspicion. Please look into it."
    return "Hold what has not left (D3). No matter of public safety is claimed."


def _d1(defect: Mapping[str, Any]) -> Discipline:
    rows = (
        ("Reported by", "Customer-experience analytics, from use in the field"),
        ("Addressed to", place(defect)),
    )
    asked = ("Champion", "Team leader", "Team members and their functions")
    return Discipline("D1", "Team", rows, asked)


def _d2(defect: Mapping[str, Any], sisters: pl.DataFrame, days: pl.DataFrame) -> Discipline:
    rows = (
        ("What is affected", f"Units with {conditions(defect)}"),
        ("What is not", _healthy(sisters)),
        ("Where", place(defect)),
        ("When", _when(days)),
        ("How often", ratio(defect)),
        (
            "How many",
            f"{count(defect['units_made'])} units made, {count(defect['units_in_field'])} in the "
            f"field, {count(defect['units_failed'])} of these failed",
        ),
        ("Faults explained", f"{amount(defect['excess_faults'])} beyond what others would have"),
    )
    return Discipline("D2", "Problem description", rows)


def _healthy(sisters: pl.DataFrame) -> str:
    """Raw rate of all sisters in use together: what is beside what is not."""
    used = sisters.filter(~pl.col("suspect") & (pl.col("sessions") > 0))
    if used.is_empty():
        return "No sister lot of the same models is in use"
    total = used.select(pl.col("faults", "sessions").sum()).row(0, named=True)
    name = plain(str(used["attribute"][0])).replace("_", " ")
    rate = 1000 * total["faults"] / total["sessions"]
    word = "sister" if used.height == 1 else "sisters"
    return (
        f"{count(used.height)} {word} by {name}, of the same models: "
        f"{rate:.3g} faults per 1000 sessions together"
    )


def _when(days: pl.DataFrame) -> str:
    met = days.filter(pl.col("suspect") & (pl.col("faults") > 0))
    if met.is_empty():
        return "No fault of these units in the window"
    first, last = met.sort("day")["day"].item(0), met.sort("day")["day"].item(-1)
    used = days.filter("suspect")["day"].n_unique()
    return f"Faults on {count(met.height)} of {count(used)} days of use, {first} to {last}"


def _d3(defect: Mapping[str, Any], units: pl.DataFrame, end: datetime) -> Discipline:
    if defect["recommended_disposition"] is None:
        rows: tuple[Row, ...] = (("Proposed", "Nothing to hold yet"),)
        return Discipline("D3", "Interim containment", rows, ("Containment decided on",))
    inside = units.filter(~pl.col("in_field")).height
    lots = ", ".join(f"{lot.words} {plain(lot.lot)}" for lot in held_lots(defect))
    rows = (
        ("Proposed", f"Hold {count(inside)} units that have not left (serials.csv, epcis.json)"),
        ("Lots", f"{lots} (b2mml.xml, cfx.json)" if lots else "No single lot to block"),
        ("In the field", f"{count(defect['units_in_field'])} units, ranked by risk in serials.csv"),
        ("Failed units", _failed(defect)),
        ("State", f"Proposed, until {end:%Y-%m-%d %H:%M} UTC; nothing is held without you"),
    )
    return Discipline("D3", "Interim containment", rows, ("Containment decided on", "Since"))


def _failed(defect: Mapping[str, Any]) -> str:
    if defect["recommended_disposition"] == "needs_replacement":
        return f"Replace the component in {count(defect['units_failed'])} units that failed"
    return f"{count(defect['units_failed'])} units: keep for analysis when they come back"


def _d4(defect: Mapping[str, Any], sisters: pl.DataFrame) -> Discipline:
    suspect = sisters.filter("suspect").drop_nulls("faults_per_1000_sessions")
    raw = suspect["faults_per_1000_sessions"][0] if suspect.height else None
    rows = (
        ("Cause found in the field", f"{conditions(defect)}"),
        (
            "How sure",
            f"{confidence_word(defect['probability'])} (probability {defect['probability']:.2f})",
        ),
        ("Adjusted for", "Device model, app and cell"),
        ("Rate ratio", ratio(defect)),
        ("Raw rate", "unknown" if raw is None else f"{raw:.3g} faults per 1000 sessions"),
        ("Evidence", "evidence.json: each number with the query that gives it again"),
        ("Not known", "The physical mechanism, and why it was not caught before delivery"),
    )
    return Discipline("D4", "Root cause", rows, ("Physical mechanism", "Why it escaped"))


_OPEN = (
    Discipline(
        "D5",
        "Permanent corrective actions: chosen",
        asked=("Action against the cause", "Action against the escape", "Chosen by, on"),
    ),
    Discipline(
        "D6",
        "Permanent corrective actions: implemented and validated",
        asked=(
            "Implemented on",
            "First unit or lot made after it",
            "Effectiveness: judged on units made after that date only",
        ),
    ),
    Discipline(
        "D7",
        "Recurrence prevented",
        asked=("Control plan, FMEA and instructions changed", "Similar products and lines"),
    ),
    Discipline(
        "D8",
        "Closure and recognition of the team",
        asked=("Effectiveness check passed (without it: not closed)", "Closed by, on"),
    ),
)
"""The disciplines of the factory: questions without answers."""


def conditions(defect: Mapping[str, Any]) -> str:
    """The conditions in words, in alphabetical order."""
    met = sorted(defect["conditions"].items())
    return " and ".join(f"{plain(key).replace('_', ' ')} {plain(value)}" for key, value in met)


def place(defect: Mapping[str, Any]) -> str:
    """Site, line, component, supplier and lots, as far as they are known."""
    named = ("site", "line", "supplier", "component", "component_lot", "lot")
    known = [(name.replace("_", " "), defect[name]) for name in named if defect[name] is not None]
    return ", ".join(f"{name} {plain(value)}" for name, value in known) or "not narrowed down"


def ratio(defect: Mapping[str, Any]) -> str:
    """The adjusted rate ratio with its interval."""
    if defect["rate_ratio"] is None:
        return "more often than others; by how much is not known"
    text = f"{defect['rate_ratio']:.3g} times as often as others"
    if defect["low"] is None or defect["high"] is None:
        return text
    return f"{text} (90 % interval {defect['low']:.3g} to {defect['high']:.3g})"


def forecast(defect: Mapping[str, Any]) -> str:
    """The faults to expect in 90 days, with their interval."""
    mean, low, high = (
        defect[name] for name in ("forecast_faults_90d", "forecast_low", "forecast_high")
    )
    if mean is None:
        return "Faults to expect are not known"
    ends = "" if low is None or high is None else f" (90 % interval {low:.0f} to {high:.0f})"
    return f"{mean:.0f} more faults in 90 days{ends}"


def count(value: int | None) -> str:
    """A whole number with its thousands apart, or that it is not known.

    >>> count(12345), count(None)
    ('12 345', 'an unknown number of')
    """
    return "an unknown number of" if value is None else f"{value:,}".replace(",", " ")


def amount(value: float | None) -> str:
    """Faults that are explained: a sum of shares, so not whole."""
    return "not known" if value is None else f"{value:.0f} faults"
