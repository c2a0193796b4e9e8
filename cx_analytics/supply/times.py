"""What the model supply/step_times is asked with.

Belongs here: the rule by which the working hours of a resource are learned. Stays out: the times
themselves, which are counted in SQL because they touch every event.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CalendarRule:
    """When a resource counts as open in an hour of the week, learned from its activity.

    Parameters
    ----------
    open_share : it worked in that hour in at least this share of the weeks between its first
        and its last work, 0 to 1. A single overtime shift does not open an hour; a station that
        is needed every tenth week does.
    minimum_hours : a resource that worked in fewer hours than this (default: a working week) is
        given the hours in which anybody worked.

    >>> CalendarRule().parameters
    {'open_share': 0.1, 'minimum_hours': 40}
    """

    open_share: float = 0.1
    minimum_hours: int = 40

    def __post_init__(self) -> None:
        if not 0 <= self.open_share <= 1 or self.minimum_hours < 1:
            raise ValueError("open_share lies in 0 to 1, minimum_hours is at least 1")

    @property
    def parameters(self) -> dict[str, float | int]:
        """Parameters of the model supply/step_times."""
        return {"open_share": self.open_share, "minimum_hours": self.minimum_hours}
