"""How many units an action on a condition would touch: its blast radius.

Belongs here: which table knows the units under a condition. Stays out: whether that is too much
(the guard rails).
"""

from __future__ import annotations

from collections.abc import Mapping

from cx_analytics.cli.reader import Reader
from cx_analytics.contracts.feeds import UNITS
from cx_analytics.contracts.tables import SESSIONS_TABLE

MOST_CONDITIONS = 3
"""As many conditions as answers/units_under takes."""


def units_under(reader: Reader, conditions: Mapping[str, str]) -> int | None:
    """Units that meet all conditions, made so or seen so; None where no table can tell."""
    keys = set(conditions)
    if keys == {"unit_id"}:
        return 1
    if len(keys) == 1 and (found := _by_part(reader, *next(iter(conditions.items())))) is not None:
        return found
    for relation, columns in (("units", UNITS.names), ("sessions", SESSIONS_TABLE.names)):
        if keys <= set(columns) and len(keys) <= MOST_CONDITIONS:
            return _under(reader, relation, conditions)
    return None


def _by_part(reader: Reader, attribute: str, value: str) -> int | None:
    component, _, last = attribute.rpartition("_")
    if last == "lot":
        return len({row["unit_id"] for row in reader.rows("lot_units", lot=value)})
    if last == "supplier" and component:
        row = reader.row("units_supplied", component=component, supplier=value)
        return int(row["units"])
    return None


def _under(reader: Reader, relation: str, conditions: Mapping[str, str]) -> int:
    pairs = [*sorted(conditions.items()), *[("unit_id", None)] * MOST_CONDITIONS]
    places = list(zip(("first", "second", "third"), pairs, strict=False))
    columns = {place: column for place, (column, _) in places}
    values = {f"{place}_value": value for place, (_, value) in places}
    return int(reader.row("units_under", {"relation": relation, **columns}, **values)["units"])
