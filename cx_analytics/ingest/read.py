"""A file of any format as a relation of texts for the SQL engine.

Belongs here: the choice of way. The engine's own readers are the fast way; when they raise, the
careful one takes over for that file alone. Stays out: types and rules (judge.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cx_analytics.contracts.ports import SqlEngine
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.ingest import zstd_frames
from cx_analytics.ingest.careful import MAX_COLUMNS, collect, read_carefully
from cx_analytics.ingest.documents import json_records
from cx_analytics.ingest.epcis import flat_rows, is_epcis
from cx_analytics.ingest.formats import BOM, Format, Refused, chunks, format_of, peek
from cx_analytics.ingest.lines import csv_records, ndjson_records
from cx_analytics.ingest.shapes import Found, Intake, Issue, Text

_DELIMITERS = (",", ";", "\t", "|")
_PEEKED_LINES = 500
_MAX_DOCUMENT = 256 << 20


@dataclass(frozen=True)
class Reading:
    """Ways to read a file: the fast one first; None where a way does not exist.

    `path` is the file under a plain name. `by_line` says that the fast way reads one JSON object
    a line, so that it can read several files at once.
    """

    path: Path
    fast: Text | None
    careful: Callable[[], Text] | None
    by_line: bool = False

    def is_like(self, other: Reading) -> bool:
        """Whether one statement can read both files."""
        if not (self.by_line and other.by_line and self.fast and other.fast):
            return False
        one, two = self.fast, other.fast
        return (one.columns, one.nested) == (two.columns, two.nested)


def read(
    found: Found, intake: Intake, engine: SqlEngine, stem: Path, asked: Sequence[str] = ()
) -> Reading:
    """The ways to read a file; beside `stem` lie a symlink to it and what reading needs.

    `asked` are the columns that a source's expressions name: of JSON they are read even when
    the first lines do not have them.

    Raises Refused when the file cannot be read at all.
    """
    form = format_of(found.path, found.source)
    path = stem.with_name(f"{stem.name}{form.suffix}")
    path.symlink_to(found.path.resolve())
    if form.kind == "parquet":
        return Reading(path, _parquet(path, engine), None)
    head = peek(path, form.compression)
    sound = not head.startswith(BOM) and _is_whole(path, form)
    if form.kind == "csv":
        return _csv(path, form, head, found, intake, sound)
    if found.feed == "production_events" and _holds_epcis(path, form):
        return Reading(path, None, lambda: _epcis(path, form, _parts(path)))
    by_line = (
        form
        if form.kind == "ndjson" or not _one_a_line(head)
        else Format("ndjson", form.compression)
    )
    fast = _ndjson(path, head, intake, asked) if by_line.kind == "ndjson" and sound else None
    return Reading(path, fast, lambda: read_carefully(path, by_line, _parts(path)), bool(fast))


def _parts(path: Path) -> Path:
    """Folder for what is read carefully."""
    return path.with_name(f"{path.name}-parts")


def _is_whole(path: Path, form: Format) -> bool:
    """Whether a Zstandard file ends where it should; the engine's reader would not tell."""
    return form.compression != "zstd" or zstd_frames.is_whole(path)


# ---- Parquet ---------------------------------------------------------------------------------


def _parquet(path: Path, engine: SqlEngine) -> Text:
    source = f"read_parquet([{literal(str(path))}], hive_partitioning = false)"
    try:
        described = engine.frame(f"DESCRIBE SELECT * FROM {source}")
    except Exception as error:
        raise Refused("not_parquet", f"no readable Parquet: {_first_line(error)}") from None
    types = dict(zip(described["column_name"], described["column_type"], strict=True))
    if len(types) > MAX_COLUMNS:
        raise Refused("too_many_columns", f"{len(types)} columns; at most {MAX_COLUMNS}")
    picked = ", ".join(
        f"{_as_text(quote(name), kind)} AS {quote(f'_r{i}')}"
        for i, (name, kind) in enumerate(types.items())
    )
    floats = frozenset(name for name, kind in types.items() if kind in ("FLOAT", "DOUBLE"))
    sql = f"SELECT row_number() OVER () AS _line, {picked} FROM {source}"
    return Text(sql, tuple(types), _structs(types), floats)


def _as_text(name: str, kind: str) -> str:
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return f"CAST(to_json({name}) AS VARCHAR)"
    if kind == "BLOB":
        return f"TRY(decode({name}))"
    return f"CAST({name} AS VARCHAR)"


def _structs(types: dict[str, str]) -> frozenset[str]:
    return frozenset(name for name, kind in types.items() if kind.startswith("STRUCT"))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]


# ---- CSV -------------------------------------------------------------------------------------


def _csv(
    path: Path, form: Format, head: bytes, found: Found, intake: Intake, sound: bool
) -> Reading:
    given = found.source.delimiter if found.source else None
    delimiter = given or _delimiter(head)
    header = _header(path, form, delimiter)
    if not found.source and not any(intake.accepts(name) for name in header):
        raise Refused("unknown_columns", f"no column of the feed {found.feed} in the header")
    columns = ", ".join(f"'_r{i}': 'VARCHAR'" for i in range(len(header)))
    reader = (
        f"read_csv([{literal(str(path))}], columns = {{{columns}}}, header = true, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', auto_detect = false, "
        "strict_mode = true, null_padding = false, hive_partitioning = false)"
    )
    sql = f"SELECT 1 + row_number() OVER () AS _line, * FROM {reader}"
    fast = Text(sql, header, records=True) if sound else None
    parts = _parts(path)
    return Reading(path, fast, lambda: read_carefully(path, form, parts, header, delimiter))


def _delimiter(head: bytes) -> str:
    first = head.removeprefix(BOM).splitlines()[0].decode("utf-8", "replace")
    return max(_DELIMITERS, key=first.count)


def _header(path: Path, form: Format, delimiter: str) -> tuple[str, ...]:
    first = next(iter(csv_records(chunks(path, form.compression), delimiter)))
    if isinstance(first, Issue):
        raise Refused("malformed_header", f"the header cannot be read: {first.reason}")
    names = tuple(name.strip() for name in first[1])
    if len(names) > MAX_COLUMNS:
        raise Refused("too_many_columns", f"{len(names)} columns; at most {MAX_COLUMNS}")
    twice = sorted({name for name in names if _folded(names).count(name.lower()) > 1})
    if twice:
        raise Refused("duplicate_column", f"columns stand twice in the header: {twice}")
    return names


def _folded(names: Iterable[str]) -> list[str]:
    return [name.lower() for name in names]


# ---- JSON ------------------------------------------------------------------------------------


def _ndjson(path: Path, head: bytes, intake: Intake, asked: Sequence[str]) -> Text:
    """One object a line. Keys are those of the contract and those of the first lines."""
    seen, nested = _keys(head)
    wanted = [*seen, *asked, *intake.types, *intake.feed.aliases]
    names = tuple({name.lower(): name for name in reversed(wanted) if name}.values())
    return _lines([path], names, nested)


def together(readings: Sequence[Reading]) -> Text:
    """The relation of several files that are like each other, in this order."""
    first = readings[0].fast
    assert first
    return _lines([one.path for one in readings], first.columns, first.nested)


def _lines(paths: Sequence[Path], names: tuple[str, ...], nested: frozenset[str]) -> Text:
    many = len(paths) > 1
    files = ", ".join(literal(str(path)) for path in paths)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    picked = ", ".join(f"{quote(name)} AS {quote(f'_r{i}')}" for i, name in enumerate(names))
    number = "file_index AS _file, " if many else ""
    sql = (
        f"SELECT row_number() OVER () AS _line, {number}{picked} FROM "
        f"read_ndjson([{files}], columns = {{{columns}}}, records = true, "
        "hive_partitioning = false)"
    )
    return Text(sql, names, nested, records=True, open=True, many=many)


def _keys(head: bytes) -> tuple[list[str], frozenset[str]]:
    """Keys of the objects in the first lines, in order, and those that hold objects."""
    keys: dict[str, None] = {}
    nested: set[str] = set()
    for value in _first_values(head):
        keys.update(dict.fromkeys(value))
        nested.update(name for name, part in value.items() if isinstance(part, dict))
    return list(keys)[:MAX_COLUMNS], frozenset(nested)


def _first_values(head: bytes) -> list[dict[str, Any]]:
    found = []
    for line in head.removeprefix(BOM).splitlines()[:_PEEKED_LINES]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _one_a_line(head: bytes) -> bool:
    """Whether a .json file is in truth one object a line."""
    lines = [line for line in head.removeprefix(BOM).splitlines() if line.strip()]
    return len(lines) > 1 and len(_first_values(lines[0])) == 1


# ---- EPCIS -----------------------------------------------------------------------------------


def _values(path: Path, form: Format) -> Iterator[tuple[int, dict[str, Any]] | Issue]:
    records = ndjson_records if form.kind == "ndjson" else json_records
    return records(chunks(path, form.compression))


def _holds_epcis(path: Path, form: Format) -> bool:
    """Whether the first value of a JSON file is an EPCIS document or event."""
    first = next((value for value in _values(path, form) if not isinstance(value, Issue)), None)
    return first is not None and is_epcis(first[1])


def _epcis(path: Path, form: Format, parts: Path) -> Text:
    """EPCIS as flat rows; the line is the number of the row, or of the event that gave none."""
    if path.stat().st_size > _MAX_DOCUMENT:
        raise Refused("too_long", f"EPCIS files may have {_MAX_DOCUMENT} bytes; split this one")
    values = list(_values(path, form))
    broken = [value for value in values if isinstance(value, Issue)]
    rows, issues = flat_rows([value[1] for value in values if not isinstance(value, Issue)])
    text = collect(enumerate(rows, start=1), parts)
    found = [
        Issue(None if one.index is None else one.index + 1, one.rule, one.reason, one.record)
        for one in issues
    ]
    return replace(text, issues=(*broken, *found, *text.issues))
