"""Commands that answer: causes, customer, unit, lot, steps, sql. They only read.

Belongs here: arguments and help. Stays out: the answers (answer_*.py) and their layout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cx_analytics.cli.options import AsJson, Root


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (causes, customer, unit, lot, steps, sql):
        app.command()(command)


def causes(root: Root, as_json: AsJson = False) -> None:
    """What makes products fail, the costliest cause first.

    \b
    Example:  cx causes demo
              cx causes demo --json
    """
    from cx_analytics.cli import answer_people
    from cx_analytics.cli.reader import Reader
    from cx_analytics.cli.screen import show

    with Reader(root) as reader:
        show(answer_people.causes(reader), as_json=as_json)


def customer(
    root: Root,
    customer_id: Annotated[str, typer.Argument(metavar="CUSTOMER", show_default=False)],
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page with pictures."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Why a customer is unhappy, the one thing to do, and what not to try.

    \b
    Example:  cx customer demo C000123
              cx customer demo C000123 --html demo/reports/C000123.html
    """
    from cx_analytics.cli import answer_customer
    from cx_analytics.cli.reader import Reader
    from cx_analytics.cli.screen import show

    with Reader(root) as reader:
        if html is None:
            one = answer_customer.find(reader, customer_id)
        else:
            from cx_analytics.cli import customer_html

            one = customer_html.find_and_write(reader, customer_id, html)
        show(answer_customer.answer(one), as_json=as_json)


def unit(
    root: Root,
    unit_id: Annotated[str, typer.Argument(metavar="UNIT", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Where a unit comes from, how it fares in the field, and its risk.

    \b
    Example:  cx unit demo U000123
    """
    from cx_analytics.cli import answer_factory
    from cx_analytics.cli.reader import Reader
    from cx_analytics.cli.screen import show

    with Reader(root) as reader:
        show(answer_factory.unit(reader, unit_id), as_json=as_json)


def lot(
    root: Root,
    lot_id: Annotated[str, typer.Argument(metavar="LOT", show_default=False)],
    list_units: Annotated[bool, typer.Option("--units", help="List every unit of it.")] = False,
    as_json: AsJson = False,
) -> None:
    """How a production lot or a component lot fares beside the others.

    \b
    Example:  cx lot demo L0042
              cx lot demo MOD-0007 --units
    """
    from cx_analytics.cli import answer_factory
    from cx_analytics.cli.reader import Reader
    from cx_analytics.cli.screen import show

    with Reader(root) as reader:
        show(answer_factory.lot(reader, lot_id, list_units=list_units), as_json=as_json)


def steps(
    root: Root,
    step: Annotated[
        str | None, typer.Argument(metavar="STEP", help="Only transitions of this step.")
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="CHANGE",
            help="Replay the log with a change: 'hold lot=L', 'hold case=C' (also from=TIME "
            "for=DAYS), 'add resource=X', 'open resource=X', 'halve batch step=S'. Several hold "
            "together.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="With --what-if: of the times drawn anew.")] = 1,
    draws: Annotated[
        int, typer.Option(min=2, max=1000, help="With --what-if: worlds drawn anew.")
    ] = 20,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write the map as a page."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Where production works, where it waits, and why; and what a change would do.

    \b
    Example:  cx steps demo
              cx steps demo assembly
              cx steps demo --html map.html
              cx steps demo --what-if 'hold lot=L0042'
              cx steps demo --what-if 'add resource=line-1/calibration'
    """
    from cx_analytics.cli import answer_steps, answer_what_if
    from cx_analytics.cli.reader import Reader
    from cx_analytics.cli.screen import show

    if what_if and step:
        raise typer.BadParameter("STEP and --what-if exclude each other: a change moves all steps")
    with Reader(root) as reader:
        if what_if:
            answer = answer_what_if.what_if(reader, what_if, seed=seed, draws=draws)
        else:
            answer = answer_steps.steps(reader, step)
        if html is not None:
            from cx_analytics.cli import steps_html

            steps_html.write(reader, html)
        show(answer, as_json=as_json)


def sql(
    root: Root,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="SQL.", show_default=False)],
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Ask the warehouse in SQL; nothing can be written, no file be read.

    \b
    Example:  cx sql demo 'SELECT label, excess_faults FROM causes'
              cx sql demo 'SHOW TABLES'
    """
    from cx_analytics.cli import query as querying

    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other")
    form: querying.Form = "json" if as_json else "csv" if as_csv else "table"
    querying.ask(root, query, form)
