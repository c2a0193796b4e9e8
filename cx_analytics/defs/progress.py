"""Progress of a run, day by day, for whoever listens in the same process (`cx run` does)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date

Listener = Callable[[str, str, int, int], None]
"""Called with (stage, what, done, of)."""

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Let `listener` hear of progress inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(stage: str, what: str, done: int = 0, of: int = 0) -> None:
    """Say where a stage is."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, what, done, of)


def each_day(stage: str, days: Iterable[date]) -> Iterator[date]:
    """The days in order, telling which is worked on."""
    listed = sorted(days)
    for index, day in enumerate(listed):
        tell(stage, day.isoformat(), index, len(listed))
        yield day
    if listed:
        tell(stage, listed[-1].isoformat(), len(listed), len(listed))
