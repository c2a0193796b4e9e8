"""DuckDB's SQL in Spark's: every model is translated, and what would differ is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from cx_analytics.engine.models import all_paths, load, sql_folder
from cx_analytics.engine.spark.dialect import NotPortable, asks_for_names, relations, spark_sql

MODELS = [str(path.relative_to(sql_folder()).with_suffix("")) for path in all_paths()]


def columns(_: str) -> Sequence[str]:
    return ["session_id", "lot", "_batch"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_translated(name: str) -> None:
    model = load(name)
    sql = model.bind({one: one for one in re.findall(r"@([a-z][a-z0-9_]*)", model.sql)})
    assert "$" not in spark_sql(sql, columns if asks_for_names(sql) else None)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT quantile_cont(x, 0.5) FROM t", "approximate percentile"),
        ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t", "approximate"),
        ("SELECT median(x) FROM t", "quantiles"),
        ("SELECT approx_quantile(x, 0.5) FROM t", "approximate"),
        ("SELECT approx_count_distinct(x) FROM t", "estimates"),
        ("SELECT string_agg(x, ',') FROM t", "order"),
        ("SELECT list(x) FROM t", "order"),
        ("SELECT random()", "chance"),
        ("SELECT current_date", "clock"),
        ("SELECT regr_slope(x, y) FROM t", "never compared"),
        ("SELECT some_new_function(x) FROM t", "never compared"),
        ("SELECT CAST(a / b AS BIGINT) FROM t", "rounds"),
        ("SELECT round(a, 2) FROM t", "tie"),
        ("SELECT round(a) FROM t", "tie"),
        ("SELECT date_diff('hour', a, b) FROM t", "only days"),
        ("SELECT from_json(a, '[\"BIGINT\"]') FROM t", "only a list of texts"),
        ("SELECT TRY(a / b) FROM t", "from_json only"),
        ("SELECT * FROM t USING SAMPLE 10 PERCENT", "samples differ"),
        ("SELECT FROM WHERE", "no query"),
    ],
)
def test_what_differs_is_refused(sql: str, why: str) -> None:
    with pytest.raises(NotPortable, match=why):
        spark_sql(sql)


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("SELECT epoch(a - b) FROM t", "(UNIX_MICROS(CAST(a AS TIMESTAMP_LTZ)) - "),
        ("SELECT date_diff('day', a, b) FROM t", "DATE_DIFF(CAST(b AS DATE), CAST(a AS DATE))"),
        ("SELECT arg_max(a, b) FROM t", "MAX_BY(a, b) FILTER(WHERE NOT a IS NULL)"),
        ("SELECT arg_max(a, b) FILTER (WHERE c) FROM t", "FILTER(WHERE c AND NOT a IS NULL)"),
        ("SELECT 0.1 * a FROM t", "0.1e0 * a"),
        ("SELECT hash(a) FROM t", "(XXHASH64(a) & 9223372036854775807)"),
        ("SELECT a FROM t ORDER BY a", "ORDER BY a NULLS LAST"),
        ("SELECT 'it''s $x \\n' AS a", "'it\\'s $x \\\\n'"),
        (
            "SELECT max(a) OVER w - b FROM t WINDOW w AS (ORDER BY a)",
            "MAX(a) OVER (ORDER BY a NULLS LAST) - b",
        ),
        (
            "SELECT max(a) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t "
            "WINDOW w AS (PARTITION BY b ORDER BY c)",
            "MAX(a) OVER (PARTITION BY b ORDER BY c NULLS LAST ROWS BETWEEN 1 PRECEDING AND",
        ),
        ("SELECT TRY(from_json(a, '[\"VARCHAR\"]')) FROM t", "FROM_JSON(a, 'ARRAY<STRING>')"),
        ("SELECT isinf(a) FROM t", "(ABS(a) = CAST('Infinity' AS DOUBLE))"),
    ],
)
def test_what_would_differ_is_mended(sql: str, spark: str) -> None:
    assert spark in spark_sql(sql)


def test_names_are_written_out() -> None:
    sql = "SELECT COLUMNS('^[^_]') FROM t UNION ALL BY NAME SELECT 1 AS a, 2 AS lot"
    assert asks_for_names(sql)
    assert spark_sql(sql, columns) == (
        "SELECT `session_id`, `lot`, NULL AS `a` FROM (SELECT `session_id`, `lot` FROM t) AS side "
        "UNION ALL "
        "SELECT NULL AS `session_id`, `lot`, `a` FROM (SELECT 1 AS a, 2 AS lot) AS side"
    )


def test_parameters_get_their_type() -> None:
    spark = spark_sql("SELECT $a, ':a' FROM t WHERE d = $a", types={"a": "DATE"})
    assert spark == "SELECT CAST(:a AS DATE), ':a' FROM t WHERE d = CAST(:a AS DATE)"


def test_what_a_query_reads() -> None:
    assert relations("WITH a AS (SELECT * FROM b) SELECT * FROM a JOIN c USING (x)") == {"b", "c"}
