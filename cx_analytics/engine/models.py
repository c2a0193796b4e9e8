"""SQL models: one file each under sql/, found by the name `stage/model`.

A model's values are parameters ($name, bound by the engine). The few names that differ from
workspace to workspace (which attribute to count) are identifiers, written @name in the file
and quoted here; a value is never pasted into a model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cx_analytics.contracts.errors import NotFound, did_you_mean
from cx_analytics.contracts.quoting import quote

_PACKAGE = Path(__file__).resolve().parent.parent
_IDENTIFIER = re.compile(r"@([a-z][a-z0-9_]*)")


def sql_folder() -> Path:
    """Where the models lie: sql/ of the checkout, or inside the installed package."""
    checkout = _PACKAGE.parent / "sql"
    return checkout if checkout.is_dir() else _PACKAGE / "sql"


def dagster_settings() -> Path:
    """The checked-in dagster.yaml: of the checkout, or inside the installed package."""
    checkout = _PACKAGE.parent / "dagster_home" / "dagster.yaml"
    return checkout if checkout.is_file() else _PACKAGE / "defs" / "dagster.yaml"


@dataclass(frozen=True)
class Model:
    """A model's name, text and header (what it is, its grain, what it reads and takes)."""

    name: str
    sql: str

    @property
    def header(self) -> dict[str, str]:
        """The leading comment: `model` is its first line, the rest by their first word.

        An indented line goes on with the one before, even when it starts with such a word.
        """
        lines = []
        for line in self.sql.splitlines():
            if not line.startswith("--"):
                break
            lines.append(line.removeprefix("--").removeprefix(" ").rstrip())
        head: dict[str, str] = {"model": lines[0].strip()} if lines else {}
        word = "model"
        for line in lines[1:]:
            first, _, rest = line.partition(" ")
            if first in ("grain", "reads", "takes", "units", "beware"):
                word, line = first, rest.strip()
                head[word] = line
            else:
                head[word] += " " + line.strip()
        return head

    def bind(self, identifiers: Mapping[str, str]) -> str:
        """The SQL with every @identifier replaced by its quoted name.

        >>> Model("x", "SELECT @a FROM t").bind({"a": "cell_id"})
        'SELECT "cell_id" FROM t'
        """
        return _IDENTIFIER.sub(lambda match: quote(identifiers[match[1]]), self.sql)


@cache
def load(name: str) -> Model:
    """The model of that name, such as "experience/sessions"."""
    path = sql_folder() / f"{name}.sql"
    if not path.is_file():
        known = [str(p.relative_to(sql_folder()).with_suffix("")) for p in all_paths()]
        raise NotFound(f"there is no SQL model {name!r}", todo=did_you_mean(name, known))
    return Model(name, path.read_text(encoding="utf-8").strip().rstrip(";"))


def all_paths() -> list[Path]:
    """Every model file, in order of stage and name."""
    return sorted(sql_folder().rglob("*.sql"))
