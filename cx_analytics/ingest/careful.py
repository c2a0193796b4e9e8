"""The careful way: a file read record by record, good ones to Parquet, bad ones to issues.

Belongs here: turning records into columns of text, in bounded memory. Stays out: cutting bytes
into records (lines.py, documents.py). It is some ten times slower than the engine's own reader
and is taken for files that hold something malformed, and for JSON that is not one object a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.ingest.documents import json_records
from cx_analytics.ingest.formats import Format, Refused, chunks
from cx_analytics.ingest.lines import SHORT, csv_records, ndjson_records, shorten
from cx_analytics.ingest.shapes import Issue, Text

_ROWS, _BYTES = 50_000, 64 << 20
"""A part is written when it has so many rows or characters."""
MAX_COLUMNS = 2000
MAX_SHOWN = 60
"""Columns of a bad record that go to quarantine."""

GARBAGE = 10_000
"""So many bad lines without a good one before them mean that the file is something else."""

Record = tuple[int, Mapping[str, Any]]


def read_carefully(
    path: Path, form: Format, folder: Path, header: Sequence[str] = (), delimiter: str = ","
) -> Text:
    """A text file as a relation over Parquet files in `folder`, with an issue per bad record."""
    pieces = chunks(path, form.compression)
    if form.kind == "csv":
        return collect(_csv(csv_records(pieces, delimiter), header), folder, header)
    records = ndjson_records if form.kind == "ndjson" else json_records
    return collect(records(pieces), folder)


def _csv(
    records: Iterable[tuple[int, list[str]] | Issue], header: Sequence[str]
) -> Iterator[Record | Issue]:
    """Records under their header; the first one is the header itself."""
    first = True
    for record in records:
        if isinstance(record, Issue):
            yield record
        elif first:
            first = False
        elif len(record[1]) != len(header):
            number, fields = record
            reason = f"{len(fields)} fields where the header has {len(header)}"
            fields_text = json.dumps([field[:SHORT] for field in fields[:MAX_SHOWN]])
            yield Issue(number, "wrong_number_of_fields", reason, fields_text)
        else:
            yield record[0], dict(zip(header, record[1], strict=True))


def collect(records: Iterable[Record | Issue], folder: Path, header: Sequence[str] = ()) -> Text:
    """Records as a relation of texts; `folder` gets the Parquet files behind it."""
    places = {name: position for position, name in enumerate(header)}
    table = _Table(folder, places, open=not header)
    for record in records:
        if isinstance(record, Issue):
            table.issues.append(record)
            table.give_up_on_garbage()
        else:
            table.add(*record)
    table.flush()
    return table.relation()


@dataclass
class _Table:
    """Rows of text on their way into Parquet files; columns join as they turn up."""

    folder: Path
    columns: dict[str, int]
    open: bool
    nested: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)
    parts: list[Path] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0

    def add(self, number: int, record: Mapping[str, Any]) -> None:
        texts = {name: _text(value) for name, value in record.items()}
        try:
            size = len("".join(text for text in texts.values() if text).encode())
            "".join(texts).encode()
        except UnicodeEncodeError:
            reason = "a text is no valid Unicode"
            self.issues.append(Issue(number, "invalid_utf8", reason, shorten(json.dumps(texts))))
            return
        self.nested.update(name for name, value in record.items() if isinstance(value, dict))
        for name in texts:
            if len(self.columns) < MAX_COLUMNS:
                self.columns.setdefault(name, len(self.columns))
        self.rows.append({"_line": number, **self._placed(texts)})
        self.size += size
        if len(self.rows) >= _ROWS or self.size >= _BYTES:
            self.flush()

    def give_up_on_garbage(self) -> None:
        """Refuse a file that is something else: one row in quarantine, not one a line."""
        if not self.rows and not self.parts and len(self.issues) >= GARBAGE:
            why = self.issues[0].reason
            raise Refused("unreadable", f"none of the first {GARBAGE:,} lines can be read: {why}")

    def _placed(self, texts: Mapping[str, str | None]) -> dict[str, str | None]:
        return {
            f"_r{self.columns[name]}": text for name, text in texts.items() if name in self.columns
        }

    def flush(self) -> None:
        import polars as pl

        schema = {"_line": pl.Int64()} | {f"_r{i}": pl.String() for i in range(len(self.columns))}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parts.append(self.folder / f"{len(self.parts):05}.parquet")
        frame = pl.DataFrame(self.rows, schema=pl.Schema(schema), orient="row")
        frame.write_parquet(self.parts[-1], compression="lz4")
        self.rows, self.size = [], 0

    def relation(self) -> Text:
        files = ", ".join(literal(str(part)) for part in self.parts)
        names = ", ".join(quote(f"_r{i}") for i in range(len(self.columns)))
        sql = (
            f"SELECT _line{', ' + names if names else ''} FROM read_parquet([{files}], "
            "union_by_name = true, hive_partitioning = false)"
        )
        found = tuple(self.columns)
        return Text(sql, found, frozenset(self.nested), issues=tuple(self.issues), open=self.open)


def _text(value: Any) -> str | None:
    """A JSON value as the text that a column of texts holds."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
