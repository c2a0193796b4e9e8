"""On what figures were measured: versions of what computes, and the machine.

Belongs here: reading them, at the edge. Stays out: anything that is measured.
"""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("cx-analytics", "numpy", "scipy", "polars", "duckdb", "scikit-learn", "dagster")


def versions() -> str:
    """Versions of Python and of the packages that compute."""
    return ", ".join([f"Python {platform.python_version()}", *(_version(one) for one in PACKAGES)])


def machine() -> str:
    """Cores this process may use, the processor's name, and the memory."""
    return f"{cores()} cores of {_processor()}, {_memory_gb():.0f} GB memory, {platform.system()}"


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
