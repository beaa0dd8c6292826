"""The pages for steering groups as files: one per development plan, one per area secretariat, and an index of them."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flows.core.files import write as write_file
from flows.present import notation, vocabulary
from flows.present.pages import css, style, templates
from flows.publish.figures_read import series
from flows.publish.plans_read import Plan, PlansAndSecretariats, Secretariat, read
from flows.publish.snapshots import Snapshot
from flows.target_pages import meeting, sentences, theory_of_change
from flows.target_pages import plans as plan_pages
from flows.target_pages import secretariats as secretariat_pages
from flows.target_pages.secretariats import COUNT_HEADS
from schemas.registry import Registry

PACKAGE = "flows.target_pages"
# What the list of plans can be narrowed to.
CHOICES = ("off_the_way", "cannot_be_told", "without_verdict", "on_the_way", "reached")
Progress = Callable[[str, int, int], None]


def write(
    snapshot: Snapshot,
    registry: Registry,
    folder: Path,
    plans: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Write `plan-<plan>.html`, `sekretariat-<secretariat>.html` and an `index.html` of them into `folder`, and beside
    each plan's page its meeting sheet, `moede-<plan>.pdf`.

    `plans` are identifiers of dim_plans, by default all; with some of them, only their secretariats get pages.
    `progress` is told the plan in the making, how many are done, and of how many. Every page stands alone: no other
    file, no network, and no script but the one that narrows and sorts the index. Returns the pages, the index first.
    Raises ValueError for an unknown plan, and
    LookupError where the snapshot lacks a mart.
    """
    there = read(snapshot)
    known = [plan.id for plan in there.plans]
    if unknown := sorted(set(plans or ()) - set(known)):
        raise ValueError(f"{', '.join(unknown)}: no plan of the snapshot; there are {', '.join(known) or 'none'}")
    asked = tuple(plan for plan in there.plans if plans is None or plan.id in plans)
    written = []
    for done, plan in enumerate(asked):
        if progress:
            progress(plan.id, done, len(asked))
        written.append(_write(folder / f"plan-{plan.id}.html", _plan(plan, snapshot, registry)))
        sheet = meeting.pdf(meeting.compose(plan, registry), snapshot, plan.is_example)
        write_file(folder / f"moede-{plan.id}.pdf", sheet)
    linked = {plan.id for plan in asked}
    shown = [s for s in there.secretariats if plans is None or linked & {plan.id for plan in s.plans}]
    for secretariat in shown:
        page = _secretariat(secretariat, linked, snapshot, registry)
        written.append(_write(folder / f"sekretariat-{secretariat.id}.html", page))
    index = _write(folder / "index.html", _index(PlansAndSecretariats(asked, tuple(shown)), snapshot))
    if progress:
        progress("index", len(asked), len(asked))
    return [index, *written]


def _write(file: Path, page: str) -> Path:
    write_file(file, page.encode())
    return file


def _plan(plan: Plan, snapshot: Snapshot, registry: Registry) -> str:
    page = plan_pages.compose(plan, registry)
    return _render("plan.html.j2", snapshot, plan.is_example, page=page, drawn=theory_of_change)


def _secretariat(secretariat: Secretariat, linked: set[str], snapshot: Snapshot, registry: Registry) -> str:
    areas = {area for plan in secretariat.plans for area in plan.row["area_ids"].split(", ")}
    agreed = {row["indicator"] for row in secretariat.shared if row["is_in_force"]}
    names = dict(snapshot.read("dim_areas").select("area_id", "area_name").iter_rows())
    page = secretariat_pages.compose(secretariat, registry, series(snapshot, areas, agreed), names)
    return _render("secretariat.html.j2", snapshot, secretariat.is_example, page=page, linked=linked)


def _index(asked: PlansAndSecretariats, snapshot: Snapshot) -> str:
    goals = sum(plan.total("goals") for plan in asked.plans)
    bare = sum(not plan.total("goals") for plan in asked.plans)
    counted = f"{notation.many(len(asked.plans), 'helhedsplan', 'helhedsplaner')} med {notation.number(goals)} mål."
    if bare and goals:
        counted += f" {notation.many(bare, 'plan', 'planer')} har ingen mål i Boligprofil."
    return _render(
        "index.html.j2",
        snapshot,
        any(plan.is_example for plan in asked.plans) or any(office.is_example for office in asked.secretariats),
        counted=counted,
        secretariats=[
            (
                secretariat.row["secretariat_name"],
                f"sekretariat-{secretariat.id}.html",
                notation.many(len(secretariat.plans), "helhedsplan", "helhedsplaner"),
            )
            for secretariat in asked.secretariats
        ],
        plans=[
            (plan, [plan.total(column) for column in COUNT_HEADS], " ".join(k for k in CHOICES if plan.total(k)))
            for plan in sorted(asked.plans, key=secretariat_pages.in_trouble)
        ],
        choices=[(column, COUNT_HEADS[column].lower()) for column in CHOICES],
        counted_plans=notation.many(len(asked.plans), "helhedsplan.", "helhedsplaner."),
        script=style(PACKAGE, "index.js"),
    )


def _render(template: str, snapshot: Snapshot, is_example: bool, **values: Any) -> str:
    marked = sentences.banners(snapshot.manifest["origin"], is_example)
    marks = " · ".join(mark for mark, _ in marked)
    as_of = snapshot.manifest.get("as_of")
    return (
        templates(PACKAGE)
        .get_template(template)
        .render(
            css=css(PACKAGE, "targets.css", marks, f"Boligprofil, udgave {snapshot.id}"),
            banners=marked,
            marks=marks,
            snapshot=snapshot.id,
            as_of=notation.day(date.fromisoformat(as_of[:10])) if as_of else "",
            never_why=plan_pages.NEVER_WHY,
            count_heads=list(COUNT_HEADS.values()),
            verdicts=[
                (vocabulary.SIGNS[verdict], word, vocabulary.MEANINGS[verdict])
                for verdict, word in vocabulary.VERDICTS.items()
            ],
            kinds=[(vocabulary.KINDS[kind], meaning) for kind, meaning in vocabulary.KIND_MEANINGS.items()],
            **values,
        )
    )
