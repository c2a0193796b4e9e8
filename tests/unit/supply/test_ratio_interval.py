"""The interval of a rate ratio where the data say next to nothing."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cx_analytics.supply import evidence


@pytest.mark.parametrize(("known", "high"), [(1e-15, inf), (1e15, 1.0)])
def test_what_is_not_known_has_no_upper_end(
    monkeypatch: pytest.MonkeyPatch, known: float, high: float
) -> None:
    """One step that expects a millionth of a reject, and little or much information of it."""
    one: Any = SimpleNamespace(
        strictness=np.array([1e-6]),
        exposure=np.array([1.0]),
        excess=np.array([1e-9]),
        informations=np.array([known]),
    )
    scan: Any = SimpleNamespace(step_of=np.array([0]), steps_booking=1)
    rest: Any = None
    monkeypatch.setattr(evidence, "_Score", lambda *_: one)
    found = evidence.ratio_interval(scan, 0, one.excess, rest, 1.0)
    assert found == pytest.approx((1.0, 1.0, high))
