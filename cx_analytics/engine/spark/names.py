"""Columns by pattern and unions by name, written out: Spark's SQL has neither.

Belongs here: which columns a query gives, as far as these two need it. Stays out: types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from cx_analytics.contracts.errors import CxError

Columns = Callable[[str], Sequence[str]]
"""The columns of a relation, by its name."""


def write_out(tree: exp.Expr, columns: Columns) -> exp.Expr:
    """The query with every COLUMNS('…') and UNION ALL BY NAME replaced by lists of columns."""
    tree = tree.copy()
    for asked in list(tree.find_all(exp.Columns)):
        select = asked.find_ancestor(exp.Select)
        assert select is not None
        pattern = re.compile(asked.this.name)
        names = [name for name in given_by(_without(select), columns) if pattern.search(name)]
        at = select.expressions.index(asked)
        listed: list[exp.Expr] = [exp.column(name, quoted=True) for name in names]
        select.set("expressions", select.expressions[:at] + listed + select.expressions[at + 1 :])
    for union in list(tree.find_all(exp.Union)):
        if union.args.get("by_name"):
            _by_place(union, columns)
    return tree


def given_by(query: exp.Expr, columns: Columns) -> list[str]:
    """The columns that a plain SELECT gives; those of a star are its relation's."""
    if isinstance(query, exp.Union):
        return given_by(query.this, columns)
    found: list[str] = []
    for one in query.expressions:
        if isinstance(one, exp.Star):
            found += columns(_relation(query))
        else:
            found.append(one.alias_or_name)
    return found


def _without(select: exp.Select) -> exp.Select:
    """The same SELECT, asking for everything."""
    return exp.select("*").from_(_relation(select))


def _relation(query: exp.Expr) -> str:
    source = query.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table) or query.args.get("joins"):
        raise CxError("columns by pattern are translated only where one relation is read")
    return str(source.this.name)


def _by_place(union: exp.Union, columns: Columns) -> None:
    """Turn a union by name into one by place: what a side lacks is null in it."""
    left, right = given_by(union.this, columns), given_by(union.expression, columns)
    wanted = left + [name for name in right if name not in left]
    for side, has in (("this", left), ("expression", right)):
        listed: list[exp.Expr] = [
            exp.column(name, quoted=True)
            if name in has
            else exp.alias_(exp.Null(), name, quoted=True)
            for name in wanted
        ]
        part = exp.Subquery(
            this=union.args[side], alias=exp.TableAlias(this=exp.to_identifier("side"))
        )
        union.set(side, exp.Select(expressions=listed).from_(part))
    union.set("by_name", False)
