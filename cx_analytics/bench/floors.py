"""What the build holds of attribution's figures: small worlds with fixed seeds, and floors.

Belongs here: which worlds, and the least that their figures may be. Stays out: the published bars
(bars.py), which are for a million sessions and fresh seeds.

A world of a hundred thousand sessions has a tenth of the faults, so weak causes stay unseen and
the figures lie below the published ones. When the floors were set the means were, easy and
medium: F1 1.00 and 0.87, false causes 0 and 0, ECE 0.016 and 0.067; no false cause on a healthy
world. The floors leave room for one more missed cause on the easy worlds, two on the medium ones,
and one false cause: another library's rounding may cost that, a worse search costs more. On a
healthy world there is no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cx_analytics.bench.attribution import Result, Trial
from cx_analytics.bench.tables import mean_and_error


@dataclass(frozen=True)
class Floor:
    """Worlds, and limits on the mean of each figure over them; None = no limit."""

    trial: Trial
    least_f1: float | None
    most_false_causes: float
    most_calibration_error: float

    def broken_by(self, results: Sequence[Result]) -> list[str]:
        """What the results break, in words; empty when all holds."""
        limits = {
            "f1": (self.least_f1, None),
            "false_causes": (None, self.most_false_causes),
            "calibration_error": (None, self.most_calibration_error),
        }
        means = {
            name: mean_and_error([result.figures[name] for result in results])[0] for name in limits
        }
        return [
            f"{name} {means[name]:.3f}, floor {low if low is not None else high}"
            for name, (low, high) in limits.items()
            if (low is not None and not means[name] >= low)
            or (high is not None and not means[name] <= high)
        ]


FLOORS: tuple[Floor, ...] = (
    Floor(
        Trial(sessions=80_000, days=28, seeds=(1, 2), difficulties=("easy",)),
        least_f1=0.93,
        most_false_causes=0.5,
        most_calibration_error=0.04,
    ),
    Floor(
        Trial(sessions=120_000, days=28, seeds=(2, 3, 4), difficulties=("medium",)),
        least_f1=0.82,
        most_false_causes=1.0,
        most_calibration_error=0.09,
    ),
    Floor(
        Trial(sessions=100_000, days=28, seeds=(1, 2), difficulties=("null",)),
        least_f1=None,
        most_false_causes=0.0,
        most_calibration_error=0.02,
    ),
)
