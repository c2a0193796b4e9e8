"""One writer at a time: an advisory lock on a workspace, held by the process that writes.

The lock dies with its process, so a killed run never blocks the next one.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cx_analytics.contracts.errors import CxError


@contextmanager
def exclusive(
    file: Path, *, patience_s: float = 600.0, tell: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the lock; CxError when another process holds it for longer than `patience_s`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        _acquire(handle.fileno(), file, patience_s, tell)
        yield


def _acquire(handle: int, file: Path, patience_s: float, tell: Callable[[str], None]) -> None:
    until = time.monotonic() + patience_s
    told = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise CxError(
                    "another run is still writing this workspace",
                    where=str(file.parent.parent),
                    todo="wait for it, or end it",
                ) from None
            if not told:
                tell("another run is writing this workspace; waiting for it")
                told = True
            time.sleep(0.2)
        else:
            return
