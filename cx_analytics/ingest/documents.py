"""JSON files that are not one object a line: an array, one object, or objects in a row.

Belongs here: walking such a text object by object with bounded memory. Stays out: NDJSON
(lines.py), and what the objects mean.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any

from cx_analytics.ingest.formats import CHUNK, Broken
from cx_analytics.ingest.lines import MAX_LINE, SHORT, json_value, shorten
from cx_analytics.ingest.shapes import Issue

_BETWEEN = " \t\r\n,[]"
_MARK = "\ufeff"
_PLAIN = json.JSONDecoder()
_NEAR = 64
"""An error this close to the end of the window may only mean that more must be read."""


def json_records(pieces: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any]] | Issue]:
    """Objects of a JSON array or of objects in a row, with their record numbers (1-based).

    After something that is no JSON, reading goes on with the next line that opens an object.
    """
    window = _Window(pieces)
    number = 0
    while window.skip():
        number += 1
        end = window.value_end()
        if end is None:
            yield window.trouble(number)
            if not window.resume():
                return
            continue
        value = json_value(number, window.take(end))
        yield value if isinstance(value, Issue) else (number, value)
    if window.broken:
        yield Issue(number + 1, "broken_compression", f"{window.broken}; the rest was not read")


class _Window:
    """The part of a text that is looked at, from `at` on; grows as far as one value needs."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self.text, self.at = "", 0
        self.broken = ""
        self.ended = False

    def more(self) -> None:
        """Drop what was read and double what is left to see."""
        self.text, self.at = self.text[self.at :], 0
        parts, size, aim = [self.text], 0, max(CHUNK, len(self.text))
        try:
            while size < aim and not self.ended:
                piece = next(self.pieces, None)
                self.ended = piece is None
                parts.append(self.decode(piece or b"", final=self.ended))
                size += len(parts[-1])
        except Broken as error:
            self.ended, self.broken = True, str(error)
        self.text = "".join(parts).removeprefix(_MARK)

    def skip(self) -> bool:
        """Pass over what stands between values; whether anything is left."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BETWEEN:
                self.at += 1
            if self.at < len(self.text):
                return True
            if self.ended:
                return False
            self.more()

    def take(self, end: int) -> str:
        found, self.at = self.text[self.at : end], end
        return found

    def value_end(self) -> int | None:
        """Where the value at the start ends; None when there is no whole value."""
        while True:
            try:
                end = _PLAIN.raw_decode(self.text, self.at)[1]
                if end < len(self.text) or self.ended:
                    return end
            except json.JSONDecodeError as error:
                open_end = error.msg.startswith("Unterminated")
                near = open_end or error.pos > len(self.text) - _NEAR
                if not near or len(self.text) - self.at > MAX_LINE or self.ended:
                    return None
            except RecursionError:
                return None
            self.more()

    def trouble(self, number: int) -> Issue:
        """Why the value at the start cannot be read."""
        short = shorten(self.text[self.at : self.at + SHORT])
        if self.broken:
            reason = f"{self.broken}; the rest was not read"
            return Issue(number, "broken_compression", reason, short)
        return Issue(number, "malformed_json", "this is no JSON", short)

    def resume(self) -> bool:
        """Go to the next line that opens an object; whether there is one."""
        while True:
            position = self.text.find("\n", self.at)
            if position >= 0:
                self.at = position + 1
                while self.at < len(self.text) and self.text[self.at] in " \t\r,":
                    self.at += 1
                if self.text.startswith("{", self.at):
                    return True
            elif self.ended:
                return False
            else:
                self.at = len(self.text)
                self.more()
