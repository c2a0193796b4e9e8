"""A defect in plain words and as one JSON document.

Belongs here: what a factory is told. Stays out: files and their formats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.words import confidence_word
from cx_analytics.exchange.epcis import instant
from cx_analytics.exchange.gs1 import NAMESPACE
from cx_analytics.exchange.safe import plain

SCHEMA_ID = f"{NAMESPACE}schema:defect-message:1"

_REQUESTS = {
    "non_sellable_other": "hold the units that have not left (EPCIS: holding, non_sellable_other)",
    "needs_replacement": "hold the units that have not left (EPCIS: holding, non_sellable_other) "
    "and replace the component in those that failed (needs_replacement)",
}
_COUNTS = ("units_made", "units_in_field", "units_failed")
_PROPOSED = (
    "action_id",
    "proposal",
    "subject",
    "reason",
    "sample",
    "chance_wrong",
    "units",
    "undo",
)
_PROPOSALS = {
    "hold": "hold what has {subject}",
    "change_process": "change the process of {subject}",
    "stop_rollout": "stop the rollout of {subject}",
}
_PLACE = ("lot", "line", "site", "component", "supplier", "component_lot")


def document(
    defect: Mapping[str, Any],
    evidence: pl.DataFrame,
    *,
    at: datetime,
    expires_at: datetime,
    as_of: date,
    proposals: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The defect message as data: every number and the SQL behind it, and what is proposed.

    `proposals` are rows of `action_proposals`, about this defect or its cause.
    """
    return {
        "schema": SCHEMA_ID,
        "case_id": defect["defect_id"],
        "cause_id": defect["cause_id"],
        "as_of": as_of.isoformat(),
        "created_at": instant(at),
        "expires_at": instant(expires_at),
        "conditions": dict(sorted(defect["conditions"].items())),
        **{name: defect[name] for name in _PLACE},
        "counts": {name: defect[name] for name in _COUNTS},
        "rate_ratio": _interval(defect, "rate_ratio", "low", "high"),
        "cannot_separate": defect["cannot_separate"],
        "excess_faults": defect["excess_faults"],
        "forecast_faults_90d": _interval(
            defect, "forecast_faults_90d", "forecast_low", "forecast_high"
        ),
        "probability": defect["probability"],
        "confidence": confidence_word(defect["probability"]),
        "recommended_disposition": defect["recommended_disposition"],
        "proposals": [{name: row[name] for name in _PROPOSED} for row in proposals],
        "evidence": [
            {**row, "snapshot": as_of.isoformat()}
            for row in evidence.sort("metric_id")
            .select("metric_id", "name", "unit", "value", "sql", "meaning")
            .iter_rows(named=True)
        ],
    }


def _interval(defect: Mapping[str, Any], mean: str, low: str, high: str) -> dict[str, Any]:
    return {"value": defect[mean], "low": defect[low], "high": defect[high], "level": 0.9}


def words(
    defect: Mapping[str, Any],
    *,
    expires_at: datetime,
    as_of: date,
    proposals: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The defect message in plain words."""
    word = confidence_word(defect["probability"])
    met = " and ".join(f"{plain(k)} {plain(v)}" for k, v in sorted(defect["conditions"].items()))
    request = _REQUESTS.get(
        defect["recommended_disposition"] or "", "nothing to hold yet; please look into it"
    )
    lines = [
        f"Defect {defect['defect_id']}, as of {as_of.isoformat()}",
        "",
        f"What     Units with {met} {_rate(defect)}.",
        f"Sure     {word} (probability {defect['probability']:.2f}){_rivals(defect)}",
        f"Units    {defect['units_made']} made, {defect['units_in_field']} in the field, "
        f"{defect['units_failed']} of these failed",
        f"Ahead    {_ahead(defect)}",
        f"Where    {_where(defect)}",
        f"Please   {request}",
        *(f"Proposed {_proposed(row)}" for row in proposals),
        f"Until    {expires_at.isoformat(sep=' ', timespec='minutes')} UTC, "
        "unless it is said again",
        "",
        "serials.csv lists the units, the riskiest first; defect.json gives the query behind "
        "every number.",
        "",
    ]
    return "\n".join(lines)


def _proposed(row: Mapping[str, Any]) -> str:
    what = _PROPOSALS[row["proposal"]].format(subject=plain(row["subject"]))
    return f"{what} (chance of being wrong {row['chance_wrong']:.1%}, seen on {row['sample']})"


def _rate(defect: Mapping[str, Any]) -> str:
    if defect["rate_ratio"] is None:
        return "fail more often than others"
    text = f"fail {defect['rate_ratio']:.1f} times as often as others"
    if defect["low"] is None or defect["high"] is None:
        return text
    return f"{text} (90 % interval {defect['low']:.1f} to {defect['high']:.1f})"


def _rivals(defect: Mapping[str, Any]) -> str:
    """What the data cannot tell the defect from, where there is anything."""
    unlike = defect["cannot_separate"]
    return f"; by the data alone it {plain(unlike)}" if unlike else ""


def _ahead(defect: Mapping[str, Any]) -> str:
    mean, low, high = (
        defect[name] or 0.0 for name in ("forecast_faults_90d", "forecast_low", "forecast_high")
    )
    return f"{mean:.0f} more faults in 90 days (90 % interval {low:.0f} to {high:.0f})"


def _where(defect: Mapping[str, Any]) -> str:
    known = [f"{name} {plain(defect[name])}" for name in _PLACE if defect[name] is not None]
    return ", ".join(known).replace("component_lot", "component lot") or "not narrowed down"
