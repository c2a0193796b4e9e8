"""Writing a table in any of the landing formats, the same bytes for the same table.

Belongs here: Parquet, CSV and NDJSON, plain or compressed. Stays out: what is written.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl
import pyarrow as pa

from cx_analytics.contracts.errors import InputRefused, did_you_mean

FileFormat = Literal["parquet", "csv", "csv.gz", "ndjson", "ndjson.gz", "ndjson.zst"]
TEXT_FORMATS = ("csv", "csv.gz", "ndjson", "ndjson.gz", "ndjson.zst")
_ISO = "%Y-%m-%dT%H:%M:%SZ"


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
    path.write_bytes(_packed(_text(frame, file_format, extra).encode(), file_format))
    return path


def _text(frame: pl.DataFrame, file_format: str, extra: Sequence[dict[str, Any]]) -> str:
    texts = frame.with_columns(pl.selectors.temporal().dt.to_string(_ISO))
    if file_format.startswith("csv"):
        lines = "".join(_csv_line(row, frame.columns) for row in extra)
        return texts.write_csv() + lines
    return texts.write_ndjson() + "".join(json.dumps(row) + "\n" for row in extra)


def _csv_line(row: dict[str, Any], columns: list[str]) -> str:
    values = (row.get(name) for name in columns)
    return ",".join("" if value is None else str(value) for value in values) + "\n"


def _packed(content: bytes, file_format: str) -> bytes:
    if file_format.endswith(".gz"):
        return gzip.compress(content, compresslevel=6, mtime=0)
    if file_format.endswith(".zst"):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(content)
        return bytes(sink.getvalue().to_pybytes())
    return content
