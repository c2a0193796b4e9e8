"""Where an id still stands: files searched by their bytes, tables by their text columns.

Belongs here: looking, in every kind of file that a workspace holds. Stays out: removing.

An id counts as found where no letter or digit goes on beyond its ends: `c-1` is not in `c-12`.
A short id is found in any file by chance, so it is looked for only in columns that name
customers (`whose_rows`); from CLEAR characters on, in all bytes and all texts.
"""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from cx_analytics.contracts.errors import CxError
from cx_analytics.contracts.quoting import literal, quote
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.erase import columns_of, whose_rows

CLEAR = 6
CHUNK = 1 << 20
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_TEXT_TYPES = ("VARCHAR", "MAP", "STRUCT", "JSON", "ENUM")


class Traces:
    """The search for one id.

    Parameters
    ----------
    wanted : the id.
    duck : engine for Parquet files.
    """

    def __init__(self, wanted: str, duck: Duck) -> None:
        self.wanted, self.duck = wanted, duck
        self.clear = len(wanted) >= CLEAR
        self.forms = sorted({form.encode("utf-8", "replace") for form in _forms(wanted)})
        self.pattern = re.compile(b"|".join(_alone(form) for form in self.forms))
        self.reach = max(map(len, self.forms)) + 1

    def in_file(self, path: Path, *, thorough: bool = False) -> bool:
        """Whether a file holds the id; `thorough` searches its bytes for a short one as well."""
        kind = path.suffix.lower()
        if kind == ".parquet":
            return self._looked(self._in_parquet, path, thorough)
        if kind == ".duckdb":
            return self._in_duckdb(path) or (self.clear and self._in_bytes(path))
        return (self.clear or thorough) and self._in_bytes(path)

    def _looked(self, look: Callable[[Path], bool], path: Path, thorough: bool) -> bool:
        """A file that is not what its name says is searched by its bytes."""
        try:
            return look(path)
        except (duckdb.Error, CxError):
            return (self.clear or thorough) and self._in_bytes(path)

    # ---- tables ----------------------------------------------------------------------------

    def _in_parquet(self, path: Path) -> bool:
        relation = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
        test = self._test(columns_of(self.duck, f"SELECT * FROM {relation}"))
        return bool(test) and self._any(self.duck.connection, relation, test)

    def _in_duckdb(self, path: Path) -> bool:
        with closing(duckdb.connect(path, read_only=True)) as connection:
            found: dict[str, dict[str, str]] = {}
            listed = "SELECT table_name, column_name, data_type FROM information_schema.columns"
            for table, column, kind in connection.execute(listed).fetchall():
                found.setdefault(table, {})[column] = kind
            return any(
                self._any(connection, quote(table), test)
                for table, columns in found.items()
                if (test := self._test(columns))
            )

    def _test(self, columns: dict[str, str]) -> str:
        whose = whose_rows(columns)
        tests = [whose] if whose else []
        if self.clear:
            texts = [
                f"CAST({quote(name)} AS VARCHAR)"
                for name, kind in columns.items()
                if kind.startswith(_TEXT_TYPES) or kind.endswith("[]")
            ]
            tests += [f"contains({text}, $customer)" for text in texts]
        return " OR ".join(tests)

    def _any(self, connection: duckdb.DuckDBPyConnection, relation: str, test: str) -> bool:
        """Whether a row passes the test and, for a clear id, a value of it holds it alone."""
        rows = connection.execute(
            f"SELECT * FROM {relation} WHERE ({test}) IS TRUE", {"customer": self.wanted}
        )
        while many := rows.fetchmany(1000):
            if not self.clear or any(self._alone_in(value) for row in many for value in row):
                return True
        return False

    def _alone_in(self, value: object) -> bool:
        if isinstance(value, dict | list | tuple):
            parts = [*value, *value.values()] if isinstance(value, dict) else value
            return any(self._alone_in(part) for part in parts)
        return isinstance(value, str) and self._found_in(value.encode("utf-8", "replace"))

    def masked(self, text: str) -> str:
        """A text with `*` in place of the id: a file may be named after a customer."""
        return self.pattern.sub(b"*", text.encode("utf-8", "replace")).decode("utf-8", "replace")

    # ---- bytes -----------------------------------------------------------------------------

    def _found_in(self, content: bytes) -> bool:
        return any(form in content for form in self.forms) and bool(self.pattern.search(content))

    def _in_bytes(self, path: Path) -> bool:
        if zipfile.is_zipfile(path) and self._in_archive(path):
            return True
        packing = _PACKED.get(path.suffix.lower())
        if packing:
            try:
                return self._in_chunks(_unpacked(path, packing))
            except OSError:
                pass  # Damaged, or not packed at all: its bytes are searched as they are.
        return self._in_chunks(_chunks(path))

    def _in_archive(self, path: Path) -> bool:
        try:
            with zipfile.ZipFile(path) as archive:
                return any(self._found_in(archive.read(name)) for name in archive.namelist())
        except (OSError, RuntimeError, zipfile.BadZipFile):
            return False  # Damaged or locked: only its bytes can be searched.

    def _in_chunks(self, chunks: Iterator[bytes]) -> bool:
        """Whether the id stands in a stream; a match at the edge of what is read so far waits."""
        kept = b""
        first = True
        for chunk in chunks:
            content = kept + chunk
            if self._inside(content, first, last=False):
                return True
            first = first and len(content) <= self.reach
            kept = content[-self.reach :]
        return self._inside(kept, first, last=True)

    def _inside(self, content: bytes, first: bool, *, last: bool) -> bool:
        if not any(form in content for form in self.forms):
            return False
        return any(
            (first or match.start() > 0) and (last or match.end() < len(content))
            for match in self.pattern.finditer(content)
        )


def _forms(text: str) -> Iterator[str]:
    """How an id may be written: as it is, in JSON, in Markdown inside JSON, in HTML, in SQL."""
    yield text
    yield json.dumps(re.sub(r"([^0-9A-Za-z])", _escaped_punctuation, text))[1:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield html.escape(text)
    yield text.replace("'", "''")


def _escaped_punctuation(match: re.Match[str]) -> str:
    return "\\" + match[0] if match[0] in r"\`*_{}[]()<>#+!|~&" else match[0]


def _alone(form: bytes) -> bytes:
    before = b"(?<![0-9A-Za-z])" if form[:1].isalnum() else b""
    after = b"(?![0-9A-Za-z])" if form[-1:].isalnum() else b""
    return before + re.escape(form) + after


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _unpacked(path: Path, packing: str) -> Iterator[bytes]:
    import pyarrow as pa

    with pa.input_stream(str(path), compression=packing) as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
