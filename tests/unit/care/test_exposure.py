from datetime import datetime

import duckdb
import polars as pl

from cx_analytics.care import exposure_sql, individual_causes
from cx_analytics.contracts.words import label

SESSIONS = """
CREATE TABLE sessions AS SELECT * FROM (VALUES
  ('s1', 'c1', TIMESTAMP '2026-01-01 00:00:00', true,  'u1', 'L''1', 'n1'),
  ('s2', 'c1', TIMESTAMP '2026-01-02 00:00:00', false, 'u1', 'L''1', 'n2'),
  ('s3', 'c1', TIMESTAMP '2026-01-03 00:00:00', false, 'u2', NULL,   'n1'),
  ('s4', 'c1', TIMESTAMP '2026-01-03 00:00:00', false, 'u2', NULL,   'n2'),
  ('s5', 'c2', TIMESTAMP '2026-01-01 00:00:00', false, 'u1', 'L''1', 'n1')
) AS session (session_id, customer_id, started_at, faulty, unit_id, lot, cell_id)
"""


def causes(*rows: tuple[str, dict[str, str], datetime | None, datetime | None]) -> pl.DataFrame:
    """Causes (kind, conditions, valid_from, valid_to), named by their label."""
    return pl.DataFrame(
        {
            "cause_id": [label(row[1]) for row in rows],
            "kind": [row[0] for row in rows],
            "conditions": [row[1] for row in rows],
            "valid_from": [row[2] for row in rows],
            "valid_to": [row[3] for row in rows],
        },
        schema={
            "cause_id": pl.String,
            "kind": pl.String,
            "conditions": pl.Map(pl.String(), pl.String()),
            "valid_from": pl.Datetime("us"),
            "valid_to": pl.Datetime("us"),
        },
    )


def exposed(found: pl.DataFrame) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(SESSIONS)
        connection.register("individual_cause", individual_causes(found).to_arrow())
        return connection.sql(exposure_sql(found)).fetchall()


def test_exposed_sessions_and_the_run_without_after_them() -> None:
    second = datetime(2026, 1, 2)
    found = causes(
        ("shared", {"lot": "L'1"}, None, None),
        ("shared", {"cell_id": "n1"}, None, second),
        ("shared", {"cell_id": "n2", "lot": "L'1"}, second, None),
        ("shared", {"cell_id": "n9"}, None, None),
        ("individual", {"unit_id": "u1"}, None, None),
        ("individual", {"customer_id": "c1"}, second, None),
        ("individual", {"customer_id": "c1", "cell_id": "n1"}, None, None),
    )
    assert exposed(found) == [
        ("c1", "cell_id=n1", 1, 1, 3),
        ("c1", "cell_id=n1 & customer_id=c1", None, 2, 1),
        ("c1", "cell_id=n2 & lot=L'1", 3, 1, 2),
        ("c1", "customer_id=c1", None, 3, 0),
        ("c1", "lot=L'1", 4, 2, 2),
        ("c1", "unit_id=u1", None, 2, 2),
    ]


def test_no_causes_no_exposure() -> None:
    assert exposed(causes()) == []
