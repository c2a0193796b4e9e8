"""What a table must not be: each refusal says what, where and what to do."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from cx_analytics.attribute import localize
from cx_analytics.contracts.errors import InputRefused

GOOD: dict[str, list[Any]] = {"a": ["x", "y"], "real": [1.0, 2.0], "predict": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"predict": None}, "no column predict"),
        ({"real": None, "reel": [1.0, 2.0]}, "did you mean reel"),
        ({"a": None}, "no attribute column"),
        ({"real": [1.0, -2.0]}, "negative values .the lowest is -2, in row 2"),
        ({"real": [1.0, float("nan")]}, "1 missing or infinite values .first in row 2"),
        ({"predict": [float("inf"), 1.0]}, "first in row 1"),
        ({"predict": [None, 1.0]}, "first in row 1"),
        ({"real": ["1", "2"]}, "column real holds String and no numbers"),
        ({"weight": [0.5, 0.5]}, "column weight is neither an amount nor an attribute"),
        ({"a": [], "real": [], "predict": []}, "no rows"),
        (
            {"real_a": [3, 1], "real_b": [2, 1], "predict_a": [1, 1], "predict_b": [1, 1]},
            "real_a is above real_b in 1 rows .first in row 1",
        ),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    columns = {name: column for name, column in {**GOOD, **change}.items() if column is not None}
    frame = pl.DataFrame(columns)
    if frame.is_empty():
        frame = frame.cast({"a": pl.String, "real": pl.Float64, "predict": pl.Float64})
    with pytest.raises(InputRefused, match=words):
        localize(frame)


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(InputRefused, match=r"no attribute b .possible: a"):
        localize(pl.DataFrame(GOOD), attributes=["b"])


def test_a_forecast_may_undershoot_a_little() -> None:
    frame = pl.DataFrame({"a": ["x", "y"], "real": [5000.0, -0.5], "predict": [5000.0, 0.0]})
    assert localize(frame).set == ""
