"""Records of text files one by one, in plain Python: lines, CSV records, JSON documents.

Belongs here: cutting bytes into records with their line numbers, bounded in memory, going on
after a bad one. Stays out: what the columns mean, and the fast way through the SQL engine.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cx_analytics.ingest.formats import BOM, Broken
from cx_analytics.ingest.shapes import Issue

MAX_LINE = 32 << 20
"""Longest line or record in bytes; longer ones are not read."""
MAX_QUOTED_LINES = 200
"""Lines that one quoted CSV record may span before its quote counts as never closed."""
SHORT = 200
"""Characters of a bad line that go to quarantine."""


@dataclass(frozen=True)
class Line:
    """A physical line without its end; `text` is None when it is too long to hold."""

    number: int
    text: bytes | None


def lines(pieces: Iterator[bytes]) -> Iterator[Line | Issue]:
    """Physical lines of a stream of bytes; a break of the compression is the last one."""
    number, size = 1, 0
    held: list[bytes] = []
    try:
        for piece in _without_bom(pieces):
            first, *rest = piece.split(b"\n")
            held, size = _hold(held, size, first)
            for part in rest:
                yield _line(number, held, size)
                number, (held, size) = number + 1, _hold([], 0, part)
    except Broken as error:
        yield Issue(number, "broken_compression", f"{error}; what follows was not read")
        return
    if size:
        yield _line(number, held, size)


def _hold(held: list[bytes], size: int, part: bytes) -> tuple[list[bytes], int]:
    size += len(part)
    return ([*held, part] if size <= MAX_LINE else held), size


def _line(number: int, held: list[bytes], size: int) -> Line:
    return Line(number, b"".join(held).removesuffix(b"\r") if size <= MAX_LINE else None)


def _without_bom(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for position, piece in enumerate(pieces):
        yield piece.removeprefix(BOM) if position == 0 else piece


def decoded(line: Line) -> str | Issue:
    """The text of a line, or why it has none."""
    if line.text is None:
        return Issue(line.number, "too_long", f"the line is longer than {MAX_LINE} bytes")
    if b"\0" in line.text:
        return Issue(line.number, "nul_byte", "the line holds a NUL byte", shorten(line.text))
    try:
        return line.text.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"the line is no UTF-8: {error.reason} at byte {error.start + 1}"
        return Issue(line.number, "invalid_utf8", reason, shorten(line.text))


def shorten(text: bytes | str) -> str:
    """The beginning of a bad line as JSON text."""
    if isinstance(text, bytes):
        text = text[: 4 * SHORT].decode("utf-8", "replace")
    return json.dumps(text[:SHORT])


# ---- CSV -------------------------------------------------------------------------------------


def csv_records(pieces: Iterator[bytes], delimiter: str) -> Iterator[tuple[int, list[str]] | Issue]:
    """CSV records (RFC 4180) with the number of their first line; the header is the first.

    A quote that is not closed within MAX_QUOTED_LINES lines spoils its own line only.
    """
    waiting: deque[Line | Issue] = deque()
    source = lines(pieces)
    while (line := _next(waiting, source)) is not None:
        if isinstance(line, Issue):
            yield line
            continue
        text = decoded(line)
        if isinstance(text, Issue):
            yield text
            continue
        whole = _close_quotes(text, waiting, source)
        if whole is None:
            yield Issue(line.number, "unbalanced_quote", "a quote is not closed", shorten(text))
        elif whole.strip():
            yield _fields(line.number, whole, delimiter)


def _next(waiting: deque[Line | Issue], source: Iterator[Line | Issue]) -> Line | Issue | None:
    return waiting.popleft() if waiting else next(source, None)


def _close_quotes(
    text: str, waiting: deque[Line | Issue], source: Iterator[Line | Issue]
) -> str | None:
    """The record that begins with this line, its further lines taken; None when it never ends.

    Lines that were looked at in vain go back to `waiting`.
    """
    parts, looked = [text], list[Line | Issue]()
    odd = text.count('"') % 2 == 1
    size = len(text)
    while odd and len(looked) < MAX_QUOTED_LINES and size <= MAX_LINE:
        line = _next(waiting, source)
        more = decoded(line) if isinstance(line, Line) else None
        if line is not None:
            looked.append(line)
        if not isinstance(more, str):
            break
        parts.append(more)
        size += len(more)
        odd = odd != (more.count('"') % 2 == 1)
    if odd:
        waiting.extendleft(reversed(looked))
        return None
    return "\n".join(parts)


def _fields(number: int, text: str, delimiter: str) -> tuple[int, list[str]] | Issue:
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Issue(number, "malformed_csv", f"no CSV: {error}", shorten(text))
    return number, rows[0]


# ---- JSON ------------------------------------------------------------------------------------


class _DuplicateKey(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _DuplicateKey("a key stands twice in one object")
    return found


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) < 16 else digits


DECODER = json.JSONDecoder(parse_int=_whole, parse_constant=str, object_pairs_hook=_object)
"""Long whole numbers stay text: an id of 5,000 digits must survive."""


def json_value(number: int, text: str) -> Any | Issue:
    """The value of a JSON text, or why it has none."""
    try:
        return _known(number, DECODER.decode(text), text)
    except _DuplicateKey as error:
        return Issue(number, "duplicate_key", str(error), shorten(text))
    except RecursionError:
        return Issue(number, "malformed_json", "nested too deeply", shorten(text))
    except ValueError as error:
        return Issue(number, "malformed_json", f"no JSON: {error}", shorten(text))


def _known(number: int, value: Any, text: str) -> dict[str, Any] | Issue:
    if not isinstance(value, dict):
        return Issue(number, "not_an_object", "a record must be an object", shorten(text))
    return value


def ndjson_records(pieces: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any]] | Issue]:
    """JSON objects, one a line, with their line numbers; blank lines are passed over."""
    for line in lines(pieces):
        text = decoded(line) if isinstance(line, Line) else line
        if isinstance(text, Issue):
            yield text
        elif text.strip():
            assert isinstance(line, Line)
            value = json_value(line.number, text)
            yield value if isinstance(value, Issue) else (line.number, value)
