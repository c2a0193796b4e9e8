"""The picture of the map: SVG that a page holds, or that becomes a PNG.

Belongs here: ink. Stays out: what is drawn (graph.py) and where (layout.py).

In a page the colours are the page's own, light or dark; a picture on its own names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Literal

from cx_analytics.report.steps_map.graph import StepGraph, StepNode
from cx_analytics.report.steps_map.layout import LABEL_WIDTH, Box, Layout, Line, lay_out
from cx_analytics.report.steps_map.words import cause_words, money, name_lines, span

Theme = Literal["light", "dark"]

SHADES: Mapping[Theme, tuple[str, ...]] = {
    "light": ("#f1f4f7", "#fde3c4", "#fbc083", "#f08a3c", "#b8460f"),
    "dark": ("#28303a", "#4b3623", "#70451d", "#9c5417", "#f0a05a"),
}
"""Fill of a step by its cost, from little to much."""

TEXTS: Mapping[Theme, tuple[str, ...]] = {
    "light": ("#1f2933", "#1f2933", "#1f2933", "#1f2933", "#ffffff"),
    "dark": ("#e4e9ef", "#f6e9dc", "#ffffff", "#ffffff", "#15191e"),
}
"""Ink on each shade."""

INKS: Mapping[Theme, Mapping[str, str]] = {
    "light": {"ink": "#1f2933", "soft": "#5f6c7b", "paper": "#ffffff", "back": "#7a3fb0"},
    "dark": {"ink": "#e4e9ef", "soft": "#9aa7b5", "paper": "#15191e", "back": "#c79bf2"},
}

THINNEST, THICKEST = 1.2, 12.0


def map_svg(graph: StepGraph, *, theme: Theme | None = None) -> str:
    """The map as SVG.

    Parameters
    ----------
    theme : for a picture on its own; None for a page, whose style (`map_style`) has the colours.
    """
    plan = lay_out(graph)
    style = f"<style>{map_style(theme)}</style>" if theme else ""
    paper = '<rect class="paper" width="100%" height="100%"/>' if theme else ""
    ways = _ways(plan.lines)
    steps = (_step(node, box, graph) for node, box in zip(graph.steps, plan.boxes, strict=True))
    labels = (_label(line) for line in plan.lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="map" viewBox="0 0 {plan.width:.0f} '
        f'{plan.height:.0f}" width="{plan.width:.0f}" height="{plan.height:.0f}" role="img" '
        f'aria-label="{_words(graph, plan)}">{style}{_HEADS}{paper}'
        f"{''.join(ways)}{''.join(labels)}{''.join(steps)}</svg>"
    )


def map_style(theme: Theme | None = None) -> str:
    """The rules of the map: with a theme its colours, without one both, as the reader prefers."""
    if theme:
        return _rules(theme) + _SHAPES
    dark = f"@media(prefers-color-scheme:dark){{{_rules('dark')}}}"
    return _rules("light") + dark + _SHAPES


def _rules(theme: Theme) -> str:
    ink = INKS[theme]
    shades = "".join(
        f".s{place} rect{{fill:{fill}}}.s{place} text{{fill:{text}}}"
        for place, (fill, text) in enumerate(zip(SHADES[theme], TEXTS[theme], strict=True))
    )
    return (
        f".map text{{fill:{ink['ink']}}}.map .paper,.map .label rect{{fill:{ink['paper']}}}"
        f".map .way{{stroke:{ink['soft']}}}.map .back{{stroke:{ink['back']}}}"
        f".map .head{{fill:{ink['soft']}}}.map .backhead{{fill:{ink['back']}}}"
        f".map .step rect{{stroke:{ink['soft']}}}{shades}"
    )


_SHAPES = (
    ".map{font-family:system-ui,'DejaVu Sans',sans-serif;display:block;margin:0 auto}"
    ".map .way{fill:none;stroke-opacity:.55}.map .back{stroke-dasharray:7 4}"
    ".map .step rect{stroke-width:1}.map .label rect{fill-opacity:.88}"
    ".map .name{font-size:13px;font-weight:600}.map .fact{font-size:11px}"
    ".map .label text{font-size:11px}"
)

_HEADS = (
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" '
    'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto"><path class="head" '
    'd="M0 0L10 5L0 10z"/></marker><marker id="backhead" viewBox="0 0 10 10" refX="9" refY="5" '
    'markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">'
    '<path class="backhead" d="M0 0L10 5L0 10z"/></marker></defs>'
)


def _words(graph: StepGraph, plan: Layout) -> str:
    return (
        f"Map of {len(graph.steps)} steps with the {len(plan.lines)} ways between them on which "
        f"most waiting is"
    )


def _ways(lines: Sequence[Line]) -> Iterator[str]:
    most = max((line.way.wait_s for line in lines), default=0.0) or 1.0
    for line in lines:
        thick = THINNEST + (THICKEST - THINNEST) * (line.way.wait_s / most) ** 0.5
        kind, head = ("way back", "backhead") if line.back else ("way", "head")
        yield (
            f'<path class="{kind}" stroke-width="{thick:.1f}" marker-end="url(#{head})" '
            f'd="{_path(line)}"/>'
        )


def _path(line: Line) -> str:
    """A smooth curve through the points; it leaves and enters steps upright."""
    points = line.points
    if line.way.source == line.way.target:
        (x, y), (bulge, _), (last_x, last_y) = points
        right = bulge + 10
        ends = f"{right:.0f} {y:.0f} {right:.0f} {last_y:.0f}"
        return f"M{x:.0f} {y:.0f}C{ends} {last_x:.0f} {last_y:.0f}"
    slopes = [0.0, *_slopes(points), 0.0]
    parts = [f"M{points[0][0]:.0f} {points[0][1]:.0f}"]
    for place, ((x, y), (next_x, next_y)) in enumerate(pairwise(points)):
        third = (next_y - y) / 3
        first, second = x + slopes[place] * third, next_x - slopes[place + 1] * third
        parts.append(
            f"C{first:.0f} {y + third:.0f} {second:.0f} {next_y - third:.0f} "
            f"{next_x:.0f} {next_y:.0f}"
        )
    return "".join(parts)


def _slopes(points: Sequence[tuple[float, float]]) -> Iterator[float]:
    """How far sideways the curve goes a pixel down at each inner point: none at a turn."""
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        one = (here[0] - before[0]) / (here[1] - before[1])
        other = (after[0] - here[0]) / (after[1] - here[1])
        yield 2 * one * other / (one + other) if one * other > 0 else 0.0


def _label(line: Line) -> str:
    x, y = line.label
    way = line.way
    cause = f", mostly {cause_words(way.cause)}" if way.cause else ""
    return (
        f'<g class="label"><title>{way.cases:,} cases wait {span(way.wait_s)} in all{cause}</title>'
        f'<rect x="{x - LABEL_WIDTH / 2 + 8:.0f}" y="{y - 8:.0f}" width="{LABEL_WIDTH - 16:.0f}" '
        f'height="16" rx="4"/><text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle">'
        f"{span(way.wait_s)}</text></g>"
    )


def _step(node: StepNode, box: Box, graph: StepGraph) -> str:
    lines = name_lines(node.name)
    middle, centre = box.x + box.width / 2, box.y + box.height / 2
    first = centre - 7.5 * len(lines) + 4.5
    names = "".join(
        f'<text class="name" text-anchor="middle" x="{middle:.0f}" y="{first + 15 * place:.1f}">'
        f"{escape(line)}</text>"
        for place, line in enumerate(lines)
    )
    fact = span(node.work_s) + ("" if node.cost is None else f" · {money(node.cost)}")
    return (
        f'<g class="step s{shade(node, graph)}"><title>{escape(_told(node))}</title>'
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" '
        f'height="{box.height:.0f}" rx="7"/>{names}'
        f'<text class="fact" text-anchor="middle" x="{middle:.0f}" '
        f'y="{first + 15 * len(lines):.1f}">{fact}</text></g>'
    )


def _told(node: StepNode) -> str:
    cost = "" if node.cost is None else f", cost {money(node.cost)}"
    rework = f", {node.rework:,} times come back to" if node.rework else ""
    times = f"work {span(node.work_s)}, waiting before it {span(node.wait_s)}"
    return f"{node.name}: {times}{cost}{rework}"


def shade(node: StepNode, graph: StepGraph) -> int:
    """The place of a step among the SHADES: by cost, or by waiting where no cost is known."""
    value = node.wait_s if node.cost is None else node.cost
    each = [one.wait_s if one.cost is None else one.cost for one in graph.steps]
    most = max(each)
    share = max(value, 0.0) / most if most > 0 else 0.0
    return min(int(len(SHADES["light"]) * share**0.5), len(SHADES["light"]) - 1)
