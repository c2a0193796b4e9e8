"""Which format a file has, and its bytes behind gzip or Zstandard.

Belongs here: extensions, magic numbers, decompression that reports where it breaks. Stays out:
what the bytes mean.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cx_analytics.contracts.settings import Source

EXTENSIONS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd", "parquet": b"PAR1"}
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
BOM = b"\xef\xbb\xbf"
CHUNK = 1 << 20
_STEP = 1 << 15
"""Compressed bytes a step, and what a broken Zstandard file may lose before the break."""


class Refused(Exception):
    """A file that cannot be taken as a whole: rule and reason for the quarantine."""

    def __init__(self, rule: str, reason: str) -> None:
        self.rule, self.reason = rule, reason
        super().__init__(reason)


class Broken(Exception):
    """A compressed file that ends or breaks before its end."""


@dataclass(frozen=True)
class Format:
    """Kind of content (parquet, csv, ndjson, json) and compression ("" for none)."""

    kind: str
    compression: str = ""

    @property
    def suffix(self) -> str:
        """An extension by which every reader recognises the format."""
        packed = {name: suffix for suffix, name in COMPRESSIONS.items()}
        return f".{self.kind}{packed.get(self.compression, '')}"


def claimed(path: Path, source: Source | None = None) -> Format | None:
    """The format that a name (or a source) claims; None when the name says nothing we read."""
    name = path.name.lower()
    compression = next((kind for end, kind in COMPRESSIONS.items() if name.endswith(end)), "")
    inner = Path(name).stem if compression else name
    kind = EXTENSIONS.get(Path(inner).suffix, "")
    if source and source.format != "auto":
        kind = source.format
    return Format(kind, compression) if kind else None


def format_of(path: Path, source: Source | None = None) -> Format:
    """The claimed format, held against the first bytes of the file.

    Raises Refused when there is none, or the content is something else.
    """
    found = claimed(path, source)
    if found is None:
        raise Refused(
            "unknown_format",
            "the name says no format; possible: .parquet .csv .ndjson .jsonl .json, and "
            ".gz or .zst of the last four",
        )
    _check_magic(path, found)
    return found


def _check_magic(path: Path, found: Format) -> None:
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise Refused("empty_file", "the file has no content")
    expected = found.compression or (found.kind if found.kind == "parquet" else "")
    if expected and not head.startswith(_MAGIC[expected]):
        raise Refused(f"not_{expected}", f"the content is no {expected}, though the name says so")
    for kind, magic in _MAGIC.items():
        if kind != expected and head.startswith(magic):
            raise Refused(f"not_{found.kind}", f"the content is {kind}, the name says otherwise")


def chunks(path: Path, compression: str) -> Iterator[bytes]:
    """The decompressed content in pieces of about a megabyte.

    Raises Broken after the last good piece when the compression is damaged or cut off.
    """
    with path.open("rb") as file:
        if compression == "gzip":
            yield from _gunzip(file)
        elif compression == "zstd":
            yield from _unzstd(path)
        else:
            while piece := file.read(CHUNK):
                yield piece


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    member, inside, waiting = zlib.decompressobj(31), False, b""
    while piece := waiting or file.read(_STEP):
        before = member.copy()
        try:
            data = member.decompress(piece, CHUNK)
        except zlib.error as error:
            yield from _up_to_the_break(before, piece)
            raise Broken(f"gzip is damaged: {error}") from None
        if data:
            yield data
        inside, waiting = not member.eof, member.unconsumed_tail
        if member.eof:
            waiting, member = member.unused_data.lstrip(b"\0"), zlib.decompressobj(31)
    if inside:
        raise Broken("gzip is cut off before its end")


def _up_to_the_break(member: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    for at in range(len(piece)):
        try:
            yield member.decompress(piece[at : at + 1])
        except zlib.error:
            return


def _unzstd(path: Path) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        with pa.input_stream(str(path), compression="zstd") as stream:
            while piece := stream.read(_STEP):
                yield piece
    except OSError as error:
        raise Broken(f"zstd is damaged: {error}") from None


def peek(path: Path, compression: str, size: int = CHUNK // 4) -> bytes:
    """The first bytes of the content; fewer when the file breaks before.

    Raises Refused for content that is no UTF-8 text by its byte order mark, or is empty.
    """
    head = b""
    try:
        for piece in chunks(path, compression):
            head += piece
            if len(head) >= size:
                break
    except Broken:
        pass
    if not head.removeprefix(BOM).strip():
        raise Refused("empty_file", "the file has no content")
    if head.startswith(_WIDE):
        raise Refused("not_utf8", "the text is UTF-16 or UTF-32; save it as UTF-8")
    return head[:size]
