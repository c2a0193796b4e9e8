"""The page of the map: figures, the map to zoom and move, a table of all transitions. One file.

Belongs here: HTML from frames. Stays out: the picture (drawing.py).

No case, lot or unit is named: steps, transitions and their totals only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from html import escape
from typing import Any

import polars as pl

from cx_analytics.contracts.pages import html_page, items, section, table, tiles
from cx_analytics.contracts.quoting import literal
from cx_analytics.report.numbers import Evidence, evidence_part
from cx_analytics.report.steps_map.drawing import SHADES, map_style, map_svg
from cx_analytics.report.steps_map.graph import StepGraph, main_cause, step_graph
from cx_analytics.report.steps_map.words import cause_words, money, span

WORST = 5
"""Waits that are told before the map."""

_EVIDENT = {"cases": "cases", "wait_s": "s", "work_s": "s", "cost": "money"}
"""Columns of the table that carry their query, with their unit."""

Cell = Callable[[Mapping[str, Any]], str]

_STYLE = (
    "body{max-width:88rem}.frame{overflow:auto;max-height:86vh;border:1px solid var(--line);"
    "border-radius:.5rem;cursor:grab}.frame.held{cursor:grabbing;user-select:none}"
    ".tools{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;margin:.5rem 0}"
    ".buttons{display:inline-flex;gap:.4rem}"
    ".tools button{font:inherit;padding:.15rem .7rem;border:1px solid var(--line);"
    "border-radius:.4rem;background:var(--panel);color:var(--ink);cursor:pointer}"
    ".shades{display:inline-flex;align-items:center;gap:.4rem}"
    ".shades i{width:1.4rem;height:.9rem;border:1px solid var(--line);display:inline-block}"
    "@media print{.frame{max-height:none;overflow:visible}.tools button{display:none}}"
)

_SCRIPT = """
const frame=document.querySelector('.frame'),map=frame.querySelector('svg');
const wide=map.viewBox.baseVal.width,high=map.viewBox.baseVal.height;let scale=1;
function zoom(to,x,y){to=Math.min(4,Math.max(.1,to));const by=to/scale;
x=x??frame.clientWidth/2;y=y??frame.clientHeight/2;
const left=(frame.scrollLeft+x)*by-x,top=(frame.scrollTop+y)*by-y;scale=to;
map.style.width=wide*to+'px';map.style.height=high*to+'px';frame.scrollLeft=left;frame.scrollTop=top}
const across=()=>frame.clientWidth/wide,whole=()=>Math.min(across(),frame.clientHeight/high);
const acts={in:()=>zoom(scale*1.25),out:()=>zoom(scale/1.25),width:()=>zoom(Math.min(1.2,across())),
all:()=>zoom(whole())};
for(const one of document.querySelectorAll('[data-act]')){one.hidden=false;
one.onclick=()=>acts[one.dataset.act]()}
frame.addEventListener('wheel',e=>{if(!e.ctrlKey)return;e.preventDefault();
const r=frame.getBoundingClientRect();
zoom(scale*Math.exp(-e.deltaY/400),e.clientX-r.left,e.clientY-r.top)},{passive:false});
let held=null;
frame.addEventListener('pointerdown',e=>{if(e.pointerType!=='mouse')return;
held=[e.clientX+frame.scrollLeft,e.clientY+frame.scrollTop];frame.classList.add('held')});
addEventListener('pointermove',e=>{if(held){frame.scrollLeft=held[0]-e.clientX;
frame.scrollTop=held[1]-e.clientY}});
addEventListener('pointerup',()=>{held=null;frame.classList.remove('held')});
zoom(Math.min(1,Math.max(.7,across())),0,0);
frame.scrollLeft=(map.clientWidth-frame.clientWidth)/2;frame.scrollTop=0;
"""
"""Zoom and move; without it the map is there all the same, to scroll."""


def steps_page(
    *,
    name: str,
    as_of: date | None,
    snapshot: date | None = None,
    step_map: pl.DataFrame,
    flow: pl.DataFrame,
    lead: Mapping[str, Any],
) -> str:
    """The page as HTML.

    Parameters
    ----------
    name : the product's name.
    as_of : the last day of the log; None without any.
    snapshot : the last day of sessions in the warehouse, which `cx verify` compares; None
        without any.
    step_map : the table of that name.
    flow : as in `step_graph`.
    lead : cases, span_s (from end to end, all cases) and wait_s of the log.
    """
    if step_map.is_empty():
        body = f"{_head(name, as_of)}<p>There are no production events yet.</p>"
        return html_page(f"{name}: step map", body)
    graph = step_graph(step_map, flow)
    rows = step_map.sort(["wait_s", "to_step"], descending=[True, False], nulls_last=True)
    body = "\n".join(
        (
            _head(name, as_of),
            tiles(_facts(lead, rows)),
            section("Where it waits most", items(_worst(rows))),
            section(
                "The map", _tools(graph), f'<div class="frame" tabindex="0">{map_svg(graph)}</div>'
            ),
            section("All transitions", _table(rows)),
            evidence_part(_numbers(rows, snapshot)),
        )
    )
    return html_page(f"{name}: step map", body, style=_STYLE + map_style(), script=_SCRIPT)


def _head(name: str, as_of: date | None) -> str:
    until = f", log until {as_of.isoformat()}" if as_of else ""
    return f'<h1>{escape(name)}</h1><p class="soft">Step map of production{until}</p>'


def _facts(lead: Mapping[str, Any], rows: pl.DataFrame) -> list[tuple[str, str]]:
    cases = lead["cases"] or 0
    told = [(f"{cases:,}".replace(",", "\u202f"), "cases")]
    if cases and lead["span_s"]:
        told.append((span(lead["span_s"] / cases), "from end to end, mean"))
        told.append((f"{100 * lead['wait_s'] / lead['span_s']:.0f} %", "of it waiting"))
    if rows["cost"].is_not_null().any():
        told.append((money(float(rows["cost"].sum())), "cost by the rates of cx.toml"))
    return told


def _worst(rows: pl.DataFrame) -> list[str]:
    """The longest waits in words, with their main cause."""
    waiting = rows["wait_s"].sum() or 1.0
    told = []
    for row in rows.head(WORST).iter_rows(named=True):
        if row["wait_s"]:
            cause = main_cause(row)
            why = f", mostly {cause_words(cause)}" if cause else ""
            share = f"{100 * row['wait_s'] / waiting:.0f} % of all waiting"
            told.append(f"{_way(row)}: {span(row['wait_s'])}, {share}{why}")
    return told or ["Nowhere."]


def _way(row: Mapping[str, Any]) -> str:
    return f"{row['from_step'] or 'start'} → {row['to_step']}"


def _tools(graph: StepGraph) -> str:
    costed = graph.steps[0].cost is not None
    by = "cost" if costed else "waiting before it"
    told = "its work and its cost stand" if costed else "its work stands"
    shades = "".join(f'<i class="k{place}"></i>' for place in range(len(SHADES["light"])))
    keys = "".join(f".k{at}{{background:{fill}}}" for at, fill in enumerate(SHADES["light"]))
    dark = "".join(f".k{at}{{background:{fill}}}" for at, fill in enumerate(SHADES["dark"]))
    buttons = "".join(
        f'<button type="button" data-act="{act}" hidden>{words}</button>'
        for act, words in (("in", "+"), ("out", "−"), ("width", "Fit width"), ("all", "Whole map"))
    )
    drawn = (
        f"{len(graph.ways)} of {graph.transitions} transitions, on which "
        f"{100 * graph.waiting_drawn:.0f} % of all waiting is"
    )
    return (
        f"<style>{keys}@media(prefers-color-scheme:dark){{{dark}}}</style>"
        f'<div class="tools"><span class="buttons">{buttons}</span>'
        f'<span class="shades soft">{by}: little {shades} much</span></div>'
        f'<p class="soft">A step is as tall as its work is long; {told} below its name. A way is '
        "as thick as the waiting on it, which its label adds up; dashed ways lead back. Drawn are "
        f"{drawn}.</p>"
    )


def _table(rows: pl.DataFrame) -> str:
    texts: dict[str, Cell] = {
        "From": lambda row: row["from_step"] or "(start)",
        "To": lambda row: row["to_step"],
        "Mostly waits for": lambda row: cause_words(main_cause(row) or "–"),
    }
    numbers: dict[str, Cell] = {
        "Cases": lambda row: _count(row["cases"]),
        "Wait": lambda row: span(row["wait_s"] or 0.0),
        "Work": lambda row: span(row["work_s"] or 0.0),
        "Idle": lambda row: (
            "–" if row["idle_share"] is None else f"{100 * row['idle_share']:.0f} %"
        ),
        "Rework": lambda row: _count(row["rework"]),
        "Scrap found": lambda row: _count(row["scrap"]),
        "Scrap made": lambda row: _count(row["scrap_made"]),
        "Field faults": lambda row: _count(row["field_faults"]),
        "Cost": lambda row: _count(row["cost"]),
    }
    cells = (*texts.values(), *numbers.values())
    told = [[cell(row) for cell in cells] for row in rows.iter_rows(named=True)]
    return table(list(texts), list(numbers), told, empty="No transition.")


def _numbers(rows: pl.DataFrame, snapshot: date | None) -> list[Evidence]:
    """The numbers of the table, each with the query that gives it again."""
    return [
        {
            "metric_id": f"step.{place:03}.{column}",
            "sql": f"SELECT {column} AS value FROM step_map WHERE {_named(row)}",
            "snapshot": snapshot.isoformat() if snapshot else "no day yet",
            "value": row[column],
            "unit": unit,
        }
        for place, row in enumerate(rows.iter_rows(named=True))
        for column, unit in _EVIDENT.items()
        if row[column] is not None
    ]


def _named(row: Mapping[str, Any]) -> str:
    source = row["from_step"]
    before = "IS NULL" if source is None else f"= {literal(source)}"
    return f"from_step {before} AND to_step = {literal(row['to_step'])}"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")
