"""The build fails when attribution gets worse on fixed worlds (floors: bench/floors.py)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from cx_analytics.bench import Result, attribution
from cx_analytics.bench.floors import FLOORS, Floor


@pytest.mark.slow
@pytest.mark.parametrize("floor", FLOORS, ids=lambda floor: floor.trial.difficulties[0])
def test_figures_stay_above_the_floor(floor: Floor, tmp_path: Path) -> None:
    said: list[str] = []
    results = attribution(floor.trial, folder=tmp_path, say=said.append)
    assert floor.broken_by(results) == [], "\n".join(said)


def test_a_floor_tells_what_breaks_it() -> None:
    figures = {"f1": 0.5, "false_causes": 2.0, "calibration_error": 0.01}
    result = Result("find_causes", 1, "easy", figures, pl.DataFrame())
    assert FLOORS[0].broken_by([result]) == [
        "f1 0.500, floor 0.93",
        "false_causes 2.000, floor 0.5",
    ]
    unknown = replace(result, figures=figures | {"f1": float("nan")})
    assert FLOORS[0].broken_by([unknown])[0] == "f1 nan, floor 0.93"
    assert FLOORS[2].broken_by([unknown]) == ["false_causes 2.000, floor 0.0"]
