"""Pages of the verdicts: Great Expectations' own Data Docs sections in a page that works offline.

Belongs here: the frame around what its renderer gives, and the index. Stays out: judging.

The page that Great Expectations wraps around its sections loads styles, scripts and a logo
from six hosts and carries the time of the run. Here the sections stand in a page of ours: no
request leaves it, equal results give equal bytes, and one page a suite never piles up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cx_analytics.contracts.pages import html_page
from cx_analytics.quality.suites import Suite

if TYPE_CHECKING:
    from cx_analytics.quality.validation import CheckResult

INDEX = "index.html"
SUMMARY = "summary.json"

_STYLE = """
.table-responsive{overflow-x:auto}
table{margin:.3rem 0 1rem}td,th{overflow-wrap:break-word}
.alert{background:var(--panel);padding:.3rem .6rem;border-radius:.3rem}
.alert h5{margin:0;font-size:1rem;overflow-wrap:anywhere}
.badge{background:var(--panel);padding:0 .3rem;border-radius:.2rem;font-family:monospace}
.text-danger,.block{color:var(--bad)}.text-success,.pass{color:var(--good)}.warn{color:var(--warn)}
.fa-times::before{content:"\\2717"}.fa-check-circle::before{content:"\\2713"}
td.pass,td.warn,td.block{white-space:nowrap}
.fas{font-style:normal;font-weight:700}
"""
_LINKED = re.compile(r"""\s(?:href|src|id|data-[a-z-]+|aria-[a-z-]+)=(?:"[^"]*"|'[^']*'|[^\s>]+)""")
"""Links that lead outside or nowhere, and identities that a renderer draws by lot."""


def write_page(
    folder: Path, suite: Suite, results: Sequence[CheckResult], outcomes: Sequence[Any]
) -> Path:
    """Write `<suite>.html`, and the index over every suite that the folder knows."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / f"{suite.name}.html"
    title, body = f"Quality of {suite.name}", _suite_body(suite, results, outcomes)
    _replace(page, html_page(title, body, style=_STYLE))
    summary = _summary(folder) | {suite.name: _counts(suite, results)}
    _replace(folder / SUMMARY, json.dumps(summary, indent=1, sort_keys=True) + "\n")
    _replace(folder / INDEX, html_page("Quality", _index_body(summary), style=_STYLE))
    return page


def _suite_body(suite: Suite, results: Sequence[CheckResult], outcomes: Sequence[Any]) -> str:
    rows = "".join(_row(result) for result in sorted(results, key=_gravest_first))
    return (
        f'<p><a href="{INDEX}">Quality</a></p><h1>{escape(suite.name)}</h1>'
        f'<p class="soft">{escape(suite.meaning)}</p>'
        '<div class="scroll"><table><thead><tr><th>Verdict</th><th>Expectation</th>'
        f"<th>Observed</th></tr></thead><tbody>{rows}</tbody></table></div>"
        f"<h2>As Great Expectations documents it</h2>{_sections(outcomes)}"
    )


def _row(result: CheckResult) -> str:
    word, look = _verdict(result)
    return (
        f'<tr><td class="{look}">{word}</td><td>{escape(result.meaning)}</td>'
        f"<td>{escape(result.observed)}</td></tr>"
    )


def _verdict(result: CheckResult) -> tuple[str, str]:
    if result.passed:
        return "✓ passed", "pass"
    return ("✗ blocks", "block") if result.severity == "block" else ("! warns", "warn")


def _gravest_first(result: CheckResult) -> tuple[bool, bool]:
    return result.passed, result.severity != "block"


def _sections(outcomes: Sequence[Any]) -> str:
    """The Data Docs sections of the results, a section a column, without its overview."""
    if not outcomes:
        return '<p class="soft">There was nothing to judge.</p>'
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaSectionView

    whole = ExpectationSuiteValidationResult(
        success=all(outcome.success for outcome in outcomes),
        results=list(outcomes),
        suite_name="suite",
        statistics=_statistics(outcomes),
        meta={"run_id": {"run_name": "run", "run_time": "2000-01-01T00:00:00+00:00"}},
    )
    sections = ValidationResultsPageRenderer().render(whole).to_json_dict()["sections"]
    view = DefaultJinjaSectionView()
    texts = (
        view.render({"section": section, "section_loop": {"index": at}})
        for at, section in enumerate(sections[1:], start=1)
    )
    return _LINKED.sub("", "".join(texts))


def _statistics(outcomes: Sequence[Any]) -> dict[str, Any]:
    good = sum(bool(outcome.success) for outcome in outcomes)
    return {
        "evaluated_expectations": len(outcomes),
        "successful_expectations": good,
        "unsuccessful_expectations": len(outcomes) - good,
        "success_percent": 100 * good / len(outcomes),
    }


def _summary(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _counts(suite: Suite, results: Sequence[CheckResult]) -> dict[str, Any]:
    bad = [result.severity for result in results if not result.passed]
    return {
        "meaning": suite.meaning,
        "expectations": len(results),
        "blocking": bad.count("block"),
        "warning": bad.count("warn"),
    }


def _index_body(summary: dict[str, Any]) -> str:
    rows = "".join(_index_row(name, counts) for name, counts in sorted(summary.items()))
    return (
        "<h1>Quality</h1>"
        '<p class="soft">What the data must keep, and whether they did in the last run.</p>'
        '<div class="scroll"><table><thead><tr><th>Suite</th><th>Verdict</th>'
        f"<th>Expectations</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _index_row(name: str, counts: dict[str, Any]) -> str:
    word, look = "✓ passed", "pass"
    if counts["blocking"]:
        word, look = f"✗ {counts['blocking']} block", "block"
    elif counts["warning"]:
        word, look = f"! {counts['warning']} warn", "warn"
    return (
        f'<tr><td><a href="{escape(name)}.html">{escape(name)}</a></td>'
        f'<td class="{look}">{word}</td><td>{counts["expectations"]}</td>'
        f"<td>{escape(counts['meaning'])}</td></tr>"
    )


def _replace(target: Path, text: str) -> None:
    """Write beside and rename: a kill leaves the old page or the new one."""
    part = target.with_name(f".part-{target.name}.tmp")
    part.write_text(text, encoding="utf-8")
    part.replace(target)
