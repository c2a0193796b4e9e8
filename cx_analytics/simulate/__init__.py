"""Planted worlds: landing files of a product's life, and the truth about them.

`make_world` plans a world; `write_world` delivers it day by day into landing/ and keeps the truth
in truth/. `follow_up` goes on after its last day, with or without interventions, and
`write_follow_up` delivers that. The package `plant` does the same for production. Only the command
line, the bench and tests may import this package: a pipeline that could see the truth would prove
nothing.
"""

from cx_analytics.simulate.follow_up import FollowUp, follow_up
from cx_analytics.simulate.interventions import Intervention, repair
from cx_analytics.simulate.scale import Difficulty
from cx_analytics.simulate.truth import Truth
from cx_analytics.simulate.world import World, make_world
from cx_analytics.simulate.write import Written, write_world
from cx_analytics.simulate.write_follow_up import write_follow_up

__all__ = [
    "Difficulty",
    "FollowUp",
    "Intervention",
    "Truth",
    "World",
    "Written",
    "follow_up",
    "make_world",
    "repair",
    "write_follow_up",
    "write_world",
]
