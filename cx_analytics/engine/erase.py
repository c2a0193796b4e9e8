"""A customer's rows in derived Parquet tables: found and taken out, file by file.

Belongs here: which rows of which columns are a customer's, and rewriting a file without them
(a DELETE would leave the bytes). Stays out: the lake, which keeps versions (ingest), and the
order of an erasure (cli).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.engine.duck import Duck


def columns_of(duck: Duck, relation: str) -> dict[str, str]:
    """Name → SQL type of a relation's columns."""
    described = duck.frame(f"SELECT column_name, column_type FROM (DESCRIBE {relation})")
    return {str(name): str(kind) for name, kind in described.iter_rows()}


def whose_rows(columns: Mapping[str, str]) -> str | None:
    """SQL that is true for rows of $customer; None when no column tells whose a row is.

    A row is a customer's by its customer_id, by a condition on it (an individual cause), or
    as a value of the attribute customer_id (the exposure that was counted for such a cause).

    >>> whose_rows({"customer_id": "VARCHAR", "score": "DOUBLE"})
    '"customer_id" = $customer'
    """
    tests = []
    if columns.get("customer_id") == "VARCHAR":
        tests.append('"customer_id" = $customer')
    if columns.get("conditions", "").startswith("MAP"):
        own = "map_extract(\"conditions\", 'customer_id')"
        tests.append(f"list_contains({own}, $customer)")
    for name in columns:
        kind, _, place = name.partition("_")
        value = f"value_{place}"
        if kind == "attribute" and columns.get(value) == "VARCHAR":
            own = f"{quote(name)} = 'customer_id'"
            tests.append(f"({own} AND {quote(value)} = $customer)")
    return " OR ".join(tests) or None


def count_rows(duck: Duck, path: Path, customer: str) -> int:
    """How many rows of a Parquet file are a customer's."""
    whose = whose_rows(columns_of(duck, f"SELECT * FROM {_file(path)}"))
    if whose is None:
        return 0
    counted = f"SELECT count(*) FROM {_file(path)} WHERE {whose}"
    return int(duck.frame(counted, {"customer": customer}).item())


def drop_rows(duck: Duck, path: Path, customer: str) -> None:
    """Replace a Parquet file by one without the rows of a customer."""
    whose = whose_rows(columns_of(duck, f"SELECT * FROM {_file(path)}"))
    if whose is not None:
        kept = f"SELECT * FROM {_file(path)} WHERE ({whose}) IS NOT TRUE"
        duck.copy(kept, path, {"customer": customer})


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"
