"""Reading a published warehouse through the SQL models in sql/answers/.

Belongs here: opening, binding, "did you mean". Stays out: what the rows say (answers*.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cx_analytics.contracts.errors import NotFound
from cx_analytics.contracts.quoting import quote
from cx_analytics.engine.models import load
from cx_analytics.engine.warehouse import connect
from cx_analytics.workspace import Workspace

Row = dict[str, Any]


class Reader:
    """A workspace's warehouse, read-only; a context manager."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace.open(root)
        self.connection = connect(self.workspace.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()

    def rows(
        self, model: str, identifiers: Mapping[str, str] | None = None, **params: Any
    ) -> list[Row]:
        """The rows of the model answers/`model` as dictionaries."""
        sql = load(f"answers/{model}").bind(identifiers or {})
        result = self.connection.execute(sql, params or None)
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]

    def row(self, model: str, identifiers: Mapping[str, str] | None = None, **params: Any) -> Row:
        """The only row of a model that always gives one."""
        return self.rows(model, identifiers, **params)[0]

    def narrow(self, table: str, model: str, **params: Any) -> None:
        """From now on, `table` is what the model answers/`model` gives, for this reader alone.

        Several models about one customer then look through the table of everybody once.
        """
        sql = load(f"answers/{model}").sql
        name, part, whole = (quote(one) for one in (table, f"part of {table}", f"all of {table}"))
        self.connection.execute(f"CREATE TEMP TABLE {part} AS {sql}", params or None)
        if self._is_shown_from_here(table):
            self.connection.execute(f"ALTER VIEW temp.{name} RENAME TO {whole}")
        self.connection.execute(f"ALTER TABLE temp.{part} RENAME TO {name}")

    def widen(self, table: str) -> None:
        """Take back what `narrow` did to a table."""
        self.connection.execute(f"DROP TABLE temp.{quote(table)}")
        if self._is_shown_from_here(whole := f"all of {table}"):
            self.connection.execute(f"ALTER VIEW temp.{quote(whole)} RENAME TO {quote(table)}")

    def _is_shown_from_here(self, view: str) -> bool:
        """Whether it is a view of this connection: the workspace was moved (warehouse.connect)."""
        listed = "SELECT 1 FROM duckdb_views() WHERE temporary AND view_name = $1"
        return self.connection.execute(listed, [view]).fetchone() is not None

    def known_as(self, column: str, given: str) -> str:
        """How the tables name an id that a person gave as it is, or as its pseudonym."""
        if column not in self.workspace.settings.pseudonyms:
            return given
        from cx_analytics.defs.pseudonyms import known_as

        return known_as(self.workspace, column, given)

    def missing(self, what: str, given: str, table: str, column: str) -> NotFound:
        """The error for an id that no row of `table` has, with the nearest that are there.

        Near pseudonyms belong to ids that are not near: none are offered.
        """
        if column in self.workspace.settings.pseudonyms:
            return NotFound(
                f"there is no {what} {given!r}",
                where=str(self.workspace.database),
                todo="check the id, of which this is the pseudonym, digit by digit",
            )
        near = self.rows("nearest", {"relation": table, "column": column}, given=given)
        todo = (
            f"did you mean {', '.join(row['id'] for row in near)}?"
            if near
            else f"run 'cx run' first: there is no {what} in the warehouse yet"
        )
        return NotFound(
            f"there is no {what} {given!r}", where=str(self.workspace.database), todo=todo
        )
