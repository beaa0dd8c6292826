"""The yearly form of goal attainment: a plan's targets and activities in one year, filled in as far as the figures go.

Sheets: 'Forside', 'Mål', 'Aktiviteter', 'Forklaring'; each but the first is one table. The secretariat's own words go
into the yellow columns.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from flows.core import files
from flows.present import danish, vocabulary
from flows.present.excel import Cell, Column, Formats, lines_of, table
from flows.publish.plans_read import Activity, Plan, Row, Target, in_order, read
from flows.publish.snapshots import Snapshot
from flows.target_pages import telling
from schemas.models import Indicator
from schemas.registry import Registry

TITLE = "Årligt skema for målopfyldelse"
FRONT, GOALS, ACTIVITIES, MEANINGS = "Forside", "Mål", "Aktiviteter", "Forklaring"
NOT_COUNTED = "ikke oplyst"


@dataclass(frozen=True)
class Line:
    """One version of a target, and what the year says of it: `row` of dim_targets, `of_year` of target_progress."""

    row: Row
    of_year: Row | None
    indicator: Indicator | None
    theme: str

    def figure(self, column: str) -> float | None:
        """A figure of the year; None where there is none."""
        return self.of_year[column] if self.of_year else None

    def change(self, column: str) -> float | None:
        """A change of the figure; one that rounds to nothing is nothing, or it would be shown as −0,0."""
        found = self.figure(column)
        return 0.0 if found is not None and self.indicator and not round(found, self.indicator.decimals) else found


def write(file: Path, snapshot: Snapshot, registry: Registry, plan_id: str, year: int) -> None:
    """Write the form of a plan for a year as a workbook in Danish; the same snapshot gives the same bytes.

    Raises ValueError for a plan that the snapshot does not have, and for a year that none of its targets speaks of;
    LookupError where the snapshot lacks a mart.
    """
    plans = {plan.id: plan for plan in read(snapshot).plans}
    if plan_id not in plans:
        raise ValueError(f"{plan_id}: no plan of the snapshot; there are {', '.join(plans) or 'none'}")
    plan = plans[plan_id]
    _check_year(plan, year)
    lines, done = list(_lines(plan, year, registry)), _activities(plan, year, registry)
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    created = datetime.fromisoformat(snapshot.manifest["as_of"]).replace(tzinfo=None)
    book.set_properties({"title": f"{TITLE} {year}: {plan.row['plan_name']}", "created": created})
    sheets = {name: book.add_worksheet(name) for name in (FRONT, GOALS, ACTIVITIES, MEANINGS)}
    formats = Formats(book)
    _front(sheets[FRONT], formats, plan, year, lines, snapshot)
    told = _goal_columns(plan, year)
    table(sheets[GOALS], formats, "maal", [*told, *LOOKED_UP], lines, _decimals, frozen=3)
    # On paper the columns that are only looked up would make all others too small to read.
    sheets[GOALS].print_area(0, 0, len(lines), len(told) - 1)
    nothing = f"Ingen i {year} eller {year - 1}."
    table(
        sheets[ACTIVITIES], formats, "aktiviteter", _activity_columns(year, registry), done, frozen=2, nothing=nothing
    )
    table(sheets[MEANINGS], formats, "forklaring", MEANING_COLUMNS, list(_meanings(lines, done, registry)))
    for sheet in sheets.values():
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        named = plan.row["plan_name"].replace("&", "&&")
        sheet.set_header(f"&L&8 {named}, {year}&R&8 {' · '.join(_marks(plan, snapshot))}")
        sheet.set_footer("&L&8 &A&R&8 Side &P af &N")
    book.close()
    files.write(file, content.getvalue())


def _check_year(plan: Plan, year: int) -> None:
    versions = [version.row for target in plan.walk() for version in (*target.earlier, target)]
    # What a target that is given up leaves open is no year.
    spans = [(row["start_year"], row["target_year"]) for row in versions if row["start_year"] and row["target_year"]]
    if not spans:
        raise ValueError(f"{plan.id}: none of its targets is measured, so no year has anything to fill in")
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    if not first <= year <= last:
        raise ValueError(f"{plan.id}: {year} lies outside its targets, which run from {first} to {last}")


def _marks(plan: Plan, snapshot: Snapshot) -> list[str]:
    return [text.partition(":")[0] for text in _banners(plan, snapshot)]


def _banners(plan: Plan, snapshot: Snapshot) -> list[str]:
    """What must stand above everything else."""
    is_made_up = snapshot.manifest["origin"] == "synthetic"
    return [
        vocabulary.INTERNAL,
        *([vocabulary.SYNTHETIC] if is_made_up else []),
        *([vocabulary.EXAMPLE] if plan.is_example else []),
    ]


# Targets --------------------------------------------------------------------------------------------------------------


def _lines(plan: Plan, year: int, registry: Registry) -> Iterator[Line]:
    """Targets on shared indicators first, then by effort area and number; versions before below the one in force."""
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    names = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}

    def place(target: Target) -> tuple[Any, ...]:
        row = target.row
        return not telling.is_shown_first(target), themes.index(row["effort_area_id"]), in_order(row["target_no"])

    for target in sorted(plan.walk(), key=place):
        for version in (target, *reversed(target.earlier)):
            row = version.row
            of_year = next((found for found in version.years if found["year"] == year), None)
            if version is target or of_year:
                indicator = registry.indicators[row["indicator"]] if row["indicator"] else None
                yield Line(row, of_year, indicator, names[row["effort_area_id"]])


def _goal_columns(plan: Plan, year: int) -> list[Column]:
    """What is read and filled in; what is there to be looked up and calculated with stands in LOOKED_UP."""
    place = plan.row["municipality_name"]
    return [
        Column("Indsatsområde", 17, lambda line: line.theme),
        Column("Nr.", 8, _number),
        Column("Mål", 21, lambda line: line.row["goal"]),
        Column("Måles ved", 19, _measure),
        Column("Fælles", 7, lambda line: "ja" if line.row["is_shared"] else None),
        Column("Tallet er for", 12, lambda line: line.indicator and line.indicator.population_da),
        Column("Boligområde", 11, lambda line: line.row["area_name"]),
        Column("Startår", 7, lambda line: line.row["start_year"], "year"),
        Column("Startværdi", 9, lambda line: line.row["start_value"], "value"),
        Column("Målår", 6, lambda line: line.row["target_year"], "year"),
        Column("Målværdi", 9, lambda line: line.row["target_value"], "value"),
        Column(f"Tal {year}", 8, lambda line: line.figure("value"), "value"),
        Column("Usikkerhed", 12, _interval, "beside"),
        Column(f"På vejen {year}", 8, lambda line: line.figure("expected_value"), "value"),
        Column("Ændring siden start", 8, lambda line: line.change("change_start"), "change"),
        Column("Ændringens usikkerhed", 13, _change_interval, "beside"),
        Column("Vurdering", 11, _verdict),
        Column("Slags vurdering", 12, _kind),
        Column("Hvorfor", 20, _why),
        Column(f"Ændring i kommunen ({place})", 11, lambda line: line.change("municipality_change"), "change"),
        Column("Ændring i hele landet", 9, lambda line: line.change("country_change"), "change"),
        Column("Sekretariatets bemærkning", 21, lambda line: None, "answer"),
        Column("Hvad gør vi nu", 21, lambda line: None, "answer"),
    ]


LOOKED_UP = [
    Column("Udgave", 22, lambda line: _version(line.row)),
    Column("Planens målgruppe", 22, lambda line: line.row["target_population"]),
    Column("Usikkerhed, lavest", 11, lambda line: line.figure("ci_low"), "value"),
    Column("Usikkerhed, højest", 11, lambda line: line.figure("ci_high"), "value"),
    Column("Ændring, lavest", 11, lambda line: line.change("change_start_low"), "change"),
    Column("Ændring, højest", 11, lambda line: line.change("change_start_high"), "change"),
]


def _decimals(line: Line) -> int:
    return line.indicator.decimals if line.indicator else 0


def _number(line: Line) -> str:
    """The target's number, and whether it still counts."""
    row = line.row
    ended = ", opgivet" if row["is_withdrawn"] else ", afløst" if row["replaced_on"] else ""
    return f"{row['target_no']}{ended}"


def _measure(line: Line) -> str | None:
    if line.indicator is None:
        return None
    label, unit = line.indicator.label_da, line.indicator.unit_short_da
    return label if unit in label else f"{label} ({unit})"


def _version(row: Row) -> str:
    if row["is_withdrawn"]:
        return f"opgivet den {danish.day(row['set_on'])}"
    until = f", afløst den {danish.day(row['replaced_on'])}" if row["replaced_on"] else ", gælder"
    return f"sat den {danish.day(row['set_on'])}{until}"


def _interval(line: Line) -> str | None:
    if line.indicator is None or line.figure("value") is None:
        return None
    known = danish.interval(line.figure("ci_low"), line.figure("ci_high"), line.indicator)
    return "ukendt" if known == danish.ABSENT else f"{known} {line.indicator.unit_short_da}"


def _change_interval(line: Line) -> str | None:
    if line.indicator is None or line.figure("change_start") is None:
        return None
    known = danish.span(line.figure("change_start_low"), line.figure("change_start_high"), line.indicator)
    return "ukendt" if known == danish.ABSENT else known


def _verdict(line: Line) -> str:
    if line.row["is_withdrawn"]:
        return vocabulary.WITHDRAWN
    if line.indicator is None:
        return vocabulary.UNMEASURED
    if line.of_year is None:
        return danish.ABSENT
    verdict = line.of_year["target_verdict"]
    if line.of_year["value"] is None:
        return vocabulary.NO_FIGURE
    return f"{vocabulary.SIGNS[verdict]} {vocabulary.VERDICTS[verdict]}" if verdict else danish.ABSENT


def _kind(line: Line) -> str | None:
    if line.of_year is None or line.of_year["value"] is None or line.of_year["target_verdict"] is None:
        return None
    return vocabulary.KINDS[line.of_year["verdict_kind"]] if line.of_year["verdict_kind"] else None


def _why(line: Line) -> str | None:
    """Why the verdict is what it is, and what else a reader must know of the year's figure."""
    row, year = line.row, line.of_year
    if row["is_withdrawn"]:
        return None
    if line.indicator is None:
        reason = vocabulary.NOT_MEASURABLE.get(row["not_measurable_because"], "")
        return danish.sentence(reason) if reason else None
    if year is None:
        return f"Målet løber fra {row['start_year']} til {row['target_year']}."
    said = []
    if year["value"] is None:
        said.append(vocabulary.MISSING.get(year["missing_reason"], vocabulary.MISSING["not_delivered"]))
    else:
        said += vocabulary.reasons(year["why"])
        if not said and year["target_verdict"]:
            said.append(vocabulary.MEANINGS[year["target_verdict"]].rstrip("."))
        if year["status"] in ("provisional", "estimated"):
            said.append(f"tallet er {vocabulary.STATUSES[year['status']]}")
        if (year["window_years"] or 1) > 1:
            said.append(f"tallet er et gennemsnit over {year['window_years']} år")
    return danish.sentence("; ".join(said)) if said else None


# Activities -----------------------------------------------------------------------------------------------------------


def _activities(plan: Plan, year: int, registry: Registry) -> list[Activity]:
    """The activities that run in the year, or have a row for it or for the year before, by effort area."""
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    found = [
        activity
        for activity in plan.activities
        if {year, year - 1} & dict(activity.participants).keys()
        or (activity.begins.year <= year and (activity.ends is None or activity.ends.year >= year))
    ]
    return sorted(found, key=lambda activity: themes.index(activity.effort_area))


def _activity_columns(year: int, registry: Registry) -> list[Column]:
    names = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}

    def moves(activity: Activity) -> str:
        return "; ".join(registry.indicators[name].label_da for name in activity.indicators) or "intet tal"

    return [
        Column("Indsatsområde", 24, lambda activity: names[activity.effort_area]),
        Column("Aktivitet", 28, lambda activity: activity.name),
        Column("Boligområde", 18, lambda activity: activity.area),
        Column("Begynder", 11, lambda activity: activity.begins, "date"),
        Column("Slutter", 11, lambda activity: activity.ends, "date"),
        Column(f"Deltagere {year}", 11, lambda activity: _participants(activity, year), "count"),
        Column(f"Deltagere {year - 1}", 11, lambda activity: _participants(activity, year - 1), "count"),
        Column("Skal flytte", 36, moves, "beside"),
        Column("Gennem skridtet", 32, lambda activity: "; ".join(activity.steps) or None),
        Column("Sekretariatets bemærkning", 36, lambda activity: None, "answer"),
    ]


def _participants(activity: Activity, year: int) -> Cell:
    """Participants of a year; words where there is a row and nobody was counted, nothing where there is no row."""
    counts = dict(activity.participants)
    return None if year not in counts else NOT_COUNTED if counts[year] is None else counts[year]


# Words ----------------------------------------------------------------------------------------------------------------

MEANING_COLUMNS = [
    Column("Hvor", 18, lambda meaning: meaning[0]),
    Column("Ord eller tegn", 34, lambda meaning: meaning[1]),
    Column("Betyder", 110, lambda meaning: meaning[2]),
]
COLUMN_MEANINGS = {
    "Fælles": "ja: områdesekretariatet har aftalt med planerne at følge tallet. Disse mål står først.",
    "Tallet er for": "Dem, tallet tæller blandt. Planens målgruppe kan være mindre; tallet er for alle.",
    "Startværdi": "Det tal, planen har skrevet for startåret.",
    "Nr.": "afløst: et nyere mål med samme nummer gælder. opgivet: planen har opgivet målet. Datoer står i 'Udgave'.",
    "Usikkerhed": "95 %-interval: så langt kan tallet svinge ved et tilfælde. Yderst til højre står den som to tal. "
    "ukendt: antallene bag er ikke leveret, eller det, der tælles, har ingen beregnet usikkerhed.",
    "På vejen": "Hvor tallet skulle være i året, hvis det gik i en lige linje fra startårets tal til målet.",
    "Ændring siden start": "Tallet minus startårets tal; andele ændrer sig i procentpoint. Tom, når de to tal ikke kan "
    "sammenlignes; hvorfor står i 'Hvorfor'.",
    "Ændring i kommunen og i hele landet": "Hvad det samme tal gjorde i de samme år. Hvad alle oplever, siger intet om "
    "planen.",
}
PARTICIPANT_MEANINGS = {
    NOT_COUNTED: "Der er en række for året, men intet antal deltagere.",
    "tomt felt": "Planen har ikke sendt en række for aktiviteten det år.",
    "intet tal": "Planen har ikke skrevet, at aktiviteten skal flytte et tal.",
}


def _meanings(
    lines: Sequence[Line], activities: Sequence[Activity], registry: Registry
) -> Iterator[tuple[str, str, str]]:
    """Every word and sign of the form, then the definitions of its indicators."""
    for verdict, word in vocabulary.VERDICTS.items():
        yield "Vurdering", f"{vocabulary.SIGNS[verdict]} {word}", vocabulary.MEANINGS[verdict]
    yield (
        "Vurdering",
        vocabulary.UNMEASURED,
        "Intet tal viser, om målet nås. Det regnes hverken som nået eller ikke nået.",
    )
    yield "Vurdering", vocabulary.NO_FIGURE, "Målet måles, men årets tal findes ikke; hvorfor står i 'Hvorfor'."
    yield "Vurdering", vocabulary.WITHDRAWN, "Planen har opgivet målet."
    yield "Vurdering", danish.ABSENT, "Året er målets startår eller ligger uden for målets år."
    for kind, meaning in vocabulary.KIND_MEANINGS.items():
        yield "Slags vurdering", vocabulary.KINDS[kind], meaning
    yield from (("Kolonne", head, meaning) for head, meaning in COLUMN_MEANINGS.items())
    yield from ((ACTIVITIES, word, meaning) for word, meaning in PARTICIPANT_MEANINGS.items())
    named = {line.indicator.id for line in lines if line.indicator}
    named |= {name for activity in activities for name in activity.indicators}
    for indicator in registry.indicators.values():
        if indicator.id in named:
            yield "Tal", indicator.label_da, indicator.definition_da


# Sheets ---------------------------------------------------------------------------------------------------------------


def _front(sheet: Any, formats: Formats, plan: Plan, year: int, lines: Sequence[Line], snapshot: Snapshot) -> None:
    key, text = formats.of(bold=True, valign="top"), formats.of(text_wrap=True, valign="top", align="left")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 105)
    sheet.write_string(0, 0, f"{TITLE} {year}", formats.of(bold=True, font_size=16))
    row = 1
    for banner in _banners(plan, snapshot):
        mark, _, meaning = banner.partition(":")
        loud = formats.of(bold=True, bg_color="#7F0000", font_color="#FFFFFF", valign="top")
        sheet.write_string(row, 0, mark, loud)
        sheet.write_string(
            row, 1, danish.sentence(meaning.strip()), formats.of(text_wrap=True, valign="top", bold=True)
        )
        row += 1
    for name, said in _facts(plan, year, lines, snapshot):
        row += 1
        sheet.write_string(row, 0, name, key)
        if isinstance(said, int):
            sheet.write_number(row, 1, said, text)
        else:
            sheet.write_string(row, 1, said, text)
            sheet.set_row(row, 15 * lines_of(said, 105))
    row += 2
    sheet.write_string(row, 0, "Sådan læses og udfyldes skemaet", formats.of(bold=True, font_size=12))
    for below, said in enumerate(HOW, row + 1):
        sheet.write_string(below, 0, said)


HOW = (
    "De gule felter er jeres: skriv sekretariatets bemærkning, og hvad I gør nu. Resten er skrevet fra tallene.",
    "Mål på de tal, som planerne følger sammen, står først; derefter følger målene efter indsatsområde.",
    "Vurderingen bygger alene på tallene og deres usikkerhed. Hvad der har flyttet dem, kan den ikke sige.",
    "'Kan ikke afgøres' er et svar: tallene kan ikke skille bevægelse fra tilfælde. Hvorfor står i 'Hvorfor'.",
    "Er et mål ændret, står det gamle mål lige under det nye. Ingen mål forsvinder.",
    "Skriv ikke navne på personer, og intet, som enkelte familier kan kendes på.",
    f"Hvert ord og tegn står på arket '{MEANINGS}'.",
)


def _facts(plan: Plan, year: int, lines: Sequence[Line], snapshot: Snapshot) -> Iterator[tuple[str, str | int]]:
    yield "Helhedsplan", plan.row["plan_name"]
    yield "Kommune", plan.row["municipality_name"]
    yield "Boligområder", danish.listed(plan.areas)
    yield "Områdesekretariat", plan.secretariat["secretariat_name"] if plan.secretariat else "intet"
    yield "År", year
    moment = date.fromisoformat(snapshot.manifest["as_of"][:10])
    yield "Tallenes udgave", f"{snapshot.id}, som tallene var den {danish.day(moment)}"
    current = [line for line in lines if line.row["is_current"]]
    measured = [line for line in current if line.indicator]
    yield "Mål, der gælder", len(current)
    yield "Mål, der kan måles", len(measured)
    told = [_verdict(line) for line in measured]
    for verdict, word in vocabulary.VERDICTS.items():
        yield f"{vocabulary.SIGNS[verdict]} {word} i {year}", told.count(f"{vocabulary.SIGNS[verdict]} {word}")
    yield f"Uden vurdering for {year}", sum(said in (vocabulary.NO_FIGURE, danish.ABSENT) for said in told)
    if bare := [row["effort_area"] for row in plan.overview.values() if row["was_granted"] and not row["goals"]]:
        yield "Bevilling, men intet mål", danish.listed(bare)
