"""The table reject_causes: what makes rejects, how many, how sure that is, and what it costs.

Belongs here: found makers → rows for people. Stays out: finding them (search.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.ids import stable_id
from cx_analytics.contracts.tables import REJECT_CAUSES
from cx_analytics.supply.evidence import MARGIN, ratio_interval
from cx_analytics.supply.scan import MATERIAL, WAYS, Floats, Scan
from cx_analytics.supply.search import Found, Maker
from cx_analytics.supply.strictness import without

COLUMN_OF = {"machine": "resource"}
"""Columns of the table that are called otherwise than in a scan."""

Row = dict[str, Any]


def reject_causes(scan: Scan, found: Found, reject_piece: float | None = None) -> pl.DataFrame:
    """Rows of the table reject_causes, the most excess rejects first.

    Parameters
    ----------
    scan, found : the counts, and what `search` made of them.
    reject_piece : money that a rejected piece costs; None when unknown.
    """
    rows = [_row(scan, found, maker) for maker in found.makers]
    for row in rows:
        for end in ("", "_low", "_high"):
            amount = row[f"excess{end or '_rejects'}"]
            row[f"cost{end}"] = None if reject_piece is None else amount * reject_piece
    rows.sort(key=lambda row: (-row["excess_rejects"], row["label"]))
    ranked = ({**row, "rank": rank} for rank, row in enumerate(rows, start=1))
    return frame_of(ranked, REJECT_CAUSES)


def condition_words(condition: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a condition of a scan, named as people ask for them.

    >>> condition_words({"kind": "machine", "step": "cut", "machine": "M1", "shift": None})
    {'resource': 'M1', 'step': 'cut'}
    >>> condition_words({"kind": "material", "attribute": "modem_lot", "value": "L7"})
    {'modem_lot': 'L7'}
    """
    if condition["kind"] == MATERIAL:
        return {condition["attribute"]: condition["value"]}
    named = {COLUMN_OF.get(way, way): condition.get(way) for way in WAYS}
    return {key: str(named[key]) for key in sorted(named) if named[key] is not None}


def label_of(condition: Mapping[str, Any]) -> str:
    """The condition as text, keys in alphabetical order."""
    return " & ".join(f"{key}={value}" for key, value in condition_words(condition).items())


def cause_id(condition: Mapping[str, Any]) -> str:
    """Identity of what a condition makes: that of its words."""
    words = condition_words(condition)
    return stable_id("r", *(f"{key}={value}" for key, value in words.items()))


def _material(condition: Mapping[str, Any]) -> Row:
    """Columns of a material; `lot` is the case's own unless a component is named."""
    component, _, last = condition["attribute"].rpartition("_")
    key = "supplier" if last == "supplier" else "lot"
    where = {"component": component or None, "step": condition["built_in_at"]}
    return {**where, key: condition["value"]}


def _row(scan: Scan, found: Found, maker: Maker) -> Row:
    at, excess = maker.condition, maker.excess
    condition = scan.conditions.row(at, named=True)
    rest = without(scan, found.hazard, at)
    ratio, low, high = ratio_interval(scan, at, excess, rest, maker.effect)
    shows = excess[scan.step_of] > 0
    under = scan.member[at].toarray().ravel() * shows[scan.looks["stratum"].to_numpy()]
    rejects = scan.looks["rejects"].to_numpy()
    explained = float(shares_of(scan, found, at).sum())
    exposure = scan.exposure[at].toarray().ravel() * shows

    def excess_at(end: float) -> float:
        more = (end - 1) / (ratio - 1) * excess[scan.step_of] * exposure
        return float(min(np.sum(scan.rejects * more / (rest.reach + more)), rejects @ under))

    words = condition_words(condition)
    where = words if "step" in words else _material(condition)
    return {
        **where,
        "reject_cause_id": cause_id(condition),
        "label": label_of(condition),
        "found_at": _found_at(scan, under),
        "pieces": float(exposure.sum()),
        "rejects": float(rejects @ under),
        "expected_rejects": float(rejects @ under) - explained,
        "excess_rejects": explained,
        "excess_low": min(excess_at(low), explained),
        "excess_high": max(excess_at(high), explained),
        "rate_ratio": ratio,
        "rate_ratio_low": low,
        "rate_ratio_high": high,
        "probability": probability(maker),
        "evidence": maker.evidence,
        "rivals": "; ".join(
            label_of(scan.conditions.row(one, named=True)) for one, _ in maker.rivals
        )
        or None,
    }


def shares_of(scan: Scan, found: Found, condition: int) -> Floats:
    """Rejects of each look that a maker explains; shape (R,)."""
    looking = scan.step_of[scan.looks["stratum"].to_numpy()]
    excess = scan.member[condition].toarray().ravel() * found.hazard.excess[condition][looking]
    explained: Floats = scan.looks["rejects"].to_numpy() * excess / found.hazard.risk
    return explained


def _found_at(scan: Scan, under: np.ndarray) -> str:
    """The steps that booked its rejects, most first."""
    booked = (
        scan.looks.with_columns(pl.Series("under", under))
        .filter(pl.col("under") > 0)
        .group_by("booked_at")
        .agg(pl.col("rejects").sum())
        .sort("rejects", "booked_at", descending=[True, False])
    )
    return ", ".join(booked["booked_at"])


def probability(maker: Maker) -> float:
    """How probable it is that this condition makes the rejects, and not a rival or chance.

    The price of naming a condition is its prior, so the evidence with its margin given back is
    the log odds against chance; rivals share what speaks for either.

    >>> round(probability(Maker(0, 2.0, 1.0, np.ones(1))), 3)
    0.971
    >>> probability(Maker(0, 2.0, 1.0, np.ones(1), rivals=((1, 2.0),))) < 0.5
    True
    """
    others = sum(exp(min(evidence - maker.evidence, 700)) for _, evidence in maker.rivals)
    return 1 / (1 + others + exp(-maker.evidence - MARGIN))
