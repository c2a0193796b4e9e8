"""Which physical line a record began on, for files that the engine read by record.

The engine passes over blank lines and counts a CSV record with line breaks in quotes as one, so
its count may run behind the lines. Only files with bad rows are looked at again for this.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path

from cx_analytics.ingest.formats import COMPRESSIONS, Broken, chunks


def physical_lines(path: Path, records: Sequence[int]) -> dict[int, int]:
    """Record number → line on which it begins, for those records where the two differ."""
    wanted, last = sorted(set(records)), max(records, default=0)
    found: dict[int, int] = {}
    record, behind = 0, 0
    for lines, starts in _pieces(path):
        begun = [n for n, starts_here in enumerate(starts) if starts_here] if starts else None
        count = len(lines) if begun is None else len(begun)
        for one in wanted[bisect(wanted, record) : bisect(wanted, record + count)]:
            place = one - record - 1 if begun is None else begun[one - record - 1]
            if (line := record + behind + place + 1) != one:
                found[one] = line
        record, behind = record + count, behind + len(lines) - count
        if record >= last:
            break
    return found


def _pieces(path: Path) -> Iterator[tuple[list[bytes], list[bool]]]:
    """Lines of a file piece by piece, and which begin a record; nothing where each does."""
    quoted, inside = ".csv" in path.name, False
    for lines in _lines(chunks(path, COMPRESSIONS.get(path.suffix, ""))):
        plain = all(map(bytes.strip, lines))
        if plain and not inside and not (quoted and any(b'"' in line for line in lines)):
            yield lines, []
            continue
        starts = []
        for line in lines:
            starts.append(not inside and bool(line.strip()))
            if quoted and line.count(b'"') % 2:
                inside = not inside
        yield lines, starts


def _lines(pieces: Iterator[bytes]) -> Iterator[list[bytes]]:
    """The lines that end in each piece; the last may end with the file."""
    held = b""
    try:
        for piece in pieces:
            *whole, held = (held + piece).split(b"\n")
            if whole:
                yield whole
    except Broken:
        return
    if held:
        yield [held]
