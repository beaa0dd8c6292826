"""The yearly form of goal attainment: a plan's targets and activities in one year, filled in as far as the figures go.

Sheets: 'Forside', 'Mødeark', 'Mål', 'Aktiviteter', 'Forklaring'; the last three are one table each. The secretariat's
own words go into the yellow cells.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flows.core import files
from flows.present import goals, notation, vocabulary
from flows.present.excel import Cell, ExcelColumn, ExcelTable, Formats, add_table, lines_of
from flows.present.quick_book import QuickBook
from flows.present.workbook import set_page
from flows.publish.plans_read import Activity, Plan, Row, Target, in_order, read
from flows.publish.snapshots import Snapshot
from flows.target_pages import meeting, meeting_excel, sentences
from flows.target_pages.standing import of_year
from schemas.indicators import Indicator
from schemas.registry import Registry

TITLE = "Årligt skema for målopfyldelse"
FRONT, MEETING, GOALS, ACTIVITIES, MEANINGS = "Forside", "Mødeark", "Mål", "Aktiviteter", "Forklaring"
NOT_COUNTED = "ikke oplyst"


@dataclass(frozen=True)
class FormLine:
    """One version of a target, and what the year says of it: `row` of dim_targets, `of_year` of target_progress."""

    row: Row
    of_year: Row | None
    indicator: Indicator | None
    theme: str
    town: str

    def figure(self, column: str) -> float | None:
        """A figure of the year; None where there is none."""
        return self.of_year[column] if self.of_year else None

    def change(self, column: str) -> float | None:
        """A change of the figure; one that rounds to nothing is nothing, or it would be shown as −0,0."""
        change = self.figure(column)
        return 0.0 if change is not None and self.indicator and not round(change, self.indicator.decimals) else change


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
    lines, activities = list(_lines(plan, year, registry)), _activities(plan, year, registry)
    content = io.BytesIO()
    book = QuickBook(content)
    created = datetime.fromisoformat(snapshot.manifest["as_of"]).replace(tzinfo=None)
    book.set_properties({"title": f"{TITLE} {year}: {plan.row['plan_name']}", "created": created})
    sheets = {name: book.add_worksheet(name) for name in (FRONT, MEETING, GOALS, ACTIVITIES, MEANINGS)}
    formats = Formats(book)
    _front(sheets[FRONT], formats, plan, year, lines, snapshot)
    printed = _goal_columns(year)
    looked_up = _looked_up(plan, year)
    add_table(sheets[GOALS], formats, ExcelTable("maal", [*printed, *looked_up], _decimals, frozen=2), lines)
    # On paper the columns that are only looked up would make all others too small to read.
    sheets[GOALS].print_area(0, 0, len(lines), len(printed) - 1)
    nothing = f"Ingen i {year} eller {year - 1}."
    running = ExcelTable("aktiviteter", _activity_columns(year, registry), frozen=2, nothing=nothing)
    add_table(sheets[ACTIVITIES], formats, running, activities)
    meanings = list(_meanings(lines, activities, registry))
    add_table(sheets[MEANINGS], formats, ExcelTable("forklaring", MEANING_COLUMNS), meanings)
    banners = sentences.banners(snapshot.manifest["origin"], plan.is_example)
    marks = " · ".join(mark for mark, _ in banners)
    for name, sheet in sheets.items():
        set_page(sheet, f"{plan.row['plan_name']}, {year}", marks)
        sheet.fit_to_pages(1, 0)
        if name not in (FRONT, MEETING):
            sheet.repeat_rows(0)
    meeting_excel.add(sheets[MEETING], formats, meeting.compose(plan, registry, until=year), banners)
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


# Targets --------------------------------------------------------------------------------------------------------------


def _lines(plan: Plan, year: int, registry: Registry) -> Iterator[FormLine]:
    """Targets on shared indicators first, then by effort area and number; versions before below the one in force."""
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    names = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}

    def place(target: Target) -> tuple[Any, ...]:
        row = target.row
        return not sentences.is_shown_first(target), themes.index(row["effort_area_id"]), in_order(row["target_no"])

    town = f"{plan.row['municipality_name']} Kommune"
    for target in sorted(plan.walk(), key=place):
        for version in (target, *reversed(target.earlier)):
            row = version.row
            of_year = next((row for row in version.years if row["year"] == year), None)
            if version is target or of_year:
                indicator = registry.indicators[row["indicator"]] if row["indicator"] else None
                yield FormLine(row, of_year, indicator, names[row["effort_area_id"]], town)


def _goal_columns(year: int) -> list[ExcelColumn]:
    """What is read, printed and filled in: as many columns as a page of A4 shows at 8 points."""
    return [
        ExcelColumn("Nr.", 7, _number),
        ExcelColumn("Mål", 22, lambda line: line.row["goal"]),
        ExcelColumn("Måles ved", 17, _measure),
        ExcelColumn("Boligområde", 12, lambda line: line.row["area_name"]),
        ExcelColumn("Startår", 7, lambda line: line.row["start_year"], "year"),
        ExcelColumn("Startværdi", 9, lambda line: line.row["start_value"], "value"),
        ExcelColumn("Målår", 6, lambda line: line.row["target_year"], "year"),
        ExcelColumn("Målværdi", 9, lambda line: line.row["target_value"], "value"),
        ExcelColumn(f"Tal {year}", 8, lambda line: line.figure("value"), "value"),
        ExcelColumn("Usikkerhed", 12, _interval, "beside"),
        ExcelColumn("Vurdering", 11, _verdict),
        ExcelColumn("Hvorfor", 26, _why),
        ExcelColumn("Sekretariatets bemærkning", 18, lambda _: None, "answer"),
        ExcelColumn("Hvad gør I nu", 18, lambda _: None, "answer"),
    ]


def _looked_up(plan: Plan, year: int) -> list[ExcelColumn]:
    """What is there to be looked up and calculated with, to the right of what is printed."""
    place = plan.row["municipality_name"]
    return [
        ExcelColumn("Indsatsområde", 17, lambda line: line.theme),
        ExcelColumn("Fælles", 7, lambda line: "ja" if line.row["is_shared"] else None),
        ExcelColumn("Tallet er for", 12, lambda line: line.indicator and line.indicator.population_da),
        ExcelColumn(f"På vejen {year}", 8, lambda line: line.figure("expected_value"), "value"),
        ExcelColumn("Ændring siden start", 8, lambda line: line.change("change_start"), "change"),
        ExcelColumn("Ændringens usikkerhed", 13, _change_interval, "beside"),
        ExcelColumn("Slags vurdering", 12, _kind),
        ExcelColumn(f"Ændring i kommunen ({place})", 11, lambda line: line.change("municipality_change"), "change"),
        ExcelColumn("Ændring i hele landet", 9, lambda line: line.change("country_change"), "change"),
        ExcelColumn("Udgave", 22, lambda line: _version(line.row)),
        ExcelColumn("Planens målgruppe", 22, lambda line: line.row["target_population"]),
        ExcelColumn("Usikkerhed, lavest", 11, lambda line: line.figure("ci_low"), "value"),
        ExcelColumn("Usikkerhed, højest", 11, lambda line: line.figure("ci_high"), "value"),
        ExcelColumn("Ændring, lavest", 11, lambda line: line.change("change_start_low"), "change"),
        ExcelColumn("Ændring, højest", 11, lambda line: line.change("change_start_high"), "change"),
    ]


def _decimals(line: FormLine) -> int:
    return line.indicator.decimals if line.indicator else 0


def _number(line: FormLine) -> str:
    """The target's number, and whether it still counts."""
    row = line.row
    ended = ", opgivet" if row["is_withdrawn"] else ", afløst" if row["replaced_on"] else ""
    return f"{row['target_no']}{ended}"


def _measure(line: FormLine) -> str | None:
    if line.indicator is None:
        return None
    label, unit = line.indicator.label_da, line.indicator.unit_short_da
    return label if unit in label else f"{label} ({unit})"


def _version(row: Row) -> str:
    if row["is_withdrawn"]:
        return f"opgivet den {notation.day(row['set_on'])}"
    until = f", afløst den {notation.day(row['replaced_on'])}" if row["replaced_on"] else ", gælder"
    return f"sat den {notation.day(row['set_on'])}{until}"


def _interval(line: FormLine) -> str | None:
    if line.indicator is None or line.figure("value") is None:
        return None
    known = notation.interval(line.figure("ci_low"), line.figure("ci_high"), line.indicator)
    return "ukendt" if known == notation.ABSENT else f"{known} {line.indicator.unit_short_da}"


def _change_interval(line: FormLine) -> str | None:
    if line.indicator is None or line.figure("change_start") is None:
        return None
    known = notation.span(line.figure("change_start_low"), line.figure("change_start_high"), line.indicator)
    return "ukendt" if known == notation.ABSENT else known


def _verdict(line: FormLine) -> str:
    if line.row["is_withdrawn"]:
        return vocabulary.WITHDRAWN
    if line.indicator is None:
        return vocabulary.UNMEASURED
    if line.of_year is None:
        return notation.ABSENT
    verdict = line.of_year["target_verdict"]
    if line.of_year["value"] is None:
        return vocabulary.NO_FIGURE
    return f"{vocabulary.SIGNS[verdict]} {vocabulary.VERDICTS[verdict]}" if verdict else notation.ABSENT


def _kind(line: FormLine) -> str | None:
    if line.of_year is None or line.of_year["value"] is None or line.of_year["target_verdict"] is None:
        return None
    return vocabulary.KINDS[line.of_year["verdict_kind"]] if line.of_year["verdict_kind"] else None


def _why(line: FormLine) -> str | None:
    """Why the verdict is what it is, and what else a reader must know of the year's figure."""
    row, year = line.row, line.of_year
    if row["is_withdrawn"]:
        return None
    if line.indicator is None:
        reason = vocabulary.NOT_MEASURABLE.get(row["not_measurable_because"], "")
        return notation.sentence(reason) if reason else None
    if year is None:
        return f"Målet løber fra {row['start_year']} til {row['target_year']}."
    why = []
    if year["value"] is None:
        missing = vocabulary.MISSING.get(year["missing_reason"], vocabulary.MISSING["not_delivered"])
        whose = f"; {line.town} kan levere det" if year["missing_reason"] in (None, "not_delivered") else ""
        why.append(f"{missing}{whose}")
    else:
        reasons = [reason for reason in (year["why"] or "").split("; ") if reason and reason != "starting_year"]
        why += [goals.what_is_missing(reason, of_year(row, year, line.indicator, line.town)) for reason in reasons]
        if year["why"] == "starting_year":
            why.append(vocabulary.WHY["starting_year"])
        if not why and year["target_verdict"]:
            why.append(vocabulary.MEANINGS[year["target_verdict"]])
        if year["status"] in ("provisional", "estimated"):
            why.append(f"tallet er {vocabulary.STATUSES[year['status']]}")
        if (year["window_years"] or 1) > 1:
            why.append(f"tallet er et gennemsnit over {year['window_years']} år")
    return " ".join(map(notation.sentence, why)) or None


# Activities -----------------------------------------------------------------------------------------------------------


def _activities(plan: Plan, year: int, registry: Registry) -> list[Activity]:
    """The activities that run in the year, or have a row for it or for the year before, by effort area."""
    themes = [row["effort_area_id"] for row in registry.codes["effort_areas"]]
    running = [
        activity
        for activity in plan.activities
        if {year, year - 1} & dict(activity.participants).keys()
        or (activity.begins.year <= year and (activity.ends is None or activity.ends.year >= year))
    ]
    return sorted(running, key=lambda activity: themes.index(activity.effort_area))


def _activity_columns(year: int, registry: Registry) -> list[ExcelColumn]:
    names = {row["effort_area_id"]: row["name_da"] for row in registry.codes["effort_areas"]}

    def moves(activity: Activity) -> str:
        return "; ".join(registry.indicators[name].label_da for name in activity.indicators) or "intet tal"

    return [
        ExcelColumn("Indsatsområde", 24, lambda activity: names[activity.effort_area]),
        ExcelColumn("Aktivitet", 28, lambda activity: activity.name),
        ExcelColumn("Boligområde", 18, lambda activity: activity.area),
        ExcelColumn("Begynder", 11, lambda activity: activity.begins, "date"),
        ExcelColumn("Slutter", 11, lambda activity: activity.ends, "date"),
        ExcelColumn(f"Deltagere {year}", 11, lambda activity: _participants(activity, year), "count"),
        ExcelColumn(f"Deltagere {year - 1}", 11, lambda activity: _participants(activity, year - 1), "count"),
        ExcelColumn("Skal flytte", 36, moves, "beside"),
        ExcelColumn("Gennem skridtet", 32, lambda activity: "; ".join(activity.steps) or None),
        ExcelColumn("Sekretariatets bemærkning", 36, lambda _: None, "answer"),
    ]


def _participants(activity: Activity, year: int) -> Cell:
    """Participants of a year; words where there is a row and nobody was counted, nothing where there is no row."""
    counts = dict(activity.participants)
    return None if year not in counts else NOT_COUNTED if counts[year] is None else counts[year]


# Words ----------------------------------------------------------------------------------------------------------------

MEANING_COLUMNS = [
    ExcelColumn("Hvor", 18, lambda meaning: meaning[0]),
    ExcelColumn("Ord eller tegn", 34, lambda meaning: meaning[1]),
    ExcelColumn("Betyder", 110, lambda meaning: meaning[2]),
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
    lines: Sequence[FormLine], activities: Sequence[Activity], registry: Registry
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
    yield "Vurdering", notation.ABSENT, "Året er målets startår eller ligger uden for målets år."
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


def _front(sheet: Any, formats: Formats, plan: Plan, year: int, lines: Sequence[FormLine], snapshot: Snapshot) -> None:
    key, text = formats.of(bold=True, valign="top"), formats.of(text_wrap=True, valign="top", align="left")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 105)
    sheet.write_string(0, 0, f"{TITLE} {year}", formats.of(bold=True, font_size=16))
    row = 1
    for mark, meaning in sentences.banners(snapshot.manifest["origin"], plan.is_example):
        loud = formats.of(bold=True, bg_color="#7F0000", font_color="#FFFFFF", valign="top")
        sheet.write_string(row, 0, mark, loud)
        sheet.write_string(row, 1, notation.sentence(meaning), formats.of(text_wrap=True, valign="top", bold=True))
        row += 1
    for name, fact in _facts(plan, year, lines, snapshot):
        row += 1
        sheet.write_string(row, 0, name, key)
        if isinstance(fact, int):
            sheet.write_number(row, 1, fact, text)
        else:
            sheet.write_string(row, 1, fact, text)
            sheet.set_row(row, 15 * lines_of(fact, 105))
    row += 2
    sheet.write_string(row, 0, "Sådan læses og udfyldes skemaet", formats.of(bold=True, font_size=12))
    for below, advice in enumerate(HOW, row + 1):
        sheet.write_string(below, 0, advice)


HOW = (
    "De gule felter er jeres: skriv sekretariatets bemærkning, og hvad I gør nu. Resten er skrevet fra tallene.",
    f"Arket '{MEETING}' er til mødet: det fylder én side og har plads til, hvad I beslutter.",
    "Mål på de tal, som planerne følger sammen, står først; derefter følger målene efter indsatsområde.",
    "Vurderingen bygger alene på tallene og deres usikkerhed. Hvad der har flyttet dem, kan den ikke sige.",
    "'Kan ikke afgøres' er et svar: tallene kan ikke skille bevægelse fra tilfælde. Hvorfor står i 'Hvorfor'.",
    "Er et mål ændret, står det gamle mål lige under det nye. Ingen mål forsvinder.",
    "Skriv ikke navne på personer, og intet, som enkelte familier kan kendes på.",
    f"Hvert ord og tegn står på arket '{MEANINGS}'.",
)


def _facts(plan: Plan, year: int, lines: Sequence[FormLine], snapshot: Snapshot) -> Iterator[tuple[str, str | int]]:
    yield "Helhedsplan", plan.row["plan_name"]
    yield "Kommune", plan.row["municipality_name"]
    yield "Boligområder", notation.listed(plan.areas)
    yield "Områdesekretariat", plan.secretariat["secretariat_name"] if plan.secretariat else "intet"
    yield "År", year
    moment = date.fromisoformat(snapshot.manifest["as_of"][:10])
    yield "Tallenes udgave", f"{snapshot.id}, som tallene var den {notation.day(moment)}"
    current = [line for line in lines if line.row["is_current"]]
    measured = [line for line in current if line.indicator]
    yield "Mål, der gælder", len(current)
    yield "Mål, der kan måles", len(measured)
    verdicts = [_verdict(line) for line in measured]
    for verdict, word in vocabulary.VERDICTS.items():
        yield f"{vocabulary.SIGNS[verdict]} {word} i {year}", verdicts.count(f"{vocabulary.SIGNS[verdict]} {word}")
    yield f"Uden vurdering for {year}", sum(verdict in (vocabulary.NO_FIGURE, notation.ABSENT) for verdict in verdicts)
    if bare := [row["effort_area"] for row in plan.overview.values() if row["was_granted"] and not row["goals"]]:
        yield "Bevilling, men intet mål", notation.listed(bare)
