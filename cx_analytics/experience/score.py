"""The score of one session, as a SQL expression made from metrics and fault severities.

Belongs here: the formula and its translation to SQL. Stays out: reading cx.toml, customer days.

    points of a metric    100 at `good` or better, 0 at `bad` or worse, linear between
    quality               mean of the points of the metrics that are present, by their weights;
                          100 when none is
    score                 quality × (1 − severity of the fault); no fault has severity 0

So a flawless session without a fault has 100, and one with a fault of severity 1 has 0.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.contracts.settings import Metric


def score_sql(
    metrics: Sequence[Metric],
    fault_severity: Mapping[str, float],
    default_severity: float,
    columns: Collection[str],
) -> str:
    """The score (0–100, DOUBLE, never null) as an expression over a sessions relation.

    Parameters
    ----------
    metrics : what is measured; one whose column is not in `columns` is left out, and so is a
        value that is null or not a number.
    fault_severity : fault code → share of the quality that such a fault takes (0–1).
    default_severity : share for a code that is not listed (0–1).
    columns : columns of the relation; `fault_code` must be one of them.

    Raises
    ------
    SettingsError : a severity outside 0–1, or a metric that has no direction or no finite bound.

    >>> score_sql([], {}, 0.5, ["fault_code"])
    '1e2 * (1e0 - CASE WHEN "fault_code" IS NULL THEN 0e0 ELSE 0.5e0 END)'
    """
    present = [_checked(metric) for metric in metrics if metric.column in columns]
    used = [metric for metric in present if metric.weight > 0]
    severity = _severity(fault_severity, default_severity)
    return f"{_quality(used)} * (1e0 - {severity})"


def scored_sql(sessions_sql: str, score: str) -> str:
    """The sessions query with its score as the last column.

    >>> scored_sql("SELECT 1 AS a", "1e2")
    'SELECT *, 1e2 AS experience_score FROM (SELECT 1 AS a) AS scored'
    """
    return f"SELECT *, {score} AS experience_score FROM ({sessions_sql}) AS scored"


def _checked(metric: Metric) -> Metric:
    numbers = (metric.good, metric.bad, metric.weight)
    if not all(map(math.isfinite, numbers)) or metric.good == metric.bad or metric.weight < 0:
        raise SettingsError(
            f"good, bad and weight of the metric {metric.name!r} cannot be used: {numbers}",
            where=f"[metrics.{metric.name}]",
            todo="give finite numbers, good unlike bad, and a weight of 0 or more",
        )
    return metric


def _quality(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return "1e2"
    points = " + ".join(
        f"coalesce({_number(metric.weight)} * {_points(metric)}, 0e0)" for metric in metrics
    )
    weights = " + ".join(
        f"CASE WHEN {_is_measured(metric)} THEN {_number(metric.weight)} ELSE 0e0 END"
        for metric in metrics
    )
    mean = f"coalesce(({points}) / nullif({weights}, 0e0), 1e0)"
    return f"1e2 * greatest(0e0, least(1e0, {mean}))"


def _points(metric: Metric) -> str:
    """The points of a metric over 100, or null when it was not measured."""
    bad, span = _number(metric.bad), _number(metric.good - metric.bad)
    share = f"({quote(metric.column)} - {bad}) / {span}"
    return f"CASE WHEN {_is_measured(metric)} THEN greatest(0e0, least(1e0, {share})) END"


def _is_measured(metric: Metric) -> str:
    name = quote(metric.column)
    return f"{name} IS NOT NULL AND NOT isnan({name})"


def _severity(fault_severity: Mapping[str, float], default_severity: float) -> str:
    for code, share in (*fault_severity.items(), ("default", default_severity)):
        if not 0 <= share <= 1:
            raise SettingsError(
                f"the severity {share} of the fault {code!r} is no share",
                where="[fault_severity]",
                todo="give a number from 0 to 1",
            )
    known = "".join(
        f'WHEN "fault_code" = {literal(code)} THEN {_number(share)} '
        for code, share in sorted(fault_severity.items())
    )
    none = 'WHEN "fault_code" IS NULL THEN 0e0'
    return f"CASE {none} {known}ELSE {_number(default_severity)} END"


def _number(value: float) -> str:
    """A number as a DOUBLE literal: without an exponent SQL would take a decimal."""
    text = repr(float(value)).removesuffix(".0")
    double = text if "e" in text else f"{text}e0"
    return f"({double})" if value < 0 else double
