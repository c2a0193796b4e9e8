"""Defects: the causes that a factory can act on, with the units behind them and a forecast.

Belongs here: the table `defects`. Stays out: matching of units (sql/factory/), the forecast
itself (forecast.py), single units (risk.py) and holds (hold_table.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import DEFECTS
from cx_analytics.contracts.words import confidence_word
from cx_analytics.factory.exposure import DAILY_SCHEMA, with_exposure
from cx_analytics.factory.forecast import faults_ahead, returns_ahead
from cx_analytics.factory.gamma import Prediction
from cx_analytics.factory.genealogy import component_of, defect_causes, defect_id, focus, is_open
from cx_analytics.factory.population import population, shared
from cx_analytics.factory.rivals import cannot_separate

ON_HOLD = "non_sellable_other"
"""CBV disposition of a quality hold (GS1 CBV 2.0, section 7.2); its business step is holding."""

NEEDS_REPLACEMENT = "needs_replacement"
"""CBV disposition of a unit with a failed component (GS1 CBV 2.0, section 7.2)."""


def defects(
    causes: pl.DataFrame,
    units: pl.DataFrame,
    components: pl.DataFrame,
    *,
    daily: pl.DataFrame | None = None,
    rivals: pl.DataFrame | None = None,
    begin: datetime,
    end: datetime,
) -> pl.DataFrame:
    """The table `defects`: one row a cause that is the factory's (see genealogy.py).

    Parameters
    ----------
    causes : the table `causes`.
    units : what `factory/defect_units` gives for `defect_conditions(causes)`.
    components : what `factory/defect_components` gives.
    daily : what `factory/defect_use` gives; without it, faults are taken to come independently.
    rivals : the table `cause_rivals`; without it, nothing is said of the credible set.
    begin, end : the window of the sessions behind `units`, half-open, UTC.

    Returns
    -------
    The contract DEFECTS. `units_in_field` counts units with a service date or a session before
    `end`; `units_failed` those whose faults' shares by the cause add up to 0.5 or more. Lot,
    line and site are filled when all units made share one. The forecasts are those of
    forecast.py: `forecast_low` and `forecast_high` hold 90 %.
    """
    exposed = with_exposure(units, begin, end)
    days = daily if daily is not None else pl.DataFrame(schema=DAILY_SCHEMA)
    unlike = cannot_separate(rivals) if rivals is not None else {}
    rows = [
        _defect(cause, exposed, days, components, end)
        | {"cannot_separate": unlike.get(cause["cause_id"])}
        for cause in defect_causes(causes)
    ]
    return frame_of(rows, DEFECTS)


def _defect(
    cause: Mapping[str, Any],
    units: pl.DataFrame,
    daily: pl.DataFrame,
    components: pl.DataFrame,
    end: datetime,
) -> dict[str, Any]:
    identity = defect_id(cause["cause_id"])
    conditions = dict(sorted(cause["conditions"].items()))
    mine = pl.col("defect_id") == identity
    members = units.filter(mine)
    group = population(members, daily.filter(mine))
    return {
        "defect_id": identity,
        "cause_id": cause["cause_id"],
        "conditions": conditions,
        "lot": conditions.get("lot") or group.lot,
        "line": conditions.get("line") or group.line,
        "site": conditions.get("site") or group.site,
        **_blamed(conditions, components.filter(mine)),
        "units_made": group.made,
        "units_in_field": group.in_field,
        "units_failed": group.failed,
        "rate_ratio": cause["rate_ratio"],
        "low": cause["rate_ratio_low"],
        "high": cause["rate_ratio_high"],
        "excess_faults": cause["excess_faults"],
        **_foretold("faults_90d", "forecast", faults_ahead(cause, group, end)),
        "recommended_disposition": recommended_disposition(
            conditions, cause["probability"], is_open(cause["valid_to"], end)
        ),
        "probability": cause["probability"],
        **_foretold("returns_90d", "returns", returns_ahead(cause, members, group, end)),
    }


def _foretold(what: str, prefix: str, ahead: Prediction) -> dict[str, float]:
    """A forecast as columns; the table takes the ends that it has."""
    ends = {f"{prefix}_{key}": value for key, value in asdict(ahead).items() if key != "mean"}
    return {f"forecast_{what}": ahead.mean, **ends}


def _blamed(conditions: Mapping[str, str], components: pl.DataFrame) -> dict[str, str | None]:
    """Component, supplier and component lot, when the conditions blame a component."""
    parts = [part for key in sorted(conditions) if (part := component_of(key))]
    if not parts:
        return {"component": None, "supplier": None, "component_lot": None}
    name = component_of(focus(conditions)) or parts[0]
    lot = conditions.get(f"{name.component}_lot")
    supplier = conditions.get(f"{name.component}_supplier")
    inside = components.filter(pl.col("component") == name.component)
    if lot is not None:
        inside = inside.filter(pl.col("component_lot") == lot)
    if supplier is not None:
        inside = inside.filter(pl.col("supplier") == supplier)
    return {
        "component": name.component,
        "supplier": supplier or shared(inside, "supplier"),
        "component_lot": lot or shared(inside, "component_lot"),
    }


def recommended_disposition(
    conditions: Mapping[str, str], probability: float, active: bool
) -> str | None:
    """The CBV disposition to set on the units, or None when none is justified.

    Nothing for an ended cause or a mere suspicion, and nothing when a whole model or site is to
    blame: that is for people to decide. A blamed component asks for its replacement; else the
    units go on quality hold (`recalled` is for public safety, `non_conformant` for a failed
    inspection: neither is known here).

    >>> recommended_disposition({"lot": "L1"}, 0.97, True)
    'non_sellable_other'
    >>> recommended_disposition({"modem_lot": "ML7"}, 0.97, True)
    'needs_replacement'
    >>> recommended_disposition({"device_model": "X"}, 0.97, True) is None
    True
    """
    narrowest = focus(conditions)
    if not active or confidence_word(probability) == "suspected":
        return None
    if narrowest in ("device_model", "site"):
        return None
    return NEEDS_REPLACEMENT if component_of(narrowest) else ON_HOLD
