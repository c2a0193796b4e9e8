"""The command that explains forecast-against-actual tables: localize.

Belongs here: arguments and help. Stays out: the work (localizing.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(localize)


def localize(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES", help="Parquet or CSV (also .gz, .zst).", show_default=False
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Write there instead of printing.")
    ] = None,
) -> None:
    """Which attribute combinations carry a KPI's deviation from its forecast.

    Each file is a table with attribute columns and the amounts `real` and `predict`; for a ratio
    `real_a`, `predict_a` (successes) and `real_b`, `predict_b` (attempts). One line a file:
    instance,set,seconds with the set written a=a1&b=b2;c=c3, the largest part first.

    \b
    Example:  cx localize monday.parquet tuesday.csv
              cx localize kpi/*.parquet --out causes.csv
    """
    from cx_analytics.cli import localizing

    localizing.write(files, out)
