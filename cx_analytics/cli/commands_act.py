"""Commands that decide, hand over, check and take back: action, export, verify, erase.

Belongs here: arguments and help. Stays out: the work.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cx_analytics.cli.options import AsJson, Root


class Verb(StrEnum):
    """What to do with an action."""

    propose = "propose"
    approve = "approve"
    reject = "reject"
    release = "release"
    undo = "undo"
    start = "start"
    effect = "effect"
    close = "close"
    reopen = "reopen"
    list = "list"


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(action)
    app.command()(export)
    app.command()(verify)
    app.command()(erase)


def action(
    root: Root,
    verb: Annotated[Verb, typer.Argument(show_default=False)],
    what: Annotated[
        str | None,
        typer.Argument(
            help="To propose: a proposal, a defect or a condition; else the action's id."
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Kind of action; lot_hold when a defect is given.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who; the name you are logged in with.")] = None,
    why: Annotated[
        str | None, typer.Option(help="The reason; a must to reject, release, undo or reopen.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose corrective actions and decide on them; every step stays in the ledger.

    An action is approved or rejected, takes effect (start), and is closed once its effect is
    known. 'effect' writes the verdict of the last run; a run does so by itself.

    \b
    Example:  cx action demo propose lot=L0042 --kind lot_hold --why 'modem drops calls'
              cx action demo propose 'app_version=5.2.0 & device_model=X' --kind rollout_stop
              cx action demo approve a1b2c3 --by 'Ada Example'
              cx action demo start a1b2c3
              cx action demo effect a1b2c3
              cx action demo close a1b2c3
              cx action demo reopen a1b2c3 --why 'the same drops on line B'
              cx action demo release a1b2c3 --why 'reworked'
              cx action demo undo a1b2c3 --why 'held by mistake'
              cx action demo list
    """
    from cx_analytics.cli import actions
    from cx_analytics.cli.screen import show

    if (what is None) != (verb is Verb.list):
        raise typer.BadParameter("list takes nothing more; everything else takes what to act on")
    now = datetime.now(UTC).replace(tzinfo=None)
    actor = by or _login()
    if what is None:
        answer = actions.listed(root, now)
    elif verb is Verb.propose:
        answer = actions.proposed(root, what, kind=kind, actor=actor, reason=why, now=now)
    else:
        answer = actions.decided(root, verb.value, what, actor=actor, reason=why, now=now)
    show(answer, as_json=as_json)


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise typer.BadParameter("nobody is logged in: give --by NAME") from error


def export(
    root: Root,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Send the packs there: a folder, http(s)://… or mqtt(s)://host/topic.",
            show_default=False,
        ),
    ] = None,
    zipped: Annotated[
        bool, typer.Option("--zip", help="With --to FOLDER: one ZIP file a pack.")
    ] = False,
    retry: Annotated[
        bool, typer.Option("--retry", help="Send what is pending or dead again, nothing new.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also send what --to has not acknowledged.")
    ] = False,
    ocel: Annotated[
        Path | None,
        typer.Option(
            "--ocel",
            metavar="FILE",
            help="Instead write the production log as OCEL 2.0 JSON, for process-mining tools.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the feedback packs and what became of them, or send them; each is sent once.

    Secrets come from the environment or from files that [exchange] in cx.toml names.

    \b
    Example:  cx export demo
              cx export demo --to /mnt/factory/inbox
              cx export demo --to /mnt/supplier/outbox --zip
              cx export demo --to https://factory.example/packs
              cx export demo --to mqtts://broker.example/plant/quality/defects
              cx export demo --retry
              cx export demo --ocel production.json
    """
    from cx_analytics.cli import delivering, packs
    from cx_analytics.cli.screen import show

    if ocel is not None:
        from cx_analytics.cli import ocel as event_log

        if to or zipped or retry or again:
            raise typer.BadParameter("--ocel goes alone: it writes a log and sends no pack")
        show(event_log.export(root, ocel), as_json=as_json)
        return
    if zipped and not to:
        raise typer.BadParameter("--zip goes with --to FOLDER")
    if again and (retry or not to):
        raise typer.BadParameter("--again goes with --to, and not with --retry")
    if retry:
        answer = packs.retry(root, to, zipped=zipped)
    elif to:
        answer = packs.deliver(root, to, zipped=zipped, again=again)
    else:
        show(packs.listed(root), as_json=as_json)
        return
    show(answer, as_json=as_json)
    delivering.demand_delivered(answer)


def verify(
    root: Root,
    what: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A pack's folder, its evidence.json, or a page.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Run the SQL behind every number of a pack or page again, and say which differ.

    Nothing is written. A pack's folder is held against its manifest as well. Status 1 when a
    number differs, or a file is not as it was sent.

    \b
    Example:  cx verify demo demo/exports/d-61caf2ce93-2026-03-15-7c36cf2a
              cx verify demo evidence.json --json
    """
    from cx_analytics.cli import verify as work
    from cx_analytics.cli.screen import show

    answer = work.verify(root, what)
    show(answer, as_json=as_json)
    work.demand_sameness(answer)


def erase(
    root: Root,
    customer: Annotated[
        str, typer.Argument(help="The customer's id, or its pseudonym.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Erase a customer from lake, warehouse, quarantine and reports; a receipt stays.

    What arrives about the customer later is not taken in. Files in landing/ belong to others:
    they are named, not changed. Killed or failed, the same command finishes the work.

    \b
    Example:  cx erase demo c-000042
    """
    from cx_analytics.cli import erase as work
    from cx_analytics.cli.running import progress
    from cx_analytics.cli.screen import show

    with progress() as listener:
        now = datetime.now(UTC).replace(tzinfo=None)
        answer = work.erase(root, customer, now=now, progress=listener)
    show(answer, as_json=as_json)
    work.demand_nothing_left(answer)
