"""The frame that every page of ours stands in: no request, light and dark, narrow and wide.

Belongs here: the skeleton, its style, and the pieces that several pages are made of. Stays out:
what a page says (report/, quality/docs.py).

Whoever calls gives text; everything here escapes it. A body is HTML already.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1f2933;--soft:#5f6c7b;--line:#d5dce4;--paper:#fff;
--panel:#f5f7fa;--link:#1d5fbf;--bad:#b42318;--warn:#8a5a00;--good:#1d7a46}
@media(prefers-color-scheme:dark){:root{--ink:#e4e9ef;--soft:#9aa7b5;--line:#3a4552;
--paper:#15191e;--panel:#1e242b;--link:#84b6ff;--bad:#ff8a7a;--warn:#f0b95a;--good:#6fd49a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 3rem;color:var(--ink);
background:var(--paper);font:16px/1.5 system-ui,sans-serif}
a{color:var(--link)}h1{font-size:1.7rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:2.2rem 0 .5rem}
.soft{color:var(--soft)}.bad{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;
margin:1.2rem 0}
.tile{background:var(--panel);border-radius:.5rem;padding:.7rem .9rem}
.tile b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}td.number{white-space:nowrap}
td:not(.number){min-width:6rem;overflow-wrap:break-word}td:first-child{max-width:22rem}
.lines{padding-left:1.2rem;overflow-wrap:anywhere}.lines li{margin:.3rem 0}
figure{margin:1rem 0}img{max-width:100%;height:auto}
.stack td{min-width:0;max-width:none}.stack td.brief{white-space:nowrap}
@media(max-width:40rem){.stack thead{display:none}
.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.stack td{display:grid;grid-template-columns:8.5rem 1fr;border:0;padding:.1rem 0}
.stack td::before{content:attr(data-of);color:var(--soft)}}
"""
"""What all pages look like."""

BRIEF = 18
"""Cells of a stack up to this length stay on one line: times, versions, ids."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:{allowed}">
<title>{title}</title><style>{style}</style></head>
<body>
{body}
{script}</body></html>
"""


def html_page(title: str, body: str, *, style: str = "", script: str = "") -> str:
    """A whole page; the browser is told to load nothing that the page does not hold.

    Parameters
    ----------
    body : HTML.
    style : rules of this page alone, after those of all.
    script : of this page alone; the browser runs it by its hash, and no other.
    """
    allowed = f"; script-src 'sha256-{_sha256(script)}'" if script else ""
    tag = f"<script>{script}</script>\n" if script else ""
    return _PAGE.format(
        title=escape(title), style=STYLE + style, body=body, allowed=allowed, script=tag
    )


def _sha256(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def section(title: str, *parts: str) -> str:
    """A heading and the HTML below it.

    >>> section("A & B", "<p>x</p>")
    '<h2>A &amp; B</h2><p>x</p>'
    """
    return f"<h2>{escape(title)}</h2>" + "".join(parts)


def items(lines: Sequence[str]) -> str:
    """A list of sentences; a long word breaks where the window is narrow.

    >>> items(["a < b"])
    '<ul class="lines"><li>a &lt; b</li></ul>'
    """
    return f'<ul class="lines">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def tiles(facts: Sequence[tuple[str, str]]) -> str:
    """Figures side by side: the value, and what it counts.

    >>> tiles([("12", "faults")])
    '<div class="tiles"><div class="tile"><b>12</b>faults</div></div>'
    """
    each = (f'<div class="tile"><b>{escape(a)}</b>{escape(b)}</div>' for a, b in facts)
    return f'<div class="tiles">{"".join(each)}</div>'


def table(
    texts: Sequence[str], numbers: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str
) -> str:
    """A table that scrolls on its own where the window is narrow.

    Parameters
    ----------
    texts, numbers : headings of the columns, those of numbers last and to the right.
    rows : cells of each row in this order, as text.
    empty : what stands there when there is no row.
    """
    if not rows:
        return f'<p class="soft">{escape(empty)}</p>'
    marks = [""] * len(texts) + [' class="number"'] * len(numbers)
    head = _line("th", marks, (*texts, *numbers))
    body = "".join(_line("td", marks, row) for row in rows)
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def stack(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> str:
    """A table of texts whose rows become small cards on a telephone; short cells never wrap."""
    if not rows:
        return f'<p class="soft">{escape(empty)}</p>'
    head = _line("th", [""] * len(columns), columns)
    body = "".join(
        _line("td", [_of(one, cell) for one, cell in zip(columns, row, strict=True)], row)
        for row in rows
    )
    return f'<table class="stack"><thead>{head}</thead><tbody>{body}</tbody></table>'


def _of(column: str, cell: str) -> str:
    brief = ' class="brief"' if len(cell) <= BRIEF else ""
    return f'{brief} data-of="{escape(column)}"'


def _line(tag: str, marks: Sequence[str], cells: Sequence[str]) -> str:
    pairs = zip(marks, cells, strict=True)
    return f"<tr>{''.join(f'<{tag}{mark}>{escape(cell)}</{tag}>' for mark, cell in pairs)}</tr>"
