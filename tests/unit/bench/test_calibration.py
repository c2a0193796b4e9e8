"""The map from evidence to probability: monotone, and never sure."""

from __future__ import annotations

import json

import polars as pl
import pytest

from cx_analytics.bench.calibration import as_text, isotonic, learn


def test_false_causes_of_little_evidence_lower_its_probability() -> None:
    told = pl.DataFrame(
        {"evidence": [1.0, 2.0, 30.0, 40.0] * 20, "real": [0.0, 1.0, 1.0, 1.0] * 20}
    )
    points = isotonic(told)
    assert [p for _, p in points] == sorted(p for _, p in points)
    assert points[0][1] < 0.05
    assert 0.9 < points[-1][1] < 1.0


def test_the_text_is_json_with_a_line_an_entry() -> None:
    text = as_text({"learned": "x", "shared": [[0.0, 0.5]]})
    assert json.loads(text) == {"learned": "x", "shared": [[0.0, 0.5]]}
    assert len(text.splitlines()) == 4


@pytest.mark.slow
def test_it_learns_from_worlds() -> None:
    said: list[str] = []
    points = learn([("easy", 1)], 40_000, days=14, say=said.append)
    assert set(points) == {"shared", "individual"}
    assert len(said) == 1
