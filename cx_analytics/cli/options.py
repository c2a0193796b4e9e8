"""Arguments and options that several commands share, each worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Root = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OneFit = Annotated[
    bool, typer.Option("--one-fit", help="One fit as of the last day, not one for each.")
]
AsParquet = Annotated[
    bool, typer.Option("--parquet", help="Landing files are Parquet, not NDJSON with Zstandard.")
]
