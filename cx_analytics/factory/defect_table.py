"""Defects: the causes that a factory can act on, with the units behind them and a forecast.

Belongs here: the table `defects`. Stays out: matching of units (sql/factory/), single units
(risk.py) and holds (hold_table.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from cx_analytics.contracts.frames import frame_of
from cx_analytics.contracts.tables import DEFECTS
from cx_analytics.contracts.words import confidence_word
from cx_analytics.factory.exposure import with_exposure
from cx_analytics.factory.gamma import Prediction, dispersion, predict
from cx_analytics.factory.genealogy import component_of, defect_causes, defect_id, focus, is_open

FORECAST_DAYS = 90
"""How far ahead faults are forecast."""

ON_HOLD = "non_sellable_other"
"""CBV disposition of a quality hold (GS1 CBV 2.0, section 7.2); its business step is holding."""

NEEDS_REPLACEMENT = "needs_replacement"
"""CBV disposition of a unit with a failed component (GS1 CBV 2.0, section 7.2)."""

_NORMAL_90 = 2 * 1.6448536269514722
"""Width of a normal 90 % interval in standard deviations."""


@dataclass(frozen=True)
class Population:
    """Sums over the units under one defect."""

    made: int = 0
    in_field: int = 0
    failed: int = 0
    days: float = 0.0
    spread: float = 1.0
    lot: str | None = None
    line: str | None = None
    site: str | None = None


def defects(
    causes: pl.DataFrame,
    units: pl.DataFrame,
    components: pl.DataFrame,
    *,
    begin: datetime,
    end: datetime,
) -> pl.DataFrame:
    """The table `defects`: one row a cause that is the factory's (see genealogy.py).

    Parameters
    ----------
    causes : the table `causes`.
    units : what `factory/defect_units` gives for `defect_conditions(causes)`.
    components : what `factory/defect_components` gives.
    begin, end : the window of the sessions behind `units`, half-open, UTC.

    Returns
    -------
    The contract DEFECTS. `units_in_field` counts units with a service date or a session before
    `end`; `units_failed` those whose faults' shares by the cause add up to 0.5 or more. Lot,
    line and site are filled when all units made share one. The forecast is the excess rate a
    unit-day (gamma posterior with over-dispersion between units and the uncertainty of the
    attribution) times the units in the field times 90 days; 0 for a cause that has ended.
    """
    exposed = with_exposure(units, begin, end)
    rows = [_defect(cause, exposed, components, end) for cause in defect_causes(causes)]
    return frame_of(rows, DEFECTS)


def _defect(
    cause: Mapping[str, Any], units: pl.DataFrame, components: pl.DataFrame, end: datetime
) -> dict[str, Any]:
    identity = defect_id(cause["cause_id"])
    conditions = dict(sorted(cause["conditions"].items()))
    group = population(units.filter(pl.col("defect_id") == identity))
    ahead = _forecast(cause, group, end)
    return {
        "defect_id": identity,
        "cause_id": cause["cause_id"],
        "conditions": conditions,
        "lot": conditions.get("lot") or group.lot,
        "line": conditions.get("line") or group.line,
        "site": conditions.get("site") or group.site,
        **_blamed(conditions, components.filter(pl.col("defect_id") == identity)),
        "units_made": group.made,
        "units_in_field": group.in_field,
        "units_failed": group.failed,
        "rate_ratio": cause["rate_ratio"],
        "low": cause["rate_ratio_low"],
        "high": cause["rate_ratio_high"],
        "excess_faults": cause["excess_faults"],
        "forecast_faults_90d": ahead.mean,
        "forecast_low": ahead.low,
        "forecast_high": ahead.high,
        "recommended_disposition": recommended_disposition(
            conditions, cause["probability"], is_open(cause["valid_to"], end)
        ),
        "probability": cause["probability"],
    }


def population(units: pl.DataFrame) -> Population:
    """Sums over the units of one defect (with the columns of `with_exposure`)."""
    if units.is_empty():
        return Population()
    made, field = units.filter("made"), units.filter("in_field")
    spread = dispersion(
        field["faults"].to_numpy().astype(np.float64), field["days"].to_numpy().astype(np.float64)
    )
    return Population(
        made=made.height,
        in_field=field.height,
        failed=int(units["failed"].sum()),
        days=float(field["days"].sum()),
        spread=spread,
        lot=_shared(made, "lot"),
        line=_shared(made, "line"),
        site=_shared(made, "site"),
    )


def _shared(units: pl.DataFrame, column: str) -> str | None:
    """The value that all units share, or None."""
    values = units[column].unique()
    return values[0] if values.len() == 1 else None


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
        "supplier": supplier or _shared(inside, "supplier"),
        "component_lot": lot or _shared(inside, "component_lot"),
    }


def _forecast(cause: Mapping[str, Any], group: Population, end: datetime) -> Prediction:
    if not is_open(cause["valid_to"], end):
        return Prediction(0.0, 0.0, 0.0)
    excess = max(cause["excess_faults"] or 0.0, 0.0)
    low, high = cause["excess_low"], cause["excess_high"]
    known = low is not None and high is not None and excess > 0
    return predict(
        count=excess,
        exposure=group.days,
        spread=group.spread,
        uncertainty=(high - low) / _NORMAL_90 / excess if known else 0.0,
        horizon=group.in_field * FORECAST_DAYS,
    )


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
