"""The step map in money: what work, waiting, rejects and field faults cost at each transition.

Belongs here: rates and what follows from them. Stays out: counting (sql/supply/step_map.sql).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.frames import schema_of
from cx_analytics.contracts.tables import STEP_MAP

RATES: Mapping[str, pl.Expr] = {
    "work_hour": pl.col("work_s") / 3600,
    "wait_hour": pl.col("wait_s") / 3600,
    "rework": pl.col("rework"),
    "reject_piece": pl.coalesce("scrap_made", "scrap"),
    "field_fault": pl.col("field_faults"),
}
"""The rates that [costs] of cx.toml may give, each with the amount that it multiplies.

A reject costs where it was made, not where it was found.
"""

_FIELD_FAULT = pl.Schema(
    {
        "unit_id": pl.String(),
        "lot": pl.String(),
        "line": pl.String(),
        "station": pl.String(),
        "faults": pl.Float64(),
    }
)


def no_field_faults() -> pl.DataFrame:
    """The relation `field_fault` of the model supply/field_spread, empty."""
    return pl.DataFrame(schema=_FIELD_FAULT)


def step_map(
    transitions: pl.DataFrame,
    costs: Mapping[str, float],
    made: pl.DataFrame | None = None,
    faults: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The table step_map: transitions of the model supply/step_map with their cost.

    Parameters
    ----------
    transitions : rows of the model, one a transition.
    costs : money by the names of RATES, as [costs] of cx.toml gives them; a rate that is not
        given costs nothing. Without any, the cost is null: unknown, not free.
    made : rejects where they were made (MADE_REJECTS); without, scrap_made is null.
    faults : faults in the field where they were made (MADE_FAULTS); without any, field_faults is
        null: the field is silent.

    Raises
    ------
    SettingsError : for a rate that does not exist.
    """
    for name in costs:
        if name not in RATES:
            raise SettingsError(
                f"[costs] {name} is no rate", where="cx.toml", todo=did_you_mean(name, RATES)
            )
    known = None if faults is None or faults.is_empty() else faults
    mapped = _with_made(transitions, "scrap_made", "rejects", made)
    mapped = _with_made(mapped, "field_faults", "faults", known)
    priced = mapped.with_columns(_cost(costs).alias("cost"))
    schema = schema_of(STEP_MAP)
    return priced.select(pl.col(name).cast(kind) for name, kind in schema.items())


def _with_made(
    transitions: pl.DataFrame, name: str, amount: str, made: pl.DataFrame | None
) -> pl.DataFrame:
    """The transitions with what the step after made; 0 where nothing, null where none is known."""
    if made is None:
        return transitions.with_columns(pl.lit(None, pl.Float64).alias(name))
    by = {"from_step": "from_step", "step": "to_step"}
    sums = made.rename(by).group_by(*by.values()).agg(pl.col(amount).sum().alias(name))
    joined = transitions.join(
        sums, on=[*by.values()], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined.with_columns(pl.col(name).fill_null(0.0))


def _cost(costs: Mapping[str, float]) -> pl.Expr:
    if not costs:
        return pl.lit(None, pl.Float64)
    return pl.sum_horizontal(RATES[name].fill_null(0) * rate for name, rate in costs.items())
