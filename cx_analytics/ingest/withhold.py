"""Rows of erased customers in a file that is being taken in: quarantined, without their content.

Belongs here: marking judged rows and issues. Stays out: who is erased (suppress.py).

Called only when somebody was erased; it then costs one pass over the distinct customers of the
file, and one over its bad rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal
from cx_analytics.ingest.shapes import Issue
from cx_analytics.ingest.suppress import REASON, RULE, Suppressed


def withhold(rows: Path, columns: Sequence[str], listed: Suppressed, engine: SqlEngine) -> None:
    """Mark the judged rows (a Parquet file, replaced) that name an erased customer.

    Such a row breaks the rule `erased_customer` alone, and its record is gone. An action that
    reached the customer among others stays, without the mention.
    """
    source = f"read_parquet({literal(str(rows))}, hive_partitioning = false)"
    customers = _customers(source, listed, engine) if "customer_id" in columns else []
    lines = _bad_lines(source, listed, engine)
    exposed: dict[int, str | None] = {}
    if "exposed" in columns:
        about, exposed = _actions(source, listed, engine)
        lines += about
    if customers or lines or exposed:
        _rewrite(source, rows, customers, lines, exposed, engine)


def withheld(issue: Issue, listed: Suppressed) -> Issue:
    """An unreadable record, without its content when that names an erased customer."""
    if listed.mentions(issue.record) or listed.mentions(issue.reason):
        return replace(issue, rule=RULE, reason=REASON, record=None)
    return issue


def _customers(source: str, listed: Suppressed, engine: SqlEngine) -> list[str]:
    ids = engine.frame(f"SELECT DISTINCT customer_id FROM {source} WHERE customer_id IS NOT NULL")[
        "customer_id"
    ]
    return [one for one in ids if listed.names(one)]


def _bad_lines(source: str, listed: Suppressed, engine: SqlEngine) -> list[int]:
    bad = engine.frame(f"SELECT _line, _record FROM {source} WHERE _rule IS NOT NULL")
    return [line for line, record in bad.iter_rows() if listed.mentions(record)]


def _actions(
    source: str, listed: Suppressed, engine: SqlEngine
) -> tuple[list[int], dict[int, str | None]]:
    """Lines of actions on an erased customer, and the new `exposed` of those that reached one."""
    found = engine.frame(f"SELECT _line, conditions, exposed FROM {source} WHERE _rule IS NULL")
    about = [line for line, conditions, _ in found.iter_rows() if listed.concerns(conditions)]
    exposed = {
        line: listed.without(text) for line, _, text in found.iter_rows() if listed.mentions(text)
    }
    return about, exposed


def _rewrite(
    source: str,
    rows: Path,
    customers: list[str],
    lines: list[int],
    exposed: dict[int, str | None],
    engine: SqlEngine,
) -> None:
    engine.register("erased_id", pl.DataFrame({"id": customers}, schema={"id": pl.String}))
    engine.register("erased_line", pl.DataFrame({"line": lines}, schema={"line": pl.Int64}))
    whose = "_line IN (SELECT line FROM erased_line)"
    if customers:
        whose += " OR coalesce(customer_id IN (SELECT id FROM erased_id), false)"
    new = [
        f"CASE WHEN _erased THEN {literal(RULE)} ELSE _rule END AS _rule",
        f"CASE WHEN _erased THEN {literal(REASON)} ELSE _reason END AS _reason",
        "CASE WHEN NOT _erased THEN _record END AS _record",
    ]
    marked = f"SELECT *, ({whose}) AS _erased FROM {source}"
    if exposed:
        schema = {"line": pl.Int64, "left_over": pl.String}
        frame = pl.DataFrame(list(exposed.items()), schema=schema, orient="row")
        engine.register("new_exposed", frame)
        marked = f"SELECT r.*, line, left_over FROM ({marked}) AS r LEFT JOIN new_exposed"
        marked += " ON line = _line"
        new.append("CASE WHEN line IS NULL THEN exposed ELSE left_over END AS exposed")
    more = ", line, left_over" if exposed else ""
    engine.copy(
        f"SELECT * EXCLUDE (_erased{more}) REPLACE ({', '.join(new)}) FROM ({marked}) "
        "ORDER BY _seq",
        rows,
        passing=True,
    )
