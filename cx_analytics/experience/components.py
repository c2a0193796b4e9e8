"""Genealogy made wide: one row a unit, with the lot and the supplier of each component.

Belongs here: the shape of that relation, as SQL: its columns are named after data, so no fixed
model can hold them; names are quoted, values are literals. Stays out: what lots and suppliers are
blamed for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cx_analytics.contracts.feeds import COMPONENT_COLUMNS
from cx_analytics.contracts.quoting import literal, quote

_SOURCES = dict(zip(COMPONENT_COLUMNS, ("component_lot", "supplier"), strict=True))

NAMES_SQL = "SELECT DISTINCT lower(component) AS name FROM component ORDER BY name"
"""The names of components in the relation `component`, as `components_sql` takes them."""

_PLACED = """\
WITH placed AS (
  SELECT
    unit_id,
    lower(component) AS component,
    component_lot,
    supplier,
    row_number() OVER (
      PARTITION BY unit_id, lower(component)
      ORDER BY
        installed_at DESC NULLS LAST,
        component_lot DESC NULLS LAST,
        component_serial DESC NULLS LAST,
        supplier DESC NULLS LAST
    ) AS place
  FROM component
)
"""


def components_sql(names: Iterable[str], taken: Collection[str] = ()) -> str:
    """The query for one row a unit with `<component>_lot` and `<component>_supplier`, by name.

    It reads the relation `component`. Of several components of one name in a unit (a replaced
    battery) the one built in last counts; one without `installed_at` counts as earliest, and ties
    go to the greatest lot, serial and supplier, so that the order of rows never matters. Names of
    components are taken in lower case (SQL knows no other difference). `taken` lists columns that
    sessions bring themselves: these are left out, since the session's own value goes first.

    >>> print(components_sql(["modem"], ["modem_lot"]).splitlines()[-2])
      max(supplier) FILTER (WHERE component = 'modem') AS "modem_supplier"
    """
    own = {name.lower() for name in taken}
    columns = [
        f"max({source}) FILTER (WHERE component = {literal(name)}) AS {quote(f'{name}_{last}')}"
        for name in names
        for last, source in _SOURCES.items()
        if f"{name}_{last}" not in own
    ]
    listed = ",\n  ".join(["unit_id", *columns])
    return f"{_PLACED}SELECT\n  {listed}\nFROM placed WHERE place = 1 GROUP BY unit_id"
