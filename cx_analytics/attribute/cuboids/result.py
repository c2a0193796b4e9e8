"""What was found: elements with what they carry, as objects, as text and as a frame.

Belongs here: the result and its forms. Stays out: finding it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

Direction = Literal["below", "above"]
"""Whether the actual amount (or ratio) lies below or above its forecast."""


@dataclass(frozen=True)
class Element:
    """A combination of attribute values that carries a part of the deviation.

    Attributes
    ----------
    conditions : attribute -> value, attributes in alphabetical order.
    direction : whether what is real lies below or above the forecast.
    leaves : combinations of all attributes that it covers.
    real, predict : sums over its leaves that no earlier element covers; for a ratio, the ratios.
    gain : nats by which it shortens the description; e^-gain bounds the odds against it.
    share : its part of the deviation of the whole table; nan when the whole is on its forecast.
    equivalents : other conditions with exactly the same leaves, not told apart by the data.
    """

    conditions: Mapping[str, str]
    direction: Direction
    leaves: int
    real: float
    predict: float
    gain: float
    share: float
    equivalents: tuple[Mapping[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The conditions as `a=a1&b=b2`."""
        return text_of(self.conditions)


@dataclass(frozen=True)
class Localization:
    """The elements in the order in which they were taken, the largest gain first.

    `drift` multiplies the forecast: 1 unless the whole forecast was off.
    """

    elements: tuple[Element, ...]
    drift: float = 1.0

    @property
    def set(self) -> str:
        """The elements as `a=a1&b=b2;c=c3`; empty when nothing deviates."""
        return ";".join(element.text for element in self.elements)

    def frame(self) -> pl.DataFrame:
        """A row an element."""
        return pl.DataFrame(
            [
                {
                    "label": one.text,
                    "conditions": list(one.conditions.items()),
                    "direction": one.direction,
                    "leaves": one.leaves,
                    "real": one.real,
                    "predict": one.predict,
                    "gain": one.gain,
                    "share": one.share,
                    "equivalents": [text_of(other) for other in one.equivalents],
                }
                for one in self.elements
            ],
            schema={
                "label": pl.String(),
                "conditions": pl.List(pl.Array(pl.String(), 2)),
                "direction": pl.String(),
                "leaves": pl.Int64(),
                "real": pl.Float64(),
                "predict": pl.Float64(),
                "gain": pl.Float64(),
                "share": pl.Float64(),
                "equivalents": pl.List(pl.String()),
            },
        )


def text_of(conditions: Mapping[str, str]) -> str:
    """Conditions as text. Signs that would be read as its own are written as `%26`.

    >>> text_of({"b": "b2", "a": "x&y"})
    'a=x%26y&b=b2'
    """
    return "&".join(f"{_plain(a)}={_plain(conditions[a])}" for a in sorted(conditions))


_SIGNS = re.compile(r"[&;=\r\n]|%(?=[0-9A-Fa-f]{2})")


def _plain(word: str) -> str:
    return _SIGNS.sub(lambda sign: f"%{ord(sign.group()):02X}", word)
