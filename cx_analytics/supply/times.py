"""How step_times is asked for: the models one after the other, and what each of them takes.

Belongs here: the rule by which working hours are learned, and the order of the models. Stays out:
the times themselves, which are counted in SQL because they touch every event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

STAGES: Mapping[str, str] = {
    "word": "supply/words",
    "case_id": "supply/case_ids",
    "case_step": "supply/case_steps",
    "first_pass": "supply/first_passes",
    "transport": "supply/transports",
    "turn": "supply/turns",
    "service_order": "supply/service_orders",
    "working_hours": "supply/working_hours",
    "turn_gap": "supply/turn_gaps",
    "turn_block": "supply/turn_blocks",
    "turn_wait": "supply/turn_waits",
}
"""Relations that the model supply/step_times rests on, in the order in which they are made from
`event` and `given_hours`, each with its model."""

USED_UP: Mapping[str, tuple[str, ...]] = {
    "turn_gap": ("turn", "service_order", "working_hours"),
    "turn_wait": ("turn_gap", "turn_block"),
}
"""Relations that nothing reads any more once another one is made: they make room for it."""

WORDS: Mapping[str, str] = {"word": "word"}
"""Relations of STAGES that list words, each with the column that has them: an engine may hold it as
an enumeration."""

LEFT: tuple[str, ...] = ("word", "case_id", "case_step", "first_pass", "transport", "turn_wait")
"""Relations of STAGES that the model supply/step_times reads."""

SKEW: Mapping[str, float | int] = {"enough": 10, "skew_share": 0.5}
"""Parameters of the model supply/step_time_issues: when the clocks of two resources differ."""


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
    enough : a transition that fewer cases took than this tells nothing of its transport.
    longest_transport_s : nor does one whose shortest wait is longer than this.
    deepest : longest queue, in turns, that is compared pair by pair to tell who was served first
        (only at resources that serve neither in order of arrival nor by ranks).

    >>> CalendarRule().parameters("supply/working_hours")
    {'open_share': 0.1, 'minimum_hours': 40}
    """

    open_share: float = 0.1
    minimum_hours: int = 40
    enough: int = 10
    longest_transport_s: int = 3600
    deepest: int = 1000

    def __post_init__(self) -> None:
        if not 0 <= self.open_share <= 1 or self.minimum_hours < 1:
            raise ValueError("open_share lies in 0 to 1, minimum_hours is at least 1")

    def parameters(self, model: str) -> dict[str, float | int]:
        """Parameters of a model of STAGES."""
        if model == "supply/working_hours":
            return {"open_share": self.open_share, "minimum_hours": self.minimum_hours}
        if model == "supply/transports":
            return {"enough": self.enough, "longest_s": self.longest_transport_s}
        return {"deepest": self.deepest} if model == "supply/turn_waits" else {}
