"""Errors that a user can act on. Nothing else may end a command.

CxError                 what went wrong, where, and what to do
├── SettingsError       cx.toml or a playbook cannot be used as it stands
├── InputRefused        a file or a value from outside cannot be used
├── CheckFailed         the data break a blocking rule
└── NotFound            a customer, unit, lot, table or workspace that is not there
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CxError(Exception):
    """An error with a place and a way out.

    >>> print(CxError("column is missing", where="a.csv", todo="add started_at"))
    a.csv: column is missing. To do: add started_at
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}." + (f" To do: {self.todo}" if self.todo else "")


class SettingsError(CxError):
    """cx.toml or a playbook cannot be used as it stands."""


class InputRefused(CxError):
    """A file or a value from outside cannot be used."""


class CheckFailed(CxError):
    """The data break a blocking rule."""


class NotFound(CxError):
    """A customer, unit, lot, table or workspace that is not there."""


def is_disk_full(error: str | BaseException) -> bool:
    """Whether an error of any library says that there is no room on a disk.

    >>> is_disk_full(OSError(28, "No space left on device")), is_disk_full("no such file")
    (True, False)
    """
    said = str(error).lower()
    return any(words in said for words in _FULL)


_FULL = (
    "no space left on device",
    "disk quota exceeded",
    "disk is full",
    "not enough space",
    "max_temp_directory_size",
)
"""How the system, DuckDB and Spark say it."""


def did_you_mean(given: str, possible: Iterable[str]) -> str:
    """A hint for a mistyped name, or the whole choice when nothing is near.

    >>> did_you_mean("sesions", ["sessions", "units"])
    'did you mean sessions?'
    >>> did_you_mean("x", ["sessions", "units"])
    'possible: sessions, units'
    """
    choice = sorted(possible)
    near = get_close_matches(given, choice, n=1)
    return f"did you mean {near[0]}?" if near else "possible: " + ", ".join(choice)
