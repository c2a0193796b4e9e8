"""Which physical line a record began on, for files that the engine read by record.

The engine passes over blank lines and counts a CSV record with line breaks in quotes as one, so
its count may run behind the lines. Only files with bad rows are looked at again for this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cx_analytics.ingest.formats import COMPRESSIONS, Broken, chunks

Bad = tuple[int, str, str, str]


def physical_lines(folder: Path, bad: Sequence[Bad]) -> list[Bad]:
    """Bad rows with the number of the line on which their record begins."""
    path = next(folder.glob("data.*"))
    compression = COMPRESSIONS.get(path.suffix, "")
    starts = _starts(chunks(path, compression), quoted=".csv" in path.name)
    wanted = {number for number, *_ in bad}
    last = max(wanted)
    found: dict[int, int] = {}
    for record, line in enumerate(starts, start=1):
        if record in wanted:
            found[record] = line
        if record >= last:
            break
    return [(found.get(number, number), *rest) for number, *rest in bad]  # type: ignore[misc]


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
