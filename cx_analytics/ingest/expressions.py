"""A source's SQL expressions, made to work over columns that are all text.

Belongs here: reading numbers where an expression needs numbers, and errors that name the
expression. Stays out: reading files, and the contract's rules, which judge the results.

The rule for numbers: an operand of arithmetic, of a comparison with a number, or of a numeric
function is read as a number, of `//` as a whole one (null when it is none). Everywhere else a
column is its text, verbatim, so that an id keeps every digit: `bandwidth_Mbps * 1000` works, and
`cell_ci` alone stays text. Two bare columns are compared as texts; cast them if they are numbers.

Besides the file's columns an expression may use
    row_hash     md5 of all values of the record: an id for records that have none
    file_name    path of the file, relative to the workspace
    row_number   1-based line or record number
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from cx_analytics.contracts.errors import SettingsError, did_you_mean
from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.contracts.settings import Source
from cx_analytics.ingest.shapes import Found, Intake, Text

OFFERED = ("row_hash", "file_name", "row_number")
_ARITHMETIC = {"+", "-", "*", "/", "//", "%", "**", "^"}
_NUMERIC = {
    *("abs", "ceil", "ceiling", "exp", "floor", "ln", "log", "log10", "log2", "mod", "pow"),
    *("power", "round", "sign", "sqrt", "trunc"),
}
_TEXTUAL = {
    *("array_extract", "coalesce", "lower", "ltrim", "nullif", "regexp_extract", "replace"),
    *("rtrim", "split_part", "string_split", "substr", "substring", "trim", "upper", "concat"),
}
_COMPARISONS = {"COMPARISON", "BETWEEN"}


@dataclass(frozen=True)
class Compiled:
    """The expressions of a source over columns of text, and the columns they name."""

    columns: dict[str, str]
    where: str | None
    asked: tuple[str, ...]


def compile_source(source: Source, intake: Intake, engine: SqlEngine) -> Compiled:
    """Make a source's expressions ready; SettingsError names the one that is no SQL."""
    asked: dict[str, None] = {}
    columns = {}
    for name, sql in source.columns.items():
        if name not in intake.types:
            raise SettingsError(
                f"[sources.{source.name}.columns] {name} is no column of {source.feed}",
                where="cx.toml",
                todo=f"{did_you_mean(name, intake.types)}; a new attribute of sessions is named "
                "in [attributes], a new metric in [product] extra_metrics",
            )
        columns[name] = _compiled(source, name, sql, asked, engine)
    where = _compiled(source, "where", source.where, asked, engine) if source.where else None
    return Compiled(columns, where, tuple(asked))


def applied(
    text: Text, found: Found, source: Source, compiled: Compiled, engine: SqlEngine
) -> tuple[Text, dict[str, str]]:
    """The relation with one more column per expression, and column → that column's name.

    The result of `where` is under the name "where". SettingsError names the source, the column,
    the SQL error and the columns that exist.
    """
    named = _named(text, found, compiled)
    wanted = dict(compiled.columns)
    if compiled.where:
        wanted["where"] = compiled.where
    _check(wanted, named, text, found, source, engine)
    added = ", ".join(
        f"{_result(sql, name == 'where')} AS {quote(f'_e{i}')}"
        for i, (name, sql) in enumerate(wanted.items())
    )
    kept = ", ".join(["_line", *(quote(f"_r{i}") for i in range(len(text.columns)))])
    sql = f"SELECT {kept}{', ' + added if added else ''} FROM ({named})"
    return replace(text, sql=sql), {name: quote(f"_e{i}") for i, name in enumerate(wanted)}


def _named(text: Text, found: Found, compiled: Compiled) -> str:
    """The relation with its columns under the names that expressions use."""
    lower = {name.lower() for name in text.columns}
    raw = [quote(f"_r{i}") for i in range(len(text.columns))]
    names = [
        f"{column} AS {quote(name)}"
        for column, name in zip(raw, text.columns, strict=True)
        if name and not name.lower().startswith("_r") and name.lower() != "_line"
    ]
    absent = [name for name in compiled.asked if name.lower() not in lower | set(OFFERED)]
    names += [f"CAST(NULL AS VARCHAR) AS {quote(name)}" for name in absent if text.open]
    offered = {
        "row_hash": f"md5(CAST([{', '.join(raw)}] AS VARCHAR))",
        "file_name": literal(found.shown),
        "row_number": "_line",
    }
    names += [f"{sql} AS {name}" for name, sql in offered.items() if name not in lower]
    return f"SELECT *, {', '.join(names)} FROM ({text.sql})"


def _result(sql: str, is_where: bool) -> str:
    """An expression's value as text; what fails for a row is null there.

    A whole number that went through a DOUBLE is written without a fraction: it may be an id.
    """
    if is_where:
        return f"TRY({sql})"
    value = f"CAST(TRY({sql}) AS VARCHAR)"
    return (
        f"CASE WHEN typeof(TRY({sql})) = 'DOUBLE' THEN regexp_replace({value}, '\\.0$', '') "
        f"ELSE {value} END"
    )


def _check(
    wanted: dict[str, str], named: str, text: Text, found: Found, source: Source, engine: SqlEngine
) -> None:
    for name, sql in wanted.items():
        try:
            engine.frame(f"DESCRIBE SELECT TRY({sql}) AS x FROM ({named})")
        except Exception as error:
            raise SettingsError(
                f"[sources.{source.name}] {name} = {sql!r} fails: {str(error).splitlines()[0]}",
                where=found.shown,
                todo=f"columns that exist: {', '.join((*text.columns, *OFFERED))}",
            ) from None


# ---- Numbers where numbers are needed ------------------------------------------------------


def _compiled(
    source: Source, name: str, sql: str, asked: dict[str, None], engine: SqlEngine
) -> str:
    tree = _tree(f"SELECT {sql}", engine)
    nodes = tree["statements"][0]["node"]["select_list"] if not tree["error"] else []
    if len(nodes) != 1:
        raise SettingsError(
            f"[sources.{source.name}] {name} = {sql!r} is no SQL expression"
            + (f": {tree['error_message']}" if tree["error"] else ""),
            where="cx.toml",
            todo="write one expression over the file's columns",
        )
    cast = _Casts(engine)
    asked.update(dict.fromkeys(_references(nodes[0])))
    tree["statements"][0]["node"]["select_list"] = [_with_numbers(nodes[0], cast)]
    told = engine.frame("SELECT json_deserialize_sql($tree) AS s", {"tree": json.dumps(tree)})
    return str(told["s"][0]).removeprefix("SELECT ")


class _Casts:
    """Casts of a node of the tree to a number; null for what is none."""

    def __init__(self, engine: SqlEngine) -> None:
        self.kinds = {
            kind: _tree(f"SELECT TRY_CAST(x AS {kind})", engine)["statements"][0]["node"][
                "select_list"
            ][0]
            for kind in ("DOUBLE", "BIGINT")
        }

    def __call__(self, operand: dict[str, Any], operator: dict[str, Any]) -> dict[str, Any]:
        kind = "BIGINT" if operator.get("function_name") == "//" else "DOUBLE"
        return {**self.kinds[kind], "child": operand}


def _tree(sql: str, engine: SqlEngine) -> Any:
    frame = engine.frame("SELECT CAST(json_serialize_sql($sql) AS VARCHAR) AS s", {"sql": sql})
    return json.loads(frame["s"][0])


def _references(node: Any) -> Iterator[str]:
    """Names of the columns that an expression reads."""
    if isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield node["column_names"][-1]
        for part in node.values():
            yield from _references(part)
    elif isinstance(node, list):
        for part in node:
            yield from _references(part)


def _with_numbers(node: Any, cast: _Casts) -> Any:
    """The tree with casts to DOUBLE around texts that stand where a number is needed."""
    if isinstance(node, list):
        return [_with_numbers(part, cast) for part in node]
    if not isinstance(node, dict):
        return node
    node = {key: _with_numbers(part, cast) for key, part in node.items()}
    return _map_operands(node, cast) if _needs_numbers(node) else node


def _needs_numbers(node: dict[str, Any]) -> bool:
    if _is_numeric_function(node):
        return True
    compares = node.get("class") in _COMPARISONS or node.get("type") in (
        "COMPARE_IN",
        "COMPARE_NOT_IN",
    )
    return compares and any(_is_number(operand) for operand in _operands(node))


def _is_numeric_function(node: dict[str, Any]) -> bool:
    name = node.get("function_name")
    return node.get("class") == "FUNCTION" and (name in _ARITHMETIC or name in _NUMERIC)


def _is_number(node: dict[str, Any]) -> bool:
    if node.get("class") == "CONSTANT":
        return _literal_kind(node) in ("INTEGER", "DECIMAL", "DOUBLE", "FLOAT", "BIGINT")
    return _is_numeric_function(node)


def _literal_kind(node: dict[str, Any]) -> str:
    value = node.get("literal") or node.get("value") or {}
    kind = value.get("kind") or value.get("type") or ""
    return str(kind.get("id", "") if isinstance(kind, dict) else kind)


def _operands(node: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [node[key] for key in ("left", "right", "input", "lower", "upper") if key in node]
    arguments = [one.get("expression", one) for one in node.get("arguments", ())]
    return [*inner, *arguments, *node.get("children", ())]


def _map_operands(node: dict[str, Any], cast: _Casts) -> dict[str, Any]:
    found = dict(node)
    for key in ("left", "right", "input", "lower", "upper"):
        if key in found:
            found[key] = _as_number(found[key], node, cast)
    for key in ("arguments", "children"):
        found[key] = [
            {**one, "expression": _as_number(one["expression"], node, cast)}
            if "expression" in one
            else _as_number(one, node, cast)
            for one in found.get(key, ())
        ]
    return {key: part for key, part in found.items() if key in node}


def _as_number(node: dict[str, Any], operator: dict[str, Any], cast: _Casts) -> dict[str, Any]:
    text = node.get("class") == "FUNCTION" and node.get("function_name") in _TEXTUAL
    column = node.get("class") in ("COLUMN_REF", "CASE") or node.get("type") in (
        "ARRAY_EXTRACT",
        "OPERATOR_NULLIF",
        "OPERATOR_COALESCE",
    )
    return cast(node, operator) if text or column else node
