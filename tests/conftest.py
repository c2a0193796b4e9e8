"""What all tests share: how properties are tried, and which files come first."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does, and is not what it is about.
settings.register_profile(
    "patient",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow,),
)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: workers take files, and the last keeps the other waiting."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
