"""Baseline: subgroup discovery by beam search (package pysubgroup).

Belongs here: asking it for subgroups with too many faults. It scores each subgroup on its own,
so overlapping ones fill the list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cx_analytics.bench.baselines.diagnosis import Cell, Diagnosis, diagnosis
from cx_analytics.bench.baselines.sample import Condition, Sample, rate_ratio, single_cells

SUBGROUPS = 20
SIZE_WEIGHT = 0.5
"""Exponent of a subgroup's size in its quality: that of a binomial test."""


def subgroups(sample: Sample) -> Diagnosis:
    """The 20 subgroups of one or two values with the highest quality.

    Lemmerich & Becker, ECML PKDD 2018. It takes no weights: all faults and a part of the other
    sessions make every subgroup look equally worse.
    """
    import pandas as pd
    import pysubgroup as ps

    # Codes compare ten times as fast as text.
    table = pd.DataFrame({name: codes for name, (_, codes) in sample.codes.items()})
    selectors = [ps.EqualitySelector(name, code) for name, code in _frequent(sample)]
    if not selectors:
        return diagnosis([], sample.faults)
    task = ps.SubgroupDiscoveryTask(
        table.assign(faulty=sample.faulty),
        ps.BinaryTarget("faulty", True),
        selectors,
        result_set_size=SUBGROUPS,
        depth=2,
        qf=ps.StandardQF(SIZE_WEIGHT),
    )
    with np.errstate(invalid="ignore"):
        found = ps.BeamSearch(beam_width=SUBGROUPS).execute(task).results
    groups = [_conditions(sample, group.selectors) for _, group, _ in found]
    cells = [Cell(dict(group), rate_ratio(sample, group)) for group in groups if group]
    return diagnosis(cells, sample.faults)


def _frequent(sample: Sample) -> list[tuple[str, int]]:
    """Values with enough faults, as attribute and code."""
    listed = single_cells(sample).select("a", "value_a").iter_rows()
    return [(name, sample.codes[name][0].index(value)) for name, value in listed]


def _conditions(sample: Sample, selectors: Iterable[Any]) -> Condition:
    named = [(one.attribute_name, int(one.attribute_value)) for one in selectors]
    return tuple((name, sample.codes[name][0][code]) for name, code in named)
