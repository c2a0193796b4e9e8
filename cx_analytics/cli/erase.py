"""`cx erase`: a customer out of every table and file, and a receipt that does not name him.

Belongs here: the order of an erasure, the search for what is left, the receipt. Stays out:
rewriting lake and quarantine (ingest), derived tables and the search itself (engine).

The order makes a kill harmless. Lake, quarantine, suppression list and a begun receipt change
in one commit; what follows can be repeated. An erasure whose receipt is not finished is gone on
with by the next one of the same customer.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cx_analytics.cli.phrases import counted
from cx_analytics.cli.running import Listener
from cx_analytics.cli.screen import Answer
from cx_analytics.contracts.errors import CheckFailed, CxError, InputRefused, NotFound
from cx_analytics.engine.duck import Duck
from cx_analytics.engine.erase import count_rows, drop_rows
from cx_analytics.engine.files import read_json, write_json
from cx_analytics.engine.published import forget
from cx_analytics.engine.stamps import Stamps
from cx_analytics.engine.traces import Traces
from cx_analytics.ingest import Removed, Suppressed, candidates, erase_customer, recover, under
from cx_analytics.workspace import Workspace

OWN = ("lake", "warehouse", "quarantine", "reports", "exports", "dagster")
"""Folders in which nothing of the customer may be left: else the erasure has failed."""

Receipt = dict[str, Any]


@dataclass(frozen=True)
class _Case:
    """One erasure: where, whom, when.

    `customer` is the id that the tables have, `given` the one that was asked for.
    """

    workspace: Workspace
    customer: str
    given: str
    suppressed: Suppressed
    now: datetime

    @property
    def raw_is_known(self) -> bool:
        """Whether files of others, which have raw ids, can be searched for the customer."""
        hides = "customer_id" in self.workspace.settings.pseudonyms
        return not hides or self.customer != self.given

    @property
    def receipts(self) -> Path:
        return self.workspace.root / "receipts"

    @property
    def digest(self) -> str:
        return self.suppressed.digest(self.customer)

    def engine(self) -> Duck:
        settings = self.workspace.settings.engine
        return Duck(
            spill=self.workspace.spill("erase"),
            memory_limit=settings.memory_limit,
            threads=settings.threads,
        )

    def shown(self, path: Path) -> str:
        root = self.workspace.root
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


def erase(root: Path, customer: str, *, now: datetime, progress: Listener) -> Answer:
    """Erase a customer and say what was done; `demand_nothing_left` judges the answer.

    Raises
    ------
    NotFound : no table or file of the workspace holds the customer, now or before.
    CxError : the run that makes the tables anew failed; a second call finishes the work.
    """
    from cx_analytics.defs.pseudonyms import known_as, pseudonyms_of
    from cx_analytics.pipeline import bring_up_to_date, writing

    workspace = Workspace.open(root)
    if not customer.strip():
        raise InputRefused("the customer's id is empty", todo="give the id as in the tables")
    with writing(workspace, progress):
        recover(workspace.root)
        listed = _listed(workspace, under(pseudonyms_of(workspace)))
        case = _Case(workspace, known_as(workspace, "customer_id", customer), customer, listed, now)
        receipt = _take_out(case)
        if receipt is None:
            return _nothing_left(case)
        try:
            bring_up_to_date(workspace, progress=progress)
        except CxError as error:
            error.todo = f"then finish with 'cx erase {root}' for the same customer; {error.todo}"
            raise
        forget(workspace.database)  # Even those that somebody still reads.
        progress("search", "what is left", 0, 0)
        receipt |= _search(case) | {"finished_at": _time(now)}
        receipt["state"] = "unfinished" if _own(receipt) else "finished"
        write_json(case.receipts / receipt["receipt"], receipt)
    return _told(case, receipt)


def demand_nothing_left(answer: Answer) -> None:
    """CheckFailed when the tables and files of the product still name the customer."""
    left = _own(answer.data)
    if left:
        raise CheckFailed(
            f"the customer is still named in {', '.join(left)}",
            todo="see 'Erasing a customer' in docs/operations.md",
        )


def _own(receipt: Mapping[str, Any]) -> list[str]:
    """Files of the product itself in which the customer is still named."""
    return [name for name in receipt.get("remains", []) if name.split("/")[0] in OWN]


def _listed(workspace: Workspace, mark: str) -> Suppressed:
    """The suppression list; the first erasure makes its key, and says what its ids are."""
    listed = Suppressed.read(workspace.root)
    return replace(listed, key=listed.key or secrets.token_hex(32), under=mark)


# ---- taking out --------------------------------------------------------------------------------


def _take_out(case: _Case) -> Receipt | None:
    """Rewrite every file that holds the customer; the receipt so far, or None if none does."""
    workspace = case.workspace
    receipt: Receipt | None = None
    with case.engine() as duck:
        parts = sorted(workspace.parts.glob("*/*/[!.]*.parquet"))
        derived = {path: n for path in parts if (n := count_rows(duck, path, case.customer))}
        pages = _pages(case, duck)
        begun = _begun(case)

        def note(removed: Removed) -> tuple[Path, str] | None:
            nonlocal receipt
            if removed or derived or pages or begun:
                rows = {case.shown(path): n for path, n in derived.items()}
                receipt = _first_receipt(case, removed, rows, begun)
                return case.receipts / receipt["receipt"], _json(receipt)
            return None

        erase_customer(workspace.root, case.customer, case.suppressed, duck, note)
        if receipt is not None:
            # Stamp first: a kill before the new warehouse must not leave the old one for good.
            Stamps(workspace.parts).clear("warehouse", ["all"])
            for path in derived:
                drop_rows(duck, path, case.customer)
            for page in pages:
                page.unlink()
    return receipt


def _pages(case: _Case, duck: Duck) -> list[Path]:
    """Pages of reports that name the customer; the run makes them anew."""
    traces = Traces(case.customer, duck)
    return [path for path in _files(case.workspace.reports) if traces.in_file(path)]


def _begun(case: _Case) -> Receipt | None:
    """The receipt of an erasure of this customer that has not come to its end."""
    found = (read_json(path, {}) for path in sorted(case.receipts.glob("erase-*.json")))
    mine = [one for one in found if one.get("customer") == case.digest]
    return next((one for one in mine if one.get("state") != "finished"), None)


def _first_receipt(
    case: _Case, removed: Removed, derived: dict[str, int], begun: Receipt | None
) -> Receipt:
    """What is taken out now, with what a killed erasure took out before."""
    earlier: Receipt = begun or {}
    name = f"erase-{case.now:%Y%m%dT%H%M%SZ}-{case.digest[:8]}.json"
    return {
        "receipt": earlier.get("receipt", name),
        "state": "begun",
        "customer": case.digest,
        "asked_at": earlier.get("asked_at", _time(case.now)),
        "lake": dict(removed.lake) | earlier.get("lake", {}),
        "quarantine": dict(removed.quarantine) | earlier.get("quarantine", {}),
        "derived": derived | earlier.get("derived", {}),
        "days": sorted({*removed.days, *earlier.get("days", [])}),
    }


def _json(value: Receipt) -> str:
    import json

    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds") + "Z"


# ---- what is left --------------------------------------------------------------------------


def _search(case: _Case) -> Receipt:
    """Look into every file of the workspace and of its sources."""
    workspace = case.workspace
    outside = {one.path for one in candidates(workspace.root, workspace.settings.sources)}
    outside |= set(_files(workspace.landing))
    own = [path for path in _files(workspace.root) if path not in outside]
    with case.engine() as duck:
        traces = [Traces(one, duck) for one in dict.fromkeys((case.customer, case.given))]
        remains = [path for path in own if any(one.in_file(path) for one in traces)]
        sources = [
            path
            for path in sorted(outside)
            if any(one.in_file(path, thorough=True) for one in traces)
        ]
        return {
            "remains": [_masked(traces, case.shown(path)) for path in remains],
            "at_the_source": [_masked(traces, case.shown(path)) for path in sources],
            "searched_files": len(own) + len(outside),
            "searched_texts": all(one.clear for one in traces),
            "searched_sources": case.raw_is_known,
        }


def _masked(traces: Sequence[Traces], text: str) -> str:
    for one in traces:
        text = one.masked(text)
    return text


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


# ---- what is said ------------------------------------------------------------------------------


def _nothing_left(case: _Case) -> Answer:
    """The answer for a customer of whom nothing is there: erased before, or never known."""
    root = case.workspace.root
    if not case.suppressed.names(case.customer):
        raise NotFound(
            f"there is no customer {case.given!r}",
            where=str(root),
            todo=f"check the id; files that have just landed are known after 'cx run {root}'",
        )
    found = (read_json(path, {}) for path in sorted(case.receipts.glob("erase-*.json")))
    kept = [one["receipt"] for one in found if one.get("customer") == case.digest]
    return Answer(
        ("Nothing is left of this customer: erased before.", *(f"receipts/{one}" for one in kept)),
        (),
        {"erased_before": True, "receipts": kept},
    )


def _told(case: _Case, receipt: Receipt) -> Answer:
    rows = {name: sum(receipt[name].values()) for name in ("lake", "quarantine", "derived")}
    lines = [
        f"The erasure is {receipt['state']}; receipt: receipts/{receipt['receipt']}",
        *(
            f"{name:<12} {counted(rows[name], 'row')} in {counted(len(receipt[name]), 'file')}"
            for name in rows
        ),
        f"made anew    {counted(len(receipt['days']), 'day')}, the warehouse and the reports",
        f"searched     {counted(receipt['searched_files'], 'file')}",
    ]
    if not receipt["searched_texts"]:
        lines.append("The id is short: only columns that name customers were searched for it.")
    if not receipt["searched_sources"]:
        lines.append(
            "Files of others hold ids as they are, not pseudonyms: give the customer's own id to "
            "have them searched."
        )
    lines += [f"still named in {name}" for name in receipt["remains"]]
    if receipt["at_the_source"]:
        lines.append("Files of others still hold the customer; have them removed at the source:")
        lines += [f"  {name}" for name in receipt["at_the_source"]]
    return Answer(tuple(lines), (), receipt)
