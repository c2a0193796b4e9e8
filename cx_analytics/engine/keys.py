"""A secret key in a file of its own, made once.

Belongs here: chance and the file system. Stays out: what a key is for.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.files import PART, sync


def read_key(file: Path, size: int) -> bytes | None:
    """The key of `size` bytes; None when there is no file, InputRefused when it is no key."""
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise _no_key(file, size) from error
    if len(key) != size:
        raise _no_key(file, size)
    return key


def _no_key(file: Path, size: int) -> InputRefused:
    return InputRefused(
        f"this is no readable key of {2 * size} hexadecimal digits",
        where=str(file),
        todo="put the key back from a backup",
    )


def make_key(file: Path, size: int) -> bytes:
    """A new random key, readable by its owner alone; it is on the disk before it is returned."""
    key = secrets.token_bytes(size)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f"{PART}{file.name}.tmp")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(key.hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    sync(file.parent)
    return key
