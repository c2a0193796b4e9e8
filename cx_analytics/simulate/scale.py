"""How large a world is for a number of sessions, and how hard for a difficulty.

Belongs here: sizes and strengths as data. Stays out: drawing anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Difficulty = Literal["easy", "medium", "hard", "null"]

BASE_RATE = 0.01
"""Background faults per session, on average over all sessions."""


@dataclass(frozen=True)
class Scale:
    """Numbers of distinct things; a million sessions meet 5,000 cells and 100,000 customers."""

    customers: int
    regions: int
    sites: int
    cells: int
    models: int
    platforms: int
    lots: int
    lines: int
    component_lots: int

    @classmethod
    def of(cls, sessions: int) -> Scale:
        """The scale for that many sessions.

        >>> Scale.of(1_000_000).cells, Scale.of(100_000).cells
        (5000, 500)
        >>> Scale.of(1_000_000).customers, Scale.of(1_000_000).models
        (100000, 40)
        """
        millions = sessions / 1e6
        cells = max(24, round(5000 * millions))
        models = min(120, max(6, round(40 * millions**0.45)))
        lots = max(models * 2, round(400 * millions**0.75))
        return cls(
            customers=max(100, round(100_000 * millions)),
            regions=max(5, round(100 * millions**0.7)),
            sites=max(10, cells // 4),
            cells=cells,
            models=models,
            platforms=max(3, models // 4),
            lots=lots,
            lines=min(16, max(4, lots // 20)),
            component_lots=max(8, lots // 4),
        )


@dataclass(frozen=True)
class Strength:
    """How strong the causes and how loud the noise of a difficulty is.

    `rate_ratio` bounds a shared cause's rate ratio; its expected excess faults are at least
    `least_excess`, and so many that the expected log-likelihood ratio is about `least_nats`;
    `cell_noise`/`model_noise` are standard deviations of log factors that are no cause,
    `frailty` is the shape of the customers' gamma (smaller = more unequal), `individuals`
    counts broken units, bad SIMs and weak homes each, per million sessions, whose hazard (faults
    per session) lies in `own_hazard`. `leaning` and `own_leaning` are powers that draw the strength
    of shared and of own troubles to the weak end of its range (1 = evenly spread). `handed_on` is
    the share of replaced units that another customer carries on.
    """

    rate_ratio: tuple[float, float]
    least_excess: float
    least_nats: float
    cell_noise: float
    model_noise: float
    frailty: float
    individuals: int
    multiplicative: float
    own_hazard: tuple[float, float]
    own_leaning: float
    leaning: float
    handed_on: float


STRENGTHS: dict[Difficulty, Strength] = {
    "easy": Strength(
        (6.0, 30.0), 40.0, 40.0, 0.10, 0.05, 3.0, 20, 0.20, (0.25, 0.7), 1.0, 1.0, 0.0
    ),
    "medium": Strength(
        (1.6, 30.0), 20.0, 25.0, 0.20, 0.10, 2.0, 40, 0.25, (0.1, 0.7), 1.5, 3.0, 0.5
    ),
    "hard": Strength((1.2, 30.0), 10.0, 15.0, 0.30, 0.15, 1.5, 50, 0.35, (0.1, 0.7), 1.5, 2.0, 0.5),
    "null": Strength((1.0, 1.0), 0.0, 0.0, 0.25, 0.12, 1.5, 0, 0.0, (0.0, 0.0), 1.0, 1.0, 0.0),
}
