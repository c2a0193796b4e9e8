"""Pictures of one defect for its 8D report: when, and beside whom.

Belongs here: how they look. Stays out: the numbers (sql/factory/) and the report (exchange).
Values come from the factory's own data (lots, lines, suppliers); no customer, no unit.
"""

from __future__ import annotations

from typing import Any

import polars as pl

# The look of all our pictures is said once, in plots.py; it is none of the package's surface.
from cx_analytics.report.plots import Spec, Theme, _base, _days, _values, cause_colours

SHOWN_SISTERS = 12
"""Sisters that are drawn beside the suspect: those in most use."""

SUSPECT, SISTER = "suspect", "sisters"
_LEVEL = 0.9
_RATE = "faults per 1000 sessions"


def defect_by_day(days: pl.DataFrame, *, theme: Theme = "light") -> Spec:
    """Raw fault rate of each day: the suspect units and their sisters of the same models.

    Parameters
    ----------
    days : `day`, `suspect`, `sessions`, `faults`, as the model factory/defect_days gives them.
    """
    drawn = days.filter(pl.col("sessions") > 0).select(
        "day", _group(), (1000 * pl.col("faults") / pl.col("sessions")).alias("rate")
    )
    return _base("Faults by day", theme, height=170) | {
        "data": {"values": _values(drawn)},
        "mark": {"type": "line", "point": {"size": 22}, "strokeWidth": 1.5},
        "encoding": {
            "x": _days(),
            "y": {"field": "rate", "type": "quantitative", "title": _RATE},
            "color": _colour(theme),
        },
    }


def sister_rates(sisters: pl.DataFrame, *, theme: Theme = "light") -> Spec:
    """Raw fault rate of the suspect and of its sisters, each with its 90 % interval.

    The interval of a Poisson count is exact (Garwood 1936, Biometrika 28, 437-442).

    Parameters
    ----------
    sisters : `attribute`, `value`, `suspect`, `sessions`, `faults`, as the model
        factory/sister_lots gives them.
    """
    used = sisters.filter(pl.col("sessions") > 0)
    ordered = used.sort(["suspect", "sessions", "value"], descending=[True, True, False])
    suspects = used.filter("suspect").height
    drawn = _with_interval(ordered.head(suspects + SHOWN_SISTERS))
    y = {"field": "name", "type": "nominal", "title": None, "sort": None}
    x: dict[str, Any] = {"type": "quantitative", "title": f"{_RATE} (90 % interval)"}
    attribute = str(used["attribute"][0]).replace("_", " ") if used.height else "value"
    return _base(f"Faults by {attribute}", theme, height={"step": 20}) | {
        "data": {"values": _values(drawn)},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "y": y,
                    "x": {"field": "low", **x},
                    "x2": {"field": "high"},
                    "color": _colour(theme),
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": {"y": y, "x": {"field": "rate", **x}, "color": _colour(theme)},
            },
        ],
    }


def _with_interval(used: pl.DataFrame) -> pl.DataFrame:
    from scipy.special import gammaincinv

    faults, sessions = used["faults"].to_numpy(), used["sessions"].to_numpy()
    tail = (1 - _LEVEL) / 2
    low = [gammaincinv(k, tail) if k else 0.0 for k in faults]
    high = [gammaincinv(k + 1, 1 - tail) for k in faults]
    return used.select(
        pl.col("value").str.slice(0, 40).alias("name"),
        _group(),
        pl.Series("rate", 1000 * faults / sessions, pl.Float64),
        pl.Series(
            "low", [1000 * end / n for end, n in zip(low, sessions, strict=True)], pl.Float64
        ),
        pl.Series(
            "high", [1000 * end / n for end, n in zip(high, sessions, strict=True)], pl.Float64
        ),
    )


def _group() -> pl.Expr:
    return pl.when("suspect").then(pl.lit(SUSPECT)).otherwise(pl.lit(SISTER)).alias("group")


def _colour(theme: Theme) -> dict[str, Any]:
    palette, _ = cause_colours(theme)
    return {
        "field": "group",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [SUSPECT, SISTER], "range": [palette[3], palette[0]]},
        "legend": {"orient": "bottom"},
    }
