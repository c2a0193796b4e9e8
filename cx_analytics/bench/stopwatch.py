"""Processor time and resident memory of this process over time, sampled while it works.

Belongs here: sampling, and what was used between two moments. Stays out: what the moments mean.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

INTERVAL_S = 0.02


@dataclass(frozen=True)
class Used:
    """What a stretch of time took: wall and processor seconds (all threads), peak memory (GB)."""

    wall_s: float
    cpu_s: float
    peak_gb: float

    def __add__(self, other: Used) -> Used:
        """Both, one after the other."""
        peak = max(self.peak_gb, other.peak_gb)
        return Used(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, peak)


class Stopwatch:
    """Samples this process from another thread, inside a `with` block.

    Processor time between two samples is taken as even; memory is the highest sample, so a peak
    shorter than INTERVAL_S may be missed.
    """

    def __init__(self) -> None:
        self.samples: list[tuple[float, float, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self.samples.append(_now())
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.samples.append(_now())

    def between(self, began: float, ended: float) -> Used:
        """What was used between two moments (seconds since 1970)."""
        at, cpu, memory = np.array(self.samples).T
        spent = np.interp([began, ended], at, cpu)
        inside = (at >= began) & (at <= ended)
        near = memory[inside] if inside.any() else np.interp([began, ended], at, memory)
        return Used(ended - began, float(spent[1] - spent[0]), float(near.max()))

    def whole(self) -> Used:
        """What was used from entering to leaving the block."""
        return self.between(self.samples[0][0], self.samples[-1][0])

    def _sample(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self.samples.append(_now())


def _now() -> tuple[float, float, float]:
    return time.time(), time.process_time(), resident_gb()


def resident_gb() -> float:
    """Memory that this process holds now; where the system does not tell, the most it ever held."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e9
    return highest_gb()


def highest_gb() -> float:
    """The most memory that this process ever held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
