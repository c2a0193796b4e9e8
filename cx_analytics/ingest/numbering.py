"""Which physical line a record began on, for files that the engine read by record.

The engine passes over blank lines and counts a CSV record with line breaks in quotes as one, so
its count may run behind the lines. Only files with bad rows are looked at again for this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cx_analytics.ingest.formats import COMPRESSIONS, Broken, chunks


def physical_lines(path: Path, records: Sequence[int]) -> dict[int, int]:
    """Record number → line on which it begins, for those records where the two differ."""
    starts = _starts(chunks(path, COMPRESSIONS.get(path.suffix, "")), quoted=".csv" in path.name)
    wanted = set(records)
    last = max(wanted, default=0)
    found: dict[int, int] = {}
    for record, line in enumerate(starts, start=1):
        if record in wanted and record != line:
            found[record] = line
        if record >= last:
            break
    return found


def _starts(pieces: Iterator[bytes], *, quoted: bool) -> Iterator[int]:
    """The number of the line on which each record begins."""
    inside = False
    for number, line in enumerate(_lines(pieces), start=1):
        if not inside and line.strip():
            yield number
        if quoted and line.count(b'"') % 2:
            inside = not inside


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    try:
        for piece in pieces:
            *whole, held = (held + piece).split(b"\n")
            yield from whole
    except Broken:
        return
    if held:
        yield held
