"""Which attribute combinations carry the deviation of a KPI from its forecast?

The flow, file by file: table (what a user gave) -> leaves (codes) -> background, relative or
binomial (what each leaf says: evidence) -> lattice (sums over all cuboids) -> search with story
(which elements) -> ties -> result; drift asks first whether the whole forecast is off.
"""

from cx_analytics.attribute.cuboids.localize import localize
from cx_analytics.attribute.cuboids.result import Element, Localization

__all__ = ["Element", "Localization", "localize"]
