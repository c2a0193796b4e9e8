import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_analytics.contracts.errors import SettingsError
from cx_analytics.contracts.settings import Metric
from cx_analytics.experience import score_sql, scored_sql

LATENCY = Metric("latency", "latency_ms", "ms", good=100, bad=1000)
OPINION = Metric("opinion", "mos", "1-5", good=4, bad=2, weight=3)
COLUMNS = ("fault_code", "latency_ms", "mos")
NUMBERS = st.none() | st.floats(allow_nan=True, allow_infinity=True)


def score(
    fault: str | None,
    latency: float | None,
    opinion: float | None = None,
    metrics: tuple[Metric, ...] = (LATENCY, OPINION),
) -> float:
    sql = scored_sql(
        "SELECT CAST($fault AS VARCHAR) AS fault_code, CAST($latency AS DOUBLE) AS latency_ms, "
        "CAST($opinion AS DOUBLE) AS mos",
        score_sql(metrics, {"drop": 0.5, "it's": 1.0}, 0.8, COLUMNS),
    )
    values = {"fault": fault, "latency": latency, "opinion": opinion}
    (row,) = duckdb.execute(sql, values).fetchall()
    return float(row[-1])


@pytest.mark.parametrize(
    ("fault", "latency", "opinion", "expected"),
    [
        (None, None, None, 100),
        (None, 50.0, None, 100),
        (None, 550.0, None, 50),
        (None, 5000.0, None, 0),
        (None, 550.0, 4.5, 87.5),
        (None, 550.0, 2.0, 12.5),
        (None, float("nan"), 3.0, 50),
        ("drop", None, None, 50),
        ("drop", 550.0, None, 25),
        ("it's", 50.0, 5.0, 0),
        ("unknown", None, None, 20),
    ],
)
def test_score(
    fault: str | None, latency: float | None, opinion: float | None, expected: float
) -> None:
    assert score(fault, latency, opinion) == pytest.approx(expected, abs=1e-9)


@settings(deadline=None)
@given(st.sampled_from([None, "drop", "it's", "?"]), NUMBERS, NUMBERS)
def test_score_stays_between_0_and_100(
    fault: str | None, latency: float | None, opinion: float | None
) -> None:
    assert 0 <= score(fault, latency, opinion) <= 100


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.none() | st.floats(1, 5))
def test_more_latency_never_feels_better(one: float, other: float, opinion: float | None) -> None:
    low, high = sorted((one, other))
    assert score(None, high, opinion) <= score(None, low, opinion) + 1e-9
    assert score("drop", high, opinion) <= score(None, high, opinion)


def test_a_metric_without_column_or_weight_is_left_out() -> None:
    missing = Metric("jitter", "jitter_ms", "ms", good=1, bad=9)
    ignored = Metric("latency", "latency_ms", "ms", good=100, bad=1000, weight=0)
    assert score(None, 1000.0, None, (missing, ignored)) == 100


def test_names_are_quoted() -> None:
    odd = Metric("odd", 'a"b', "", good=1, bad=0)
    sql = score_sql([odd], {}, 0.5, ['a"b', "fault_code"])
    query = f'SELECT {sql} FROM (SELECT 0.25 AS "a""b", NULL AS fault_code)'
    assert duckdb.sql(query).fetchall() == [(25.0,)]


@pytest.mark.parametrize(
    ("metric", "severity"),
    [
        (LATENCY, 1.5),
        (LATENCY, float("nan")),
        (Metric("flat", "mos", "", good=1, bad=1), 0.5),
        (Metric("endless", "mos", "", good=1, bad=float("inf")), 0.5),
        (Metric("negative", "mos", "", good=1, bad=0, weight=-1), 0.5),
    ],
)
def test_what_cannot_be_used_is_refused(metric: Metric, severity: float) -> None:
    with pytest.raises(SettingsError):
        score_sql([metric], {"drop": severity}, 0.5, COLUMNS)
