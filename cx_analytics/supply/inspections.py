"""Which steps are inspections: they find defects and make none.

Belongs here: recognising them. Stays out: who made what they find (makers.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

import polars as pl

_WORDS = re.compile(r"\b(inspect|q\.? ?[ac]\b|quality|test|check|audit|verif)", re.IGNORECASE)
_JOINTS = re.compile(r"_+|(?<=[a-z])(?=[A-Z])")

MOST_FINDERS = 0.5
"""Up to this share of the steps may be taken for inspections because they book the rejects."""


def sounds_like_one(step: str) -> bool:
    """Whether a step's name says that it looks at work instead of doing it.

    >>> [sounds_like_one(name) for name in ("Turning Q.C.", "final_test", "FinalTest", "Contest")]
    [True, True, True, False]
    """
    return bool(_WORDS.search(_JOINTS.sub(" ", step)))


def recognise(totals: pl.DataFrame, named: Sequence[str] = ()) -> pl.DataFrame:
    """The steps with `inspection` and, for each inspection, by what it was `recognised`.

    Named ones come first: with any, no other is taken for one. Without, the words of their names
    tell. Where no name does either, a plant that books its rejects at few of its steps finds
    them there; one where most steps book rejects has each book its own.

    Parameters
    ----------
    totals : step, rejects; one row a step (model supply/step_totals).
    named : [supply] inspections of cx.toml, patterns with * and ?.
    """
    by_name = {step for step in totals["step"] if any(fnmatchcase(step, one) for one in named)}
    by_word = {step for step in totals["step"] if sounds_like_one(step)}
    finders = set(totals.filter(pl.col("rejects") > 0)["step"])
    if named:
        chosen, how = by_name, "cx.toml"
    elif by_word:
        chosen, how = by_word, "name"
    else:
        few = len(finders) <= MOST_FINDERS * totals.height
        chosen, how = finders if few else set(), "rejects"
    inspection = pl.col("step").is_in(sorted(chosen))
    return totals.with_columns(
        inspection.alias("inspection"),
        pl.when(inspection).then(pl.lit(how)).alias("recognised"),
    )
