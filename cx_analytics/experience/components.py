"""Genealogy made wide: one row a unit, with the lot and the supplier of each component.

Belongs here: the shape of that relation. Stays out: what lots and suppliers are blamed for.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from cx_analytics.contracts.feeds import COMPONENT_COLUMNS

_SOURCES = dict(zip(COMPONENT_COLUMNS, ("component_lot", "supplier"), strict=True))


def widen_components(components: pl.DataFrame, taken: Collection[str] = ()) -> pl.DataFrame:
    """One row a unit with `<component>_lot` and `<component>_supplier`, by name of component.

    Of several components of one name in a unit (a replaced battery) the one built in last
    counts; one without `installed_at` counts as earliest, and ties go to the greatest lot,
    serial and supplier, so that the order of rows never matters. Names of components are taken
    in lower case (SQL knows no other difference). `taken` lists columns that sessions bring
    themselves: these are left out, since the session's own value goes first.

    >>> widen_components(
    ...     pl.DataFrame(
    ...         {
    ...             "unit_id": ["u1", "u1"],
    ...             "component": ["modem", "battery"],
    ...             "component_lot": ["M7", "B2"],
    ...             "supplier": ["Acme", None],
    ...             "component_serial": [None, None],
    ...             "installed_at": [None, None],
    ...         }
    ...     )
    ... ).row(0, named=True)
    {'unit_id': 'u1', 'battery_lot': 'B2', 'battery_supplier': None, 'modem_lot': 'M7', \
'modem_supplier': 'Acme'}
    """
    latest, own = _latest(components), {name.lower() for name in taken}
    wide = latest.select(pl.col("unit_id").unique().sort())
    for name in latest["component"].unique().sort():
        columns = {f"{name}_{last}": source for last, source in _SOURCES.items()}
        kept = {column: source for column, source in columns.items() if column not in own}
        one = latest.filter(pl.col("component") == name)
        wide = wide.join(one.select("unit_id", **_columns(kept)), on="unit_id", how="left")
    return wide


def _columns(sources: dict[str, str]) -> dict[str, pl.Expr]:
    return {name: pl.col(source) for name, source in sources.items()}


def _latest(components: pl.DataFrame) -> pl.DataFrame:
    order = ("installed_at", "component_lot", "component_serial", "supplier")
    return (
        components.with_columns(pl.col("component").str.to_lowercase())
        .sort(order, nulls_last=False)
        .unique(("unit_id", "component"), keep="last", maintain_order=True)
    )
