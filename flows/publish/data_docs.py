"""Data Docs: the pages that show what was promised of each mart, and what was kept.

Great Expectations draws the record of each mart (`marts/<mart>.html`) with its own renderers, through a view whose
templates hold no script and no remote file. The first page (`index.html`) says the same in words.
"""

import html
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment
from typing_extensions import override

from flows.core.files import link

KEPT, BROKEN, NO_VERDICT = "kept", "broken", "no verdict"
SHOWN_OFFENDERS = 5

_GOOD, _BAD, _UNKNOWN = ("good", "\N{CHECK MARK}"), ("bad", "\N{MULTIPLICATION X}"), ("unknown", "?")
_BADGES = {KEPT: _GOOD, BROKEN: _BAD, NO_VERDICT: _UNKNOWN, "passed": _GOOD, "failed": _BAD}
_TABLE_SECTION = "Table-Level Expectations"


def notices(origin: str, caveats: str) -> list[str]:
    """What stands at the head of every page about a snapshot."""
    return [f"This snapshot holds {figures(origin)}.", *([f"The areas' figures are {caveats}."] if caveats else [])]


def figures(origin: str) -> str:
    """Whose figures they are, in words."""
    return "real figures" if origin == "real" else "synthetic figures, made up for trials"


@dataclass(frozen=True)
class Promise:
    """One promise and what became of it: one row of a page. `sql` is the query as written, where there is one."""

    rule: str
    column: str | None
    check: str | None
    sql: str | None
    verdict: str
    count: int | None = None
    where: tuple[str, ...] = ()
    fault: str | None = None

    @property
    def more(self) -> bool:
        """Whether rows break the promise beside those in `where`."""
        return len(self.where) == SHOWN_OFFENDERS and (self.count or 0) > SHOWN_OFFENDERS


@dataclass(frozen=True)
class Record:
    """All promises of one mart; `result` is GX's ExpectationSuiteValidationResult, in the order of `lines`.

    Where the verdict was taken over from a snapshot there is no result, but the page that was drawn then.
    """

    mart: str
    lines: tuple[Promise, ...]
    result: Any
    page: Path | None = None
    snapshot: str = ""

    def number(self, verdict: str) -> int:
        """How many promises got this verdict."""
        return sum(line.verdict == verdict for line in self.lines)

    @property
    def outcome(self) -> str:
        """Passed where every promise was judged and kept, else failed."""
        return "passed" if self.number(KEPT) == len(self.lines) else "failed"


def write(folder: Path, title: str, notices: Sequence[str], records: Sequence[Record]) -> Path:
    """Write `index.html` and `marts/<mart>.html` into `folder` and return the path of the index.

    The pages need no network, no script and no other file. They show the keys of rows, never other values. A folder
    `marts` that is there already is replaced.
    """
    style = (resources.files("flows.publish") / "data_docs.css").read_text(encoding="utf-8")
    marts = folder / "marts"
    if marts.exists():
        shutil.rmtree(marts)
    marts.mkdir(parents=True)
    view = None
    for record in records:
        file = marts / f"{record.mart}.html"
        if record.page is not None:
            link(record.page, file)
            continue
        view = view or _offline_view()
        page = view.render(_document(record), title=title, style=style, record=record)
        file.write_text(_tidy(page), encoding="utf-8")
    index = folder / "index.html"
    index.write_text(_tidy(_index(title, notices, records, style)), encoding="utf-8")
    return index


def _index(title: str, notices: Sequence[str], records: Sequence[Record], style: str) -> str:
    environment = Environment(autoescape=True)
    environment.filters["badge"] = _badge
    return environment.from_string(_INDEX).render(
        title=title,
        notices=notices,
        records=records,
        style=style,
        promises=sum(len(record.lines) for record in records),
        broken=sum(record.number(BROKEN) for record in records),
        faults=sum(record.number(NO_VERDICT) for record in records),
        standing=[record for record in records if record.snapshot],
    )


def _badge(word: str) -> str:
    """The verdict as HTML: mark, word and colour, so that none of them carries it alone."""
    colour, mark = _BADGES[word]
    return f'<span class="verdict {colour}"><span aria-hidden="true">{mark}</span> {word}</span>'


def _document(record: Record) -> Any:
    """GX's rendered document of the mart, with the promise in words set before each of GX's sentences."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer

    document = ValidationResultsPageRenderer(run_info_at_end=True).render(record.result)
    # Run Info is the time, the ids and the versions of the run: nothing for a reader, and never twice the same.
    document.sections = [section for section in document.sections if section.section_name != "Run Info"]
    for section in document.sections[1:]:
        column = None if section.section_name == _TABLE_SECTION else section.section_name
        if column is None:
            section.section_name = "The whole table"
        table = section.content_blocks[-1]
        lines = [line for line in record.lines if line.column == column]
        for row, line in zip(table.table, lines, strict=True):
            if line.sql is not None:
                sentence = row[1][0] if isinstance(row[1], list) else row[1]
                sentence.string_template["params"]["unexpected_rows_query"] = line.sql
            if isinstance(row[-1], str):
                row[-1] = html.escape(row[-1])
            row.insert(1, _words(line))
        table.header_row = ["Verdict", "Promise", "In the words of Great Expectations", "Observed"]
        table.header_row_options = {}
    return document


def _words(line: Promise) -> str:
    check = f'<br><span class="check">sql/checks/{html.escape(line.check)}.sql</span>' if line.check else ""
    return html.escape(line.rule) + check


def _offline_view() -> Any:
    """GX's own page view, with ours in place of the templates that load scripts, fonts and a logo."""
    from great_expectations.render.view.view import DefaultJinjaPageView

    class OfflineView(DefaultJinjaPageView):
        @override
        def render_string_template(self, template: Any) -> Any:
            params = template.get("params", {}) if isinstance(template, dict) else {}
            if "unexpected_rows_query" in params:
                return f'<pre tabindex="0">{html.escape(params["unexpected_rows_query"])}</pre>'
            if "markdown_status_icon" in params:
                colour = template["styling"]["params"]["icon"]["classes"][-1]
                return _badge({"text-success": KEPT, "text-danger": BROKEN}.get(colour, NO_VERDICT))
            return super().render_string_template(template)  # type: ignore[no-untyped-call]

    view: Any = OfflineView()
    view.env.loader = ChoiceLoader([DictLoader(_TEMPLATES), view.env.loader])
    view.env.filters["badge"] = _badge
    return view


def _tidy(page: str) -> str:
    """The page without the blank lines and closing blanks that templates leave behind."""
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<header>
<h1>{{ title }}</h1>
{% if broken or faults %}
<p class="outcome bad"><strong>Refused.</strong>
{% if broken %}{{ broken }} of {{ promises }} promises {{ "is" if broken == 1 else "are" }} broken.{% endif %}
{% if faults %}{{ faults }} of {{ promises }} could not be judged.{% endif %}
The last snapshot stays in force.</p>
{% else %}
<p class="outcome good"><strong>Passed.</strong>
All {{ promises }} promises about {{ records | length }} {{ "mart" if records | length == 1 else "marts" }} are
kept.</p>
{% endif %}
{% if standing %}
<p>{{ standing | length }} of {{ records | length }} marts were not judged anew: they, the marts that their checks read,
and their promises are the same as in snapshot <code>{{ standing[0].snapshot }}</code>, and so are their verdicts.</p>
{% endif %}
{% for notice in notices %}
<p class="notice">{{ notice }}</p>
{% endfor %}
</header>
<main>
{% if broken or faults %}
<section id="refused">
<h2>What stands in the way</h2>
{% for record in records %}{% for line in record.lines if line.verdict != "kept" %}
<article class="finding">
<h3>{{ line.verdict | badge | safe }}
<code>{{ record.mart }}{% if line.column %}.{{ line.column }}{% endif %}</code></h3>
<p class="rule">{{ line.rule }}</p>
{% if line.fault %}
<p>The engine failed, so this says nothing about the data: <code>{{ line.fault }}</code></p>
{% elif line.count is not none %}
<p>{{ "{:,}".format(line.count) }} {{ "row breaks" if line.count == 1 else "rows break" }} it{{ "," if line.where }}
{% if line.where %}{{ "among them" if line.more else "namely" }}:{% else %}.{% endif %}</p>
{% endif %}
{% if line.where %}
<ul class="keys">{% for key in line.where %}<li>{{ key }}</li>{% endfor %}</ul>
{% endif %}
{% if line.check %}<p class="check">sql/checks/{{ line.check }}.sql</p>{% endif %}
</article>
{% endfor %}{% endfor %}
</section>
{% endif %}
<section id="marts">
<h2>The marts</h2>
<table class="table summary">
<thead><tr><th scope="col">Mart</th><th scope="col">Verdict</th><th scope="col">Promises</th>
<th scope="col">Kept</th><th scope="col">Broken</th><th scope="col">No verdict</th></tr></thead>
<tbody>
{% for record in records %}
<tr><th scope="row"><a href="#mart-{{ record.mart }}">{{ record.mart }}</a></th>
<td>{{ record.outcome | badge | safe }}</td>
<td data-label="promises">{{ record.lines | length }}</td>
<td data-label="kept">{{ record.number("kept") }}</td>
<td data-label="broken">{{ record.number("broken") }}</td>
<td data-label="no verdict">{{ record.number("no verdict") }}</td></tr>
{% endfor %}
</tbody>
</table>
</section>
{% for record in records %}
<section id="mart-{{ record.mart }}">
<h2>{{ record.mart }}</h2>
<p>{{ record.outcome | badge | safe }} {{ record.number("kept") }} of {{ record.lines | length }} promises kept.
<a href="marts/{{ record.mart }}.html">Record by Great Expectations</a>
{% if record.snapshot %}Taken over from snapshot <code>{{ record.snapshot }}</code>.{% endif %}</p>
<table class="table promises">
<thead><tr><th scope="col">Verdict</th><th scope="col">Column</th><th scope="col">Promise</th>
<th scope="col">Rows that break it</th></tr></thead>
<tbody>
{% for line in record.lines %}
<tr><td>{{ line.verdict | badge | safe }}</td>
<td>{% if line.column %}<code>{{ line.column }}</code>{% else %}<span class="check">whole table</span>{% endif %}</td>
<td>{{ line.rule }}</td>
<td data-label="rows break it">{% if line.count is not none %}{{ "{:,}".format(line.count) }}{% endif %}</td></tr>
{% endfor %}
</tbody>
</table>
</section>
{% endfor %}
</main>
<footer><p>Rows are named by their keys; their other values are left out of these pages on purpose.</p></footer>
</body>
</html>
"""

_TEMPLATES = {
    "page.j2": """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ record.mart | e }} - {{ title | e }}</title>
<style>{{ style }}</style>
</head>
<body>
<header>
<p><a href="../index.html#mart-{{ record.mart | e }}">{{ title | e }}</a></p>
<h1>{{ record.mart | e }}</h1>
<p>{{ record.outcome | badge }} {{ record.number("kept") }} of {{ record.lines | length }} promises kept.</p>
<nav aria-label="Parts of this page">
{% for section in sections %}<a href="#section-{{ loop.index }}">{{ section["section_name"] | e }}</a> {% endfor %}
</nav>
</header>
<main>
{% for section in sections %}{% set section_loop = loop %}{% include "section.j2" %}{% endfor %}
</main>
<footer><p>Drawn by Great Expectations {{ ge_version }}. Rows are named by their keys on the
<a href="../index.html">first page</a>; their other values are left out on purpose.</p></footer>
</body>
</html>
""",
    "section.j2": """<section id="section-{{ section_loop.index }}">
<h2>{{ section["section_name"] | e }}</h2>
{% for content_block in section["content_blocks"] if content_block["content_block_type"] != "header" %}
{% set content_block_loop = loop %}{% include "component.j2" %}
{% endfor %}
</section>
""",
    # The only things GX folds away here are tracebacks, which are not for a reader; graphs need scripts.
    "collapse.j2": "",
    "graph.j2": "",
}
