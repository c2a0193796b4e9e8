"""One PDF from pages that were rendered one by one.

Belongs here: the structure of a PDF file (ISO 32000-1). Stays out: what is on a page (paper.py).
The renderer of pictures gives a PDF of one page for each SVG. Their objects are found through
the cross-reference table (7.5.4), renumbered, and hung into one page tree (7.7.3.2). Equal pages
give equal bytes: the identifier (14.4) is a digest of the content and the dates (7.9.4) are
those of the message.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from cx_analytics.contracts.errors import CxError

_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_SECTION = re.compile(rb"xref\s+0 (\d+)\s+")
_ENTRY_BYTES = 20
_REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
_PARENT = re.compile(rb"/Parent \d+ 0 R")
_LEAF = re.compile(rb"/Type /Page\b")
_RESOURCE = re.compile(rb"/[a-z]+\d+ \d+ 0 R")
_RESOURCES = re.compile(rb"(?:/[a-z]+\d+ \d+ 0 R\s+){2,}")
_CATALOG, _PAGES, _INFO = 1, 2, 3

Objects = dict[int, bytes]
"""Object number → what stands between `obj` and `endobj`."""


class UnreadablePage(CxError):
    """The renderer's page is built in a way that cannot be joined."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"a rendered page cannot be joined: {what}", todo="install the locked versions"
        )


def join(pages: Sequence[bytes], *, title: str, at: datetime) -> bytes:
    """One PDF of several of one page each.

    Raises
    ------
    UnreadablePage : a page has no classic cross-reference table, or not one page.
    """
    objects: Objects = {}
    kids: list[int] = []
    for page in pages:
        kids.append(_take(page, objects, first=_INFO + 1 + len(objects)))
    listed = " ".join(f"{number} 0 R" for number in kids)
    objects[_CATALOG] = b"<< /Type /Catalog /Pages 2 0 R /Lang (en) >>"
    objects[_PAGES] = f"<< /Type /Pages /Count {len(kids)} /Kids [{listed}] >>".encode()
    objects[_INFO] = (
        f"<< /Title {_text(title)} /Producer (cx-analytics) /CreationDate (D:{at:%Y%m%d%H%M%S}Z) >>"
    ).encode()
    return _written(objects)


def _take(page: bytes, objects: Objects, *, first: int) -> int:
    """Put a page's objects behind those that are there; the number of its page object.

    The renderer walks through its resources in an order of chance. So they are sorted by name,
    and objects are numbered in the order in which the page leads to them.
    """
    found = {number: _in_order(body) for number, body in _objects(page).items()}
    leaves = [old for old, body in found.items() if _LEAF.search(_dictionary(body))]
    if len(leaves) != 1:
        raise UnreadablePage(f"it has {len(leaves)} pages")
    numbers = {old: first + place for place, old in enumerate(_reached(leaves[0], found))}
    for old, new in numbers.items():
        objects[new] = _renumbered(found[old], numbers)
    return numbers[leaves[0]]


def _in_order(body: bytes) -> bytes:
    head = _dictionary(body)
    return _RESOURCES.sub(_sorted_resources, head) + body[len(head) :]


def _sorted_resources(run: re.Match[bytes]) -> bytes:
    return b" ".join(sorted(_RESOURCE.findall(run[0]))) + b"\n"


def _reached(leaf: int, found: Objects) -> list[int]:
    """The objects that a page needs, each once, itself first."""
    order: list[int] = []
    waiting = [leaf]
    while waiting:
        number = waiting.pop()
        if number in order:
            continue
        if number not in found:
            raise UnreadablePage(f"object {number} is missing")
        order.append(number)
        needed = _REFERENCE.findall(_PARENT.sub(b"", _dictionary(found[number])))
        waiting += [int(one) for one in reversed(needed)]
    return order


def _objects(pdf: bytes) -> Objects:
    start = _START.search(pdf)
    section = _SECTION.match(pdf, int(start[1])) if start else None
    if section is None:
        raise UnreadablePage("it has no cross-reference table")
    found: Objects = {}
    for number in range(int(section[1])):
        entry = pdf[section.end() + _ENTRY_BYTES * number :][:_ENTRY_BYTES]
        if entry[17:18] == b"n":
            found[number] = _body(pdf, number, int(entry[:10]))
    return found


def _body(pdf: bytes, number: int, offset: int) -> bytes:
    head = re.compile(rb"%d 0 obj\s+" % number).match(pdf, offset)
    if head is None:
        raise UnreadablePage(f"object {number} is not where its table says")
    length = re.compile(rb"/Length (\d+)\b(?! 0 R)").search(
        pdf, head.end(), _first(pdf, b"endobj", head.end())
    )
    stream = re.compile(rb"stream\r?\n").search(pdf, head.end(), _first(pdf, b"endobj", head.end()))
    # The bytes of a stream may hold anything, so its end is counted, not searched (7.3.8.2).
    beyond = stream.end() + int(length[1]) if stream and length else head.end()
    return pdf[head.end() : _first(pdf, b"endobj", beyond)].rstrip()


def _first(pdf: bytes, word: bytes, start: int) -> int:
    place = pdf.find(word, start)
    if place < 0:
        raise UnreadablePage(f"{word.decode()} is missing")
    return place


def _dictionary(body: bytes) -> bytes:
    """What stands before the stream: there is nothing to read or to renumber in its bytes."""
    return re.split(rb"stream\r?\n", body, maxsplit=1)[0]


def _renumbered(body: bytes, numbers: Mapping[int, int]) -> bytes:
    def other(match: re.Match[bytes]) -> bytes:
        return b"%d 0 R" % numbers[int(match[1])]

    head = _dictionary(body)
    parts = [_REFERENCE.sub(other, part) for part in _PARENT.split(head)]
    return (b"/Parent %d 0 R" % _PAGES).join(parts) + body[len(head) :]


def _text(value: str) -> str:
    """A text string (7.9.2.2): UTF-16 with its mark, in hexadecimal."""
    return f"<FEFF{value.encode('utf-16-be').hex().upper()}>"


def _written(objects: Objects) -> bytes:
    parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
    offsets: list[int] = []
    length = len(parts[0])
    for number in sorted(objects):
        part = b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
        offsets.append(length)
        parts.append(part)
        length += len(part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    identity = hashlib.sha256(b"".join(parts)).hexdigest()[:32].encode()
    trailer = b"<< /Size %d /Root 1 0 R /Info 3 0 R /ID [<%s> <%s>] >>" % (size, identity, identity)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    end = b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, length)
    return b"".join((*parts, head, table, end))
