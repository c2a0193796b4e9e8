"""Localisation on the published instances: the figures do not fall below their floors.

The instances are not part of the project: without them beside the checkout this is skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cx_analytics.bench.localization import Score, published, scored, variants

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "bench" / "localize"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the published instances are not at {FOLDER}"),
]

CPU_S = {"S": 1.9 / 20, "L": 1.2 / 20, "B0": 0.28 / 10, "RS": 0.1}
"""A twentieth (on B0 a tenth) of what RiskLoc takes for an instance on such a machine."""


def cpu(score: Score) -> float:
    return sorted(score.cpu_s)[len(score.cpu_s) // 2]


@pytest.mark.parametrize(
    ("dataset", "instances", "floor"),
    [("S", 12, 0.94), ("L", 12, 0.99), ("B0", 54, 0.99), ("RS", 68, 0.78)],
)
def test_published_sets(dataset: str, instances: int, floor: float) -> None:
    score = scored(published(FOLDER, dataset))
    assert score.instances == instances
    assert score.f1 >= floor
    assert cpu(score) <= 2 * CPU_S[dataset]  # Twice: this machine may be busy.


def test_noise_and_drift() -> None:
    scores = {name: scored(made) for name, made in variants("B0", lambda: published(FOLDER, "B0"))}
    assert {name: score.f1 >= 0.985 for name, score in scores.items()} == {
        "B0, 12% noise": True,
        "B0, forecast x 0.7": True,
        "B0, forecast x 1.3": True,
    }
