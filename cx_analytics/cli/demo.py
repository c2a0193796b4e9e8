"""`make demo`: the sample data through the whole pipeline, told beside what was planted in it.

Belongs here: the telling, and the only look at the planted truth. Stays out: the pipeline, which
never sees it: only landing/ and cx.toml of the sample go into the demo's workspace.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cx_analytics.cli import answer_customer
from cx_analytics.cli.phrases import confidence, counted, in_words
from cx_analytics.cli.reader import Reader, Row
from cx_analytics.cli.running import progress, summary
from cx_analytics.cli.screen import Answer, Sheet, clean, interval, number, percent, show
from cx_analytics.cli.start import make_workspace
from cx_analytics.contracts.errors import InputRefused, NotFound
from cx_analytics.engine.files import write_text
from cx_analytics.workspace import Workspace

MARK = ".made-by-demo"
"""A folder with this file may be made anew; any other is somebody's work."""


def tell(root: Path, sample: Path) -> None:
    """Copy the sample into a fresh workspace, run it, and say what came out."""
    workspace = fresh(root, sample)
    from cx_analytics import pipeline

    with progress() as listener:
        done = pipeline.run(root, progress=listener)
    for line in summary(done):
        print(clean(line))
    with Reader(root) as reader:
        chapters = (
            planted_beside_found(planted_causes(sample), reader.rows("causes")),
            fix_of_one(reader),
            defect_message(reader, workspace),
            where_next(root, reader),
        )
    for chapter in chapters:
        print()
        show(chapter)


def fresh(root: Path, sample: Path) -> Workspace:
    """A new workspace with the sample's landing files; an older demo in its place goes."""
    if not (sample / "landing").is_dir():
        raise NotFound(
            "there is no landing/ in it", where=str(sample), todo="run it in the checkout"
        )
    if root.exists():
        if not (root / MARK).is_file() and any(root.iterdir()):
            raise InputRefused(
                "the folder is there and no demo", where=str(root), todo="make demo DEMO=other"
            )
        shutil.rmtree(root)
    root.mkdir(parents=True)
    write_text(root / MARK, "'make demo' replaces this folder\n")
    shutil.copytree(sample / "landing", root / "landing")
    workspace = make_workspace(root)
    if (sample / "cx.toml").is_file():
        shutil.copyfile(sample / "cx.toml", root / "cx.toml")
    return workspace


def planted_causes(sample: Path) -> list[Row]:
    """The causes that were planted in the sample, the costliest first."""
    import polars as pl

    file = sample / "truth" / "causes.parquet"
    if not file.is_file():
        return []
    return pl.read_parquet(file).sort("excess_faults", descending=True).to_dicts()


def planted_beside_found(planted: Sequence[Row], found: Sequence[Row]) -> Answer:
    """Each shared planted cause with what was found of it, then what was found besides."""
    by_label = {row["label"]: row for row in found}
    shared = [row for row in planted if row["kind"] == "shared"]
    cells = [_pair(row, by_label.get(row["label"])) for row in shared]
    known = {row["label"] for row in planted}
    besides = [row for row in found if row["kind"] == "shared" and row["label"] not in known]
    cells += [_pair(None, row) for row in besides]
    columns = ("planted", "excess faults", "found", "excess faults", "90 % interval", "sure")
    return Answer(
        (_score(shared, by_label, besides), _individuals(planted, by_label)),
        (Sheet("Planted and found", columns, tuple(cells)),),
    )


def _pair(planted: Row | None, found: Row | None) -> tuple[str, ...]:
    left = (in_words(planted["label"]), number(planted["excess_faults"])) if planted else ("-", "-")
    if found is None:
        return (*left, "no", "-", "-", "-")
    name = "yes" if planted else in_words(found["label"])
    return (
        *left,
        name,
        number(found["excess_faults"]),
        interval(found["excess_low"], found["excess_high"]),
        f"{percent(found['probability'])} ({confidence(found)})",
    )


def _score(shared: Sequence[Row], by_label: dict[str, Row], besides: Sequence[Row]) -> str:
    hits = sum(row["label"] in by_label for row in shared)
    clear = [row for row in shared if row["detectable"]]
    clear_hits = sum(row["label"] in by_label for row in clear)
    return (
        f"{hits} of {len(shared)} planted shared causes found, {clear_hits} of the {len(clear)} "
        f"that the data can show; {len(besides)} found that nobody planted."
    )


def _individuals(planted: Sequence[Row], by_label: dict[str, Row]) -> str:
    single = [row for row in planted if row["kind"] == "individual"]
    clear = [row for row in single if row["detectable"]]
    hits = sum(row["label"] in by_label for row in clear)
    return (
        f"Individual causes (one unit, one customer): {len(single)} planted, {len(clear)} of them "
        f"visible in the data, {hits} of those found."
    )


def fix_of_one(reader: Reader) -> Answer:
    """What care is told for the customer whose fix is worth most."""
    chosen = reader.rows("telling_customer")
    if not chosen:
        return Answer(("No customer has a fix: no fault is explained by a cause.",))
    told = answer_customer.answer(answer_customer.find(reader, chosen[0]["customer_id"]))
    return Answer(("One customer, as care sees it:", *(f"  {line}" for line in told.sentences)))


def defect_message(reader: Reader, workspace: Workspace) -> Answer:
    """What the factory is told of the costliest defect, and where its pack lies."""
    defects = reader.rows("defects")
    if not defects:
        return Answer(("No message to the factory: no cause lies in a device.",))
    worst = defects[0]
    packs = sorted(path for path in workspace.exports.glob("*") if path.is_dir())
    named = [path for path in packs if worst["defect_id"] in path.name] or packs
    lines = [
        f"The message to the factory ({counted(len(defects), 'defect')} in all):",
        f"  {worst['defect_id']}: {in_words(worst['label'])}, {confidence(worst)}.",
        f"  {number(worst['units_made'])} units made, {number(worst['units_in_field'])} in the "
        f"field, {number(worst['units_failed'])} failed; faults "
        f"{number(worst['rate_ratio'], 1)} times as often "
        f"({interval(worst['low'], worst['high'], 1)}).",
        f"  Next 90 days: {number(worst['forecast_faults_90d'])} faults more "
        f"({interval(worst['forecast_low'], worst['forecast_high'])}). "
        f"Disposition to set: {worst['recommended_disposition'] or 'none'}.",
    ]
    if named:
        lines.append(f"  Pack: {named[-1]}")
    return Answer(tuple(lines))


def where_next(root: Path, reader: Reader) -> Answer:
    """Commands to go on with, each on something that is really there."""
    chosen = reader.rows("telling_customer")
    defects = reader.rows("defects")
    commands: list[tuple[str, Any]] = [
        (f"cx causes {root}", "all causes"),
        *((f"cx customer {root} {row['customer_id']}", "that customer") for row in chosen),
        *((f"cx lot {root} {lot}", "that lot") for lot in _lots(defects)),
        (f"cx steps {root}", "the map of production"),
        (f"cx sql {root} 'SHOW TABLES'", "your own questions"),
        (f"cx ui {root}", "the pipeline in a browser"),
    ]
    pages = sorted(reader.workspace.reports.rglob("index.html"))
    lines = [f"  .venv/bin/{command:<44} {what}" for command, what in commands]
    lines += [f"  {page}" for page in pages[:1]]
    return Answer(("Where to look next:", *lines))


def _lots(defects: Sequence[Row]) -> list[str]:
    lots = [row["component_lot"] or row["lot"] for row in defects]
    return [lot for lot in lots if lot][:1]
