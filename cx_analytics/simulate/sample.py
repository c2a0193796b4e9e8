"""The small planted world in sample_data/, and the README that tells what is in it.

Belongs here: which causes the sample holds, and its README as a function of the truth, so that it
cannot lag. Stays out: how worlds are made (world.py) and written (write.py).

    python -m cx_analytics.simulate.sample sample_data
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cx_analytics.simulate.files import FileFormat
from cx_analytics.simulate.planting import Slot
from cx_analytics.simulate.truth import Truth
from cx_analytics.simulate.world import World, planted_world
from cx_analytics.simulate.write import write_world

SESSIONS, DAYS, SEED, START = 20_000, 14, 78, date(2026, 3, 2)
FORMATS: tuple[FileFormat, ...] = ("parquet", "csv.gz", "ndjson.zst")
SLOTS = (
    Slot((("modem_lot",),)),
    Slot((("app_version", "device_model"),)),
    Slot((("cell_id",),), near="canary"),
    Slot((("firmware_version",),), near="trial"),
    Slot((("lot",),)),
    Slot((("region",),), "incident"),
)
"""One strong cause of each kind that the product tells apart.

The seed was chosen so that each is detectable and none covers nearly the same sessions as another
attribute's value (a lot that is a whole model could not be told from the model).
"""

_HEAD = """# Sample data

A small planted world: {sessions:,} sessions of {customers:,} customers over {days} days from
{start}, with every feed, made by this repository's own simulator (no real person, device or
place; same licence as the code). The program that makes the data writes this page too:

    python -m cx_analytics.simulate.sample sample_data

`landing/` is what a pipeline reads. `truth/` is what was planted; only the demo's comparison, the
bench and the tests look at it.

## What was planted
A background of about one fault in a hundred sessions (by network type, hour and day; customers
differ), and these causes. *Rate ratio* is the fault hazard with the cause over that without it,
*faults by it* those that the cause truly brought.

"""
_DECOYS = """
## What looks guilty and is not

"""
_MESS = """
## What is wrong with the rows
As in real deliveries: {duplicates} sessions were sent twice, {late} come one to three days late
(in a later day's file), {malformed} rows break a rule (no customer, an impossible time, a negative
duration) and belong into quarantine, and most attributes lack one or two per cent of their values.
The session files hold {sessions} rows in all, in turn as {formats}.
"""


def make_sample() -> World:
    """The world of the sample."""
    return planted_world(SESSIONS, DAYS, SEED, "easy", START, SLOTS)


def write_sample(folder: Path) -> None:
    """Write landing/, truth/ and README.md; what stood in the first two is replaced."""
    for name in ("landing", "truth"):
        shutil.rmtree(folder / name, ignore_errors=True)
    world = make_sample()
    written = write_world(world, folder, file_format=FORMATS, malformed=True)
    text = readme(world, Truth.read(folder / "truth"), written.rows)
    (folder / "README.md").write_text(text, encoding="utf-8")


def readme(world: World, truth: Truth, rows: Mapping[str, int]) -> str:
    """The README: what was planted, where and how strong, and what is wrong with the rows."""
    head = _HEAD.format(
        sessions=world.sessions,
        customers=world.setting.scale.customers,
        days=world.days,
        start=world.start,
    )
    causes = [_cause_cells(row) for row in truth.causes.to_dicts()]
    names = (
        "conditions",
        "kind",
        "domain",
        "window (UTC)",
        "rate ratio",
        "sessions",
        "faults by it",
    )
    decoys = [(f"`{decoy.label}`", decoy.why) for decoy in world.plan.decoys]
    mess = _MESS.format(formats=", ".join(FORMATS), **rows)
    return head + _table(names, causes) + _DECOYS + _table(("conditions", "why"), decoys) + mess


def main(arguments: Sequence[str]) -> int:
    """Write the sample into the folder given; 2 when the usage is wrong."""
    if len(arguments) != 1:
        print("usage: python -m cx_analytics.simulate.sample FOLDER", file=sys.stderr)
        return 2
    write_sample(Path(arguments[0]))
    return 0


def _cause_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    ends = (row["valid_from"], row["valid_to"])
    window = " to ".join("…" if end is None else f"{end:%m-%d %H:%M}" for end in ends)
    return (
        f"`{row['label']}`",
        row["kind"],
        row["domain"],
        "always" if ends == (None, None) else window,
        f"{row['rate_ratio']:.1f}",
        str(row["sessions"]),
        str(row["faults"]),
    )


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
