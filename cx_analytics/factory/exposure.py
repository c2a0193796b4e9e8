"""Units under a defect as exposure: since when in the field, how long, failed or not.

Belongs here: columns that follow from one row of `factory/defect_units`. Stays out: sums over
units (defect_table.py) and probabilities (risk.py).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

FORECAST_DAYS = 90
"""How far ahead faults, returns and the risk of units are told."""

FAILED_SHARE = 0.5
"""A unit has failed by a defect when its faults' shares add up to this much: more likely than
not it met one fault by it."""

UNIT_SCHEMA = pl.Schema(
    {
        "defect_id": pl.String(),
        "unit_id": pl.String(),
        "made": pl.Boolean(),
        "device_model": pl.String(),
        "hardware_revision": pl.String(),
        "lot": pl.String(),
        "site": pl.String(),
        "line": pl.String(),
        "gtin": pl.String(),
        "produced_at": pl.Datetime("us"),
        "shipped_at": pl.Datetime("us"),
        "in_service_at": pl.Datetime("us"),
        "first_seen": pl.Datetime("us"),
        "sessions": pl.Int64(),
        "faults": pl.Float64(),
        "faults_ever": pl.Float64(),
        "valid_from": pl.Datetime("us"),
        "valid_to": pl.Datetime("us"),
    }
)
"""What `factory/defect_units` gives."""

DAILY_SCHEMA = pl.Schema(
    {
        "defect_id": pl.String(),
        "day": pl.Date(),
        "sessions": pl.Int64(),
        "faults": pl.Float64(),
    }
)
"""What `factory/defect_use` gives."""

_DAY_US = 86_400_000_000


def with_exposure(units: pl.DataFrame, begin: datetime, end: datetime) -> pl.DataFrame:
    """Add `in_field`, `failed`, `open` and `days` to the units under defects.

    A unit is in the field from its first service or its first session on, whichever is known
    to be earlier. `days` counts its time in the field within the window [begin, end) while
    the cause holds.
    """
    service = pl.min_horizontal("in_service_at", "first_seen")
    since = pl.max_horizontal(service, "valid_from", pl.lit(begin, dtype=pl.Datetime("us")))
    until = pl.min_horizontal("valid_to", pl.lit(end, dtype=pl.Datetime("us")))
    in_field = (service < end).fill_null(False)
    days = (until - since).dt.total_microseconds().clip(lower_bound=0) / _DAY_US
    return units.with_columns(
        in_field.alias("in_field"),
        (pl.col("faults_ever") >= FAILED_SHARE).alias("failed"),
        (pl.col("valid_to").is_null() | (pl.col("valid_to") > end)).alias("open"),
        pl.when(in_field).then(days).otherwise(0.0).alias("days"),
    )


def units_at_risk(
    units: pl.DataFrame, risk: pl.DataFrame, *, begin: datetime, end: datetime
) -> pl.DataFrame:
    """The units under each defect as a feedback pack lists them, the riskiest first.

    Parameters
    ----------
    units : what `factory/defect_units` gives.
    risk : the table `unit_risk`.
    begin, end : the window of the sessions behind `units`, half-open, UTC.

    Returns
    -------
    The units with `in_field`, `failed` and, for those in the field, `probability_90d`, `low`
    and `high`. How often a unit is used stays here: that is the customer's.
    """
    exposed = with_exposure(units, begin, end)
    private = ("sessions", "faults", "faults_ever", "first_seen", "in_service_at", "open", "days")
    chances = risk.select("unit_id", "defect_id", "probability_90d", "low", "high")
    return (
        exposed.drop(*private, "valid_from", "valid_to")
        .join(chances, on=["unit_id", "defect_id"], how="left")
        .sort(
            ["defect_id", "probability_90d", "unit_id"],
            descending=[False, True, False],
            nulls_last=True,
        )
    )
