"""Whether a Zstandard file is whole, told from its frames without unpacking them (RFC 8878).

Belongs here: walking from head to head. Stays out: unpacking (formats.py).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

_MAGIC = 0xFD2FB528
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)
_DICTIONARY = (0, 1, 2, 4)
"""Bytes of the dictionary's id, by its flag."""
_SIZE = (0, 2, 4, 8)
"""Bytes of the content's size, by its flag; the flag 0 stands for one byte in a single segment."""
_RLE, _RESERVED = 1, 3
"""Types of blocks: one byte repeated, and one that must not be."""


def is_whole(path: Path) -> bool:
    """Whether a file is frames from its first to its last byte, each with all of its blocks.

    A file that was cut off is not; whether the blocks can be unpacked shows only then.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        while (at := file.tell()) < size:
            if not _pass_frame(file) or not at < file.tell() <= size:
                return False
    return size > 0


def _pass_frame(file: BinaryIO) -> bool:
    """Go to the end of a frame; False where there is none."""
    magic = _number(file, 4)
    if magic in _SKIPPABLE:
        length = _number(file, 4)
        return length is not None and file.seek(length, os.SEEK_CUR) > 0
    described = _number(file, 1)
    if magic != _MAGIC or described is None:
        return False
    single = bool(described & 0x20)
    own = _SIZE[described >> 6] or int(single)
    file.seek((not single) + _DICTIONARY[described & 0x03] + own, os.SEEK_CUR)
    return _pass_blocks(file) and (not described & 0x04 or len(file.read(4)) == 4)


def _pass_blocks(file: BinaryIO) -> bool:
    """Go behind the last block of a frame; False where it does not come."""
    while (head := _number(file, 3)) is not None:
        kind = head >> 1 & 0x03
        if kind == _RESERVED:
            return False
        file.seek(1 if kind == _RLE else head >> 3, os.SEEK_CUR)
        if head & 0x01:
            return True
    return False


def _number(file: BinaryIO, width: int) -> int | None:
    """The next bytes as a number, the lowest first; None where the file ends before."""
    read = file.read(width)
    return int.from_bytes(read, "little") if len(read) == width else None
