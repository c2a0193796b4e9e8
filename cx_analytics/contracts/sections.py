"""One table of a settings file, read value by value until nothing is left.

Belongs here: taking a value of a type, and the error for one that cannot be used. Stays out: which
settings there are (workspace.py).
"""

from __future__ import annotations

from dataclasses import fields, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from cx_analytics.contracts.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")

_KINDS: dict[type | tuple[type, ...], str] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a table",
    list: "a list of numbers, such as [0, 100]",
    (list, str): 'a list of texts, such as ["a", "b"]',
}


class Section:
    """One table of cx.toml that must be used up: what nobody asked for is a mistake."""

    def __init__(self, values: Any, name: str, where: str) -> None:
        if not isinstance(values, dict):
            raise SettingsError(f"[{name}] must be a table", where=where, todo=f"write [{name}]")
        self.values, self.name, self.where = dict(values), name, where

    def take(self, key: str, kind: type | tuple[type, ...], default: Any) -> Any:
        value = self.values.pop(key, default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        wrong = isinstance(value, bool) and kind is not bool
        if value is not None and (wrong or not isinstance(value, kind)):
            raise SettingsError(
                f"[{self.name}] {key} = {value!r} has the wrong type",
                where=self.where,
                todo=f"give {_KINDS[kind]}",
            )
        return value

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        values = self.take(key, (list, str), list(default))
        listed = [values] if isinstance(values, str) else values
        if not all(isinstance(value, str) for value in listed):
            raise SettingsError(
                f"[{self.name}] {key} must hold texts", where=self.where, todo="quote each"
            )
        return tuple(listed)

    def span(self, key: str) -> tuple[float, float]:
        """Two finite numbers, the lower one first."""
        ends = self.take(key, list, None)
        numbers = [
            float(end)
            for end in ends
            if isinstance(end, int | float) and not isinstance(end, bool) and isfinite(end)
        ]
        if len(numbers) != 2 or len(ends) != 2 or numbers[0] > numbers[1]:
            raise SettingsError(
                f"[{self.name}] {key} must be the lowest and the highest reading that can be true",
                where=self.where,
                todo=f"write {key} = [0, 100]",
            )
        return numbers[0], numbers[1]

    def record(self, base: Record) -> Record:
        """The dataclass `base` with what the section sets; it has a setting for each field."""
        defaults = {one.name: getattr(base, one.name) for one in fields(base)}
        values = {
            key: self.texts(key, default)
            if isinstance(default, tuple)
            else self.take(key, str if default is None else type(default), default)
            for key, default in defaults.items()
        }
        self.done(tuple(defaults))
        return replace(base, **values)

    def done(self, possible: tuple[str, ...]) -> None:
        for key in self.values:
            raise SettingsError(
                f"[{self.name}] has no setting {key!r}",
                where=self.where,
                todo=did_you_mean(key, possible),
            )
