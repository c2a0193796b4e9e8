"""A planted plant: production, its waits and its defects, and the truth about them.

`make_plant` lets units go through the stations of a floor; `write_plant` delivers the log, the
units and their faults in the field into landing/ and keeps the truth in truth/.
"""

from cx_analytics.simulate.plant.makers import MAKER_KINDS, Maker, MakerKind
from cx_analytics.simulate.plant.plant import Plant, make_plant
from cx_analytics.simulate.plant.stations import STATIONS, Calendar, Station
from cx_analytics.simulate.plant.waits import CAUSES as WAIT_CAUSES
from cx_analytics.simulate.plant.write import PlantTruth, write_plant

__all__ = [
    "MAKER_KINDS",
    "STATIONS",
    "WAIT_CAUSES",
    "Calendar",
    "Maker",
    "MakerKind",
    "Plant",
    "PlantTruth",
    "Station",
    "make_plant",
    "write_plant",
]
