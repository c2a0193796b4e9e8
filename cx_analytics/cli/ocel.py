"""`cx export --ocel`: production as an object-centric event log in a file.

Belongs here: warehouse rows → the file. Stays out: the format (exchange/ocel.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from cx_analytics import supply
from cx_analytics.cli.phrases import counted
from cx_analytics.cli.reader import Reader
from cx_analytics.cli.screen import Answer
from cx_analytics.contracts.errors import InputRefused
from cx_analytics.engine.files import replacing
from cx_analytics.engine.models import load
from cx_analytics.exchange.ocel import ocel_json


def export(root: Path, target: Path) -> Answer:
    """Write the log of production; InputRefused where that cannot be."""
    if target.suffix.lower() not in (".json", ".jsonocel") or target.is_dir():
        raise InputRefused(
            "an OCEL 2.0 log needs a file name that ends in .json or .jsonocel",
            where=str(target),
            todo="such as production.json",
        )
    with Reader(root) as reader:
        steps, parts = (_frame(reader, name) for name in ("log_steps", "log_parts"))
        allowed = supply.places(
            steps["resource"].drop_nulls().unique(), reader.workspace.settings.supply
        )
    if steps.is_empty():
        raise InputRefused(
            "there are no production events yet",
            where=str(root),
            todo="put files into landing/production_events and run 'cx run'",
        )
    _write(target, ocel_json(steps, allowed, parts))
    cases = steps["case_id"].n_unique()
    what = f"{counted(steps.height, 'event')} of {counted(cases, 'case')}"
    told = {"file": str(target), "events": steps.height, "cases": cases}
    return Answer((f"{what} in {target} (OCEL 2.0, JSON).",), (), told)


def _frame(reader: Reader, model: str) -> pl.DataFrame:
    found: pl.DataFrame = reader.connection.sql(load(f"answers/{model}").sql).pl()
    return found


def _write(target: Path, pieces: Iterable[str]) -> None:
    """The file in one piece, however long it is."""
    try:
        with replacing(target) as aside, aside.open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise InputRefused(
            f"the log cannot be written ({error.strerror or error})",
            where=str(target),
            todo="name a file in a folder that you may write to",
        ) from error
