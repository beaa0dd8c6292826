"""The site of a snapshot: `marts/sites/<id>/`, static pages that need no network, and the same for other programs.

index.html              status of sources, last runs, quarantine by sender, where everything lies
dictionary.html         every column and indicator; a script narrows the list, without it the list is there whole
differences.html        what differs from the snapshot before
marts/<mart>.html       promise, columns, lineage as a picture and as a table, how to read it
data/<mart>.parquet     the marts, the same files as in the snapshot
datapackage.json  dcat.jsonld  metrics.prom
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.catalogue import dcat, metrics
from flows.catalogue.data_package import data_package
from flows.catalogue.lineage import Origin
from flows.catalogue.model import Catalogue, sentence
from flows.catalogue.picture import groups, picture
from flows.catalogue.reading import programs
from flows.core.files import link, replaced
from flows.present.pages import style, templates
from flows.publish.snapshots import SITES

PACKAGE = "flows.catalogue"
MOST = 50
SAYS = {
    "not yet due": "what was released is here",
    "due": "released and not here yet",
    "late": "released, not here, and past the days of grace",
    "revised": "here, and published anew since",
    "ended": "no further release is waited for",
    "gone": "a delivery that was there is not",
    "no calendar": "",
}


def write(catalogue: Catalogue, folder: Path | None = None) -> Path:
    """Write the site beside the snapshots, or into `folder`, in place of what was there; returns its first page.

    Call under the lock of the snapshots.
    """
    target = folder or catalogue.marts_folder / SITES / catalogue.snapshot.id
    with replaced(target) as work:
        (work / "data").mkdir()
        for name in catalogue.marts:
            file = catalogue.snapshot.path(name)
            link(file, work / "data" / file.name)
        _pages(catalogue, work)
        _as_json(work / "datapackage.json", data_package(catalogue))
        _as_json(work / "dcat.jsonld", dcat.record(catalogue))
        known = metrics.after_run("published", catalogue.snapshot.published_at, catalogue.snapshot, {})
        (work / "metrics.prom").write_text(
            metrics.as_text([*known, metrics.of_sources(catalogue.sources)]), encoding="utf-8"
        )
    return target / "index.html"


def _pages(catalogue: Catalogue, work: Path) -> None:
    script = style(PACKAGE, "search.js")
    docs = catalogue.snapshot.folder / "data_docs" / "index.html"

    def page(name: str, template: str, root: str = "", **given: Any) -> None:
        text = (
            templates(PACKAGE)
            .get_template(template)
            .render(
                root=root,
                style=style(PACKAGE, "catalogue.css"),
                catalogue=catalogue,
                snapshot=catalogue.snapshot,
                **given,
            )
        )
        (work / name).write_text("\n".join(line for line in text.splitlines() if line.strip()) + "\n", encoding="utf-8")

    page("index.html", "index.html.j2", docs=docs.resolve().as_uri(), says=SAYS, most=MOST)
    page("dictionary.html", "dictionary.html.j2", script=script, columns=_columns(catalogue))
    page("differences.html", "differences.html.j2", found=catalogue.differences, most=MOST)
    (work / "marts").mkdir()
    for name in catalogue.marts:
        origins = catalogue.origins[name]
        page(
            f"marts/{name}.html",
            "mart.html.j2",
            root="../",
            mart=catalogue.registry.marts[name],
            entry=catalogue.snapshot.manifest["marts"][name],
            grain=sentence(catalogue.registry.marts[name].grain),
            promise=sentence(catalogue.promises.get(name, "")),
            picture=picture(name, origins, catalogue.feeds),
            groups=[(group.columns, _in_words(group.origins)) for group in groups(origins)],
            programs=programs(catalogue.snapshot.path(name)),
            docs=(docs.parent / "marts" / f"{name}.html").resolve().as_uri(),
        )


def _columns(catalogue: Catalogue) -> list[Mapping[str, Any]]:
    """Every column of the marts once, with the marts that have it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in catalogue.marts:
        for column in catalogue.registry.marts[name].columns:
            entry = found.setdefault((column.name, column.description), {"column": column, "marts": []})
            entry["marts"].append(name)
    return [found[key] for key in sorted(found)]


def _in_words(origins: frozenset[Origin]) -> list[str]:
    """What values are made of: of each table its columns, or the table as a whole."""
    by_table: dict[str, list[str]] = {}
    for origin in sorted(origins):
        by_table.setdefault(origin.table, []).append(origin.column)
    return [
        f"{table}: {', '.join(filter(None, columns))}" if any(columns) else f"{table} as a whole"
        for table, columns in by_table.items()
    ]


def _as_json(file: Path, content: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
