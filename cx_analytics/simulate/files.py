"""Writing a table in any of the landing formats, the same bytes for the same table.

Belongs here: Parquet, CSV and NDJSON, plain or compressed. Stays out: what is written.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import polars as pl
import pyarrow as pa

from cx_analytics.contracts.errors import InputRefused, did_you_mean

FileFormat = Literal["parquet", "csv", "csv.gz", "ndjson", "ndjson.gz", "ndjson.zst"]
TEXT_FORMATS = ("csv", "csv.gz", "ndjson", "ndjson.gz", "ndjson.zst")
ROWS_A_PIECE = 100_000
"""Rows that are turned into text at a time."""

_ISO = "%Y-%m-%dT%H:%M:%SZ"
_GZIP = 31
"""zlib's code for its largest window and gzip's head, which then has neither name nor time."""


def write_table(
    frame: pl.DataFrame,
    folder: Path,
    stem: str,
    file_format: FileFormat,
    extra: Sequence[dict[str, Any]] = (),
) -> Path:
    """Write `folder/stem.format` and return its path.

    `extra` are further rows of any content (only in text formats). Times are written as ISO 8601
    in UTC. InputRefused for a format that is not supported.
    """
    if file_format not in get_args(FileFormat):
        todo = did_you_mean(file_format, get_args(FileFormat))
        raise InputRefused(f"no landing format {file_format!r}", todo=todo)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.{file_format}"
    if file_format == "parquet":
        frame.write_parquet(path, compression="zstd", statistics=False)
        return path
    with path.open("wb") as file:
        _write(_texts(frame, file_format, extra), file, file_format)
    return path


def _texts(
    frame: pl.DataFrame, file_format: str, extra: Sequence[dict[str, Any]]
) -> Iterator[bytes]:
    """The file piece by piece: a feed of many rows is never held as text as a whole."""
    is_csv = file_format.startswith("csv")
    for start in range(0, max(frame.height, 1), ROWS_A_PIECE):
        part = frame.slice(start, ROWS_A_PIECE)
        texts = part.with_columns(pl.selectors.temporal().dt.to_string(_ISO))
        text = texts.write_csv(include_header=start == 0) if is_csv else texts.write_ndjson()
        if start + ROWS_A_PIECE >= frame.height:
            text += "".join(_line(row, frame.columns, is_csv=is_csv) for row in extra)
        yield text.encode()


def _line(row: dict[str, Any], columns: list[str], *, is_csv: bool) -> str:
    return _csv_line(row, columns) if is_csv else json.dumps(row) + "\n"


def _csv_line(row: dict[str, Any], columns: list[str]) -> str:
    values = (row.get(name) for name in columns)
    return ",".join("" if value is None else str(value) for value in values) + "\n"


def _write(pieces: Iterable[bytes], file: BinaryIO, file_format: str) -> None:
    if file_format.endswith(".zst"):
        with pa.CompressedOutputStream(file, "zstd") as stream:
            for piece in pieces:
                stream.write(piece)
    elif file_format.endswith(".gz"):
        squeeze = zlib.compressobj(level=6, wbits=_GZIP)
        for piece in pieces:
            file.write(squeeze.compress(piece))
        file.write(squeeze.flush())
    else:
        file.writelines(pieces)
