"""The queries of the factory's page: each runs as printed, and finds what it promises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cx_analytics

PAGE = Path(__file__).parents[3] / "docs" / "roles" / "factory.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
PLANTED = {"SN0102161": "U1", "MO-7001": "M1"}
"""Ids of the sample data on the page, and who stands for them in the small warehouse."""


def found(workspace: Path, query: str) -> list[dict[str, Any]]:
    for sample, small in PLANTED.items():
        query = query.replace(sample, small)
    with cx_analytics.connect(workspace) as connection:
        return connection.sql(query).pl().to_dicts()


def test_the_page_has_one_query_each_way() -> None:
    assert len(QUERIES) == 2
    assert all(any(sample in query for sample in PLANTED) for query in QUERIES)


def test_a_serial_has_its_whole_genealogy_in_one_query(workspace: Path) -> None:
    (row,) = found(workspace, QUERIES[0])
    named = ("unit_id", "device_model", "lot", "component", "component_lot", "supplier")
    assert [row[name] for name in named] == ["U1", "X", "L1", "modem", "M1", "Acme"]


def test_a_component_lot_has_all_its_serials_in_one_query(workspace: Path) -> None:
    assert [(row["unit_id"], row["lot"]) for row in found(workspace, QUERIES[1])] == [("U1", "L1")]


@pytest.mark.parametrize("query", QUERIES)
def test_no_query_reaches_a_customer(workspace: Path, query: str) -> None:
    assert not any("customer" in name for row in found(workspace, query) for name in row)
