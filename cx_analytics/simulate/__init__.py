"""Planted worlds: landing files of a product's life, and the truth about them.

`make_world` plans a world; `write_world` delivers it day by day into landing/ and keeps the truth
in truth/. Only the command line, the bench and tests may import this package: a pipeline that
could see the truth would prove nothing.
"""

from cx_analytics.simulate.scale import Difficulty
from cx_analytics.simulate.truth import Truth
from cx_analytics.simulate.world import World, make_world
from cx_analytics.simulate.write import Written, write_world

__all__ = ["Difficulty", "Truth", "World", "Written", "make_world", "write_world"]
