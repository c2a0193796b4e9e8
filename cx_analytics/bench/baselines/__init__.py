"""What anyone would try first, on the same worlds and scored in the same way.

Each baseline is a function from a sample to a diagnosis; SliceLine and pysubgroup are packages of
their own (`pip install 'cx-analytics[bench]'`) and are left out where they are not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from cx_analytics.bench.baselines.diagnosis import Diagnosis
from cx_analytics.bench.baselines.l1 import l1_logistic
from cx_analytics.bench.baselines.sample import MOST_SESSIONS, Sample, draw
from cx_analytics.bench.baselines.sliceline import sliceline
from cx_analytics.bench.baselines.subgroups import subgroups
from cx_analytics.bench.baselines.univariate import univariate

NOT_INSTALLED = "not installed: pip install 'cx-analytics[bench]'"


@dataclass(frozen=True)
class Baseline:
    """A method by name; `most` sessions without a fault are all that it can take.

    `package` is what it needs beyond this project's own dependencies.
    """

    name: str
    find: Callable[[Sample], Diagnosis]
    most: int = MOST_SESSIONS
    package: str | None = None

    @property
    def installed(self) -> bool:
        return self.package is None or find_spec(self.package) is not None


BASELINES = (
    Baseline("univariate + BH", univariate),
    Baseline("L1 logistic", l1_logistic),
    Baseline("pysubgroup", subgroups, 60_000, "pysubgroup"),
    Baseline("SliceLine", sliceline, 20_000, "sliceline"),
)
"""In the order of the tables."""

__all__ = ["BASELINES", "NOT_INSTALLED", "Baseline", "Diagnosis", "Sample", "draw"]
