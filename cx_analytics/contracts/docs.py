"""The contracts as a page for people: `python -m cx_analytics.contracts.docs > docs/tables.md`.

Belongs here: Markdown from the contracts. A test fails when the page in docs/ lags behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cx_analytics.contracts.feeds import COMPONENT_COLUMNS, FEEDS
from cx_analytics.contracts.model import Column, Feed, Table
from cx_analytics.contracts.tables import FEED_TABLES, TABLES

_INTRODUCTION = """# Feeds and tables

*Generated from `cx_analytics/contracts/`; change it there.*

Times are UTC without a zone; an offset on input is converted, a naive time is taken as UTC.
Ids are text, never numbers. Windows are half-open, `[valid_from, valid_to)`; null = not bounded
by the data on that side. A column marked `*` is required: it is never null.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join(
        [
            _INTRODUCTION,
            _contents(),
            "## Feeds: what may be dropped into `landing/<feed>/`\n",
            *(_feed(feed) for feed in FEEDS.values()),
            "## Tables: what people query in `warehouse/cx.duckdb`\n",
            *(_table(table) for table in TABLES.values()),
        ]
    )


def _contents() -> str:
    feeds = ", ".join(f"[{name}](#feed-{_anchor(name)})" for name in FEEDS)
    tables = ", ".join(f"[{name}](#table-{_anchor(name)})" for name in TABLES)
    return f"Feeds: {feeds}.\n\nTables: {tables}.\n"


def _anchor(name: str) -> str:
    return name.lower()


def _feed(feed: Feed) -> str:
    clock = feed.event_time
    where = f"partitioned by the UTC day of `{clock}`" if clock else "one partition"
    parts = [*_head("Feed", feed), f"In the lake: {where}.\n", _columns(feed.columns)]
    if feed.open_columns:
        parts.append("Further columns are kept once cx.toml names them.\n")
    if feed.rules:
        parts.append("A row goes to quarantine when:\n")
        parts += [f"- `{rule.name}`: {_cell(rule.meaning)}" for rule in feed.rules] + [""]
    if feed.aliases:
        parts.append("Accepted under other names:\n")
        parts += [f"- `{alias}` → `{name}`" for alias, name in feed.aliases.items()] + [""]
    if feed.name == "components":
        names = " and ".join(f"`<component>_{column}`" for column in COMPONENT_COLUMNS)
        parts.append(f"Each component becomes attributes {names} of its unit's sessions.\n")
    return "\n".join(parts)


def _table(table: Table) -> str:
    head = _head("Table", table)
    if table.name in FEED_TABLES:
        return "\n".join([*head, f"As the [feed](#feed-{_anchor(table.name)}).\n"])
    return "\n".join([*head, _columns(table.columns)])


def _head(kind: str, table: Table) -> Iterator[str]:
    yield f"### {kind} {table.name}\n"
    yield f"{table.meaning}\n"
    key = f" Unique: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    yield f"One row per {table.grain} (stage *{table.stage}*).{key}\n"


def _columns(columns: Iterable[Column]) -> str:
    rows = [f"| {' | '.join(_row(column))} |" for column in columns]
    head = ["| Column | Type | Unit | Meaning | Values |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _row(column: Column) -> tuple[str, ...]:
    star = "*" if column.required else ""
    return (
        f"`{column.name}`{star}",
        column.type,
        _cell(column.unit),
        _cell(column.meaning),
        _cell(_values(column)),
    )


def _values(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    if column.low is not None and column.high is not None:
        return f"{column.low:g} to {column.high:g}"
    if column.low is not None:
        return f"≥ {column.low:g}"
    return f"≤ {column.high:g}" if column.high is not None else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    print(page(), end="")
