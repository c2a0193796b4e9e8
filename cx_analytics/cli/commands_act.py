"""Commands that hand over: export.

Belongs here: arguments and help. Stays out: the work.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cx_analytics.cli.options import AsJson, Root


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(export)


def export(
    root: Root,
    to: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Copy the packs there.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the feedback packs, or copy them to a folder; nothing is overwritten.

    \b
    Example:  cx export demo
              cx export demo --to /mnt/factory/inbox
    """
    from cx_analytics.cli import packs
    from cx_analytics.cli.screen import show

    show(packs.deliver(root, to) if to else packs.listed(root), as_json=as_json)
