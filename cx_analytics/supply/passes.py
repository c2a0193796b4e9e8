"""What tracing reads: the tables of passes and looks, and the models that make them, in order.

Belongs here: names and short tables. Stays out: counting (sql/supply/), what is made of it (scan.py
and below).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cx_analytics.contracts.production import Supply
from cx_analytics.supply.places import places, shift_minutes

SHORT: Mapping[str, tuple[str, ...]] = {
    "step_role": ("step",),
    "place": ("resource", "machine", "operator_group"),
    "line_name": ("line",),
    "shift_minute": ("shift",),
}
"""Short tables that the models below read, with their columns of words: an engine may hold these as
enumerations."""

PASSES: Mapping[str, str] = {
    "pass_id": "supply/pass_ids",
    "case_pass": "supply/case_passes",
    "making": "supply/makings",
    "work_pass": "supply/work_passes",
    "material": "supply/case_materials",
}
"""Tables of the passes of cases, each with the model that makes it, in this order."""

LOOKS = "supply/looks"
FIELD_LOOKS = "supply/field_looks"
"""Models of the table `look`: at inspections, or in the field."""

SEEN: Mapping[str, str] = {
    "seen_work": "supply/seen_work",
    "seen_again": "supply/seen_again",
}
"""Tables of what looks saw, each with the model that makes it."""

TRACED: tuple[str, ...] = (*PASSES, "look", *SEEN)
"""All that `scan` reads."""


def short_tables(
    roles: pl.DataFrame, where: pl.DataFrame, settings: Supply
) -> dict[str, pl.DataFrame]:
    """The tables of SHORT.

    Parameters
    ----------
    roles : steps with their roles, as `recognise` gives them.
    where : resource, line: where work was done.
    settings : [supply] of cx.toml.
    """
    books = (pl.col("rejects") > 0).alias("books")
    return {
        "step_role": roles.select("step", "inspection", books),
        "place": places(where["resource"].drop_nulls(), settings),
        "line_name": where.select(pl.col("line").drop_nulls().unique().sort()),
        "shift_minute": shift_minutes(settings),
    }
