"""The commands of `cx` in one list, and how a command ends: status 0, 1, 2 or 130.

Belongs here: the application object and the treatment of errors. Stays out: the commands
themselves (commands_*.py) and what they do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from cx_analytics.cli import (
    commands_act,
    commands_answer,
    commands_bench,
    commands_localize,
    commands_work,
)
from cx_analytics.contracts.errors import CxError

DONE, REFUSED, INTERRUPTED = 0, 1, 130

app = typer.Typer(
    name="cx",
    help="From telemetry of connected products to root causes, fixes and defect messages.",
    epilog="Every command explains itself: cx causes --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "terminal_width": 110,
    },
)
commands_work.register(app)
commands_answer.register(app)
commands_localize.register(app)
commands_act.register(app)
commands_bench.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its status."""
    sys.exit(status_of(sys.argv[1:] if arguments is None else arguments))


def status_of(arguments: Sequence[str]) -> int:
    """Run a command: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.

    An error is one line on standard error that says what, where and what to do.
    """
    try:
        app(list(arguments), prog_name="cx")
        sys.stdout.flush()
    except SystemExit as end:
        return _code(end)
    except CxError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{place}{error.strerror or error}. To do: check the path and its rights")
    except Exception as error:
        if "CX_TRACEBACK" in os.environ:
            raise
        return _refuse(
            f"unexpected {type(error).__name__}: {error}. "
            "To do: report it with what CX_TRACEBACK=1 shows"
        )
    return DONE


def _code(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else DONE if end.code is None else REFUSED


def _refuse(text: str) -> int:
    from cx_analytics.cli.screen import clean

    print(f"error: {clean(' '.join(text.split()))}", file=sys.stderr)
    return REFUSED


def _forget_output() -> None:
    """The reader of the pipe has gone (`cx … | head`): say nothing more, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
