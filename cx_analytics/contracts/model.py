"""The shapes that every contract is written in: Column, Rule, Table, Feed.

Belongs here: frozen data and what can be read off it. Stays out: the contracts themselves
(feeds.py, tables/) and anything that executes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["block", "warn"]

#: Types a column may have, as DuckDB writes them. Times are UTC without a zone.
TYPES = (
    "VARCHAR",
    "BIGINT",
    "DOUBLE",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "MAP(VARCHAR, VARCHAR)",
)


@dataclass(frozen=True)
class Column:
    """One column: what it means, in which unit, and what its values must satisfy.

    `required` means never null. `low`/`high` bound numbers inclusively. `choices` lists the
    allowed words. `unit` is empty for counts of nothing, ids and words.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    required: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"{self.name}: {self.type} is none of {TYPES}")

    @property
    def comment(self) -> str:
        """The text of the warehouse COMMENT: meaning, then unit and choices."""
        unit = f" [{self.unit}]" if self.unit else ""
        words = f" One of: {', '.join(self.choices)}." if self.choices else ""
        return f"{self.meaning}{unit}{words}"


@dataclass(frozen=True)
class Rule:
    """A row rule of a feed: the row is bad when `violated` (SQL over typed columns) is true."""

    name: str
    violated: str
    meaning: str
    severity: Severity = "block"


@dataclass(frozen=True)
class Table:
    """A table: meaning, grain, key and columns. `day` names the column that partitions it."""

    name: str
    stage: str
    meaning: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    day: str | None = None

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)


@dataclass(frozen=True)
class Feed(Table):
    """A table that comes from outside: also aliases of its columns, row rules and its clock.

    `event_time` is the column whose UTC day partitions the lake (None: one partition, the
    latest arrival of a key wins). `open_columns` says whether columns that cx.toml names may
    be added to it. An alias is another name under which a column is accepted.
    """

    event_time: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    open_columns: bool = False
