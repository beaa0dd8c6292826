"""The workbook that says how plans and area secretariats are carried out, by the dimensions of the report.

Sheets: 'Følgeseddel', 'Svar' (one entry of one attribute per row), 'Vejledning', 'Koder' with the attributes and their
answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from flows.intake.templates import workbook
from flows.intake.templates.workbook import CODES, GUIDE, NO_PERSONS, NOTE, PLACES, Book, Guidance, Rule
from schemas.registry import Registry
from schemas.sources import Layout

SOURCE = "implementation"
TITLE, ROWS = "Sådan er planer og områdesekretariater organiseret", "Svar"
NOTE_WORDS = {
    "kilde": "Hvor svarene kommer fra, med jeres egne ord. Nævn gerne ansøgningen, kommissoriet eller mødet.",
    "udgivet": "Dagen, I sender filen (åååå-mm-dd). Her står dags dato; skriv over, hvis den er forkert.",
    "oprindelse": "real: virkelige svar. Skriv syntetisk, hvis de er opdigtede, fx til en prøve.",
    "afsender": "Sekretariat eller kontor. Skriv ikke navne på personer.",
}
HOLDS = {
    "unit_kind": "Hvem svaret gælder.",
    "plan_name": "Helhedsplanens navn, som det står i bevillingen. Tom for et områdesekretariat.",
    "municipality_code": PLACES["municipality"],
    "attribute": "Det, der svares på: et forhold fra arket 'Koder'.",
    "answer": "Et af forholdets svar fra arket 'Koder'. Tom, når der svares med et indsatsområde eller et tal.",
    "effort_area_id": "Kun for behov og tidligere indsats: et indsatsområde fra arket 'Koder'.",
    "indicator": "Kun for behov og tidligere indsats, når de handler om et tal: indikatorens navn, fx Andel dømte.",
    "holds_from": "Den dag, svaret gælder fra, fx 01-01-2008. Ændrer det sig, så skriv en ny række.",
    "holds_until": "Den sidste dag, svaret gælder. Tom, så længe det gælder.",
    "fit": "Hvor godt svaret passer.",
    "assessed_by": "Kontoret, der har vurderet det. Aldrig navnet på en person.",
    "assessed_on": "Dagen, det er vurderet, fx 01-11-2010.",
    "document": "Hvor det står, fx ansøgningen eller kommissoriet.",
}
REQUIRED = {
    "plan_name": "ja, for en helhedsplan",
    "answer": "ja, eller et indsatsområde eller en indikator",
}
HEADS = {
    "header": "Kolonne",
    "required": "Skal udfyldes",
    "holds": "Hvad der skal stå",
    "also_read": "Andre navne, der også læses",
}
UNITS = {"plan": "helhedsplan", "secretariat": "områdesekretariat"}
ANSWERED_WITH = {
    "answer": "et svar",
    "answers": "et svar eller flere, hver i sin række",
    "theme": "et indsatsområde eller en indikator; flere hver i sin række",
    "organisation": "leveres med plan_organisation",
}
WIDTHS = {"plan_name": 28, "attribute": 44, "answer": 52, "effort_area_id": 30, "indicator": 30, "document": 30}
GUIDE_WIDTHS = (28, 24, 100, 34)
CODE_WIDTHS = (52, 62, 52, 26)
DAYS = ("holds_from", "holds_until", "assessed_on")


def write(file: Path, registry: Registry, municipality_code: str | None = None) -> None:
    """Write the workbook; with a municipality, a row for each attribute of its area secretariat is begun.

    Raises ValueError where the municipality has neither a known area nor an area secretariat.
    """
    layout = registry.layout_of(SOURCE)
    if municipality_code:
        workbook.areas_of(registry, municipality_code)
    titled = TITLE + (f", kommune {municipality_code}" if municipality_code else "")
    rows = list(_begun(registry, layout, municipality_code)) if municipality_code else []
    with workbook.opened(file, titled, ROWS) as book:
        lists = _write_codes(book, registry)
        workbook.write_note(book, titled, layout.columns, len(rows), NOTE_WORDS, layout.missing)
        names = {column.to: column.headers[0] for column in layout.columns}
        workbook.write_rows(
            book,
            layout.columns,
            dict(_rules(layout, lists)),
            rows,
            styles={names[name]: "date" for name in DAYS} | {names["municipality_code"]: "cell"},
            widths={names[name]: width for name, width in WIDTHS.items()},
            head=32,
            frozen=3,
        )
        _write_guide(book, titled, guidance(registry))


def guidance(registry: Registry) -> list[Guidance]:
    """Guidance for every column of the workbook, in its order."""
    layout = registry.layout_of(SOURCE)
    return [
        Guidance(
            header=column.headers[0],
            also_read=column.headers[1:],
            required=REQUIRED.get(column.to or "", workbook.required(column, layout, registry)),
            holds=HOLDS[column.to or ""] + (f" Et af: {'; '.join(column.values)}." if column.values else ""),
        )
        for column in layout.columns
    ]


def attributes(registry: Registry) -> list[tuple[str, str, str]]:
    """Each attribute that this workbook takes: its name, of what, and what it is answered with."""
    return [
        (row["name_da"], UNITS[row["unit_kind"]], ANSWERED_WITH[row["holds"]])
        for row in registry.codes["implementation_attributes"]
        if row["holds"] != "organisation"
    ]


def answers(registry: Registry) -> list[tuple[str, str]]:
    """Each answer below the attribute that it belongs to, in the order of the attributes."""
    names = {row["attribute"]: row["name_da"] for row in registry.codes["implementation_attributes"]}
    order = list(names)
    known = [(row["answer"].partition(":")[0], row["name_da"]) for row in registry.codes["implementation_answers"]]
    return [(names[attribute], answer) for attribute, answer in sorted(known, key=lambda each: order.index(each[0]))]


def _begun(registry: Registry, layout: Layout, municipality_code: str) -> Iterator[Mapping[str, str]]:
    """A row for each attribute of the municipality's secretariat, where it has one."""
    if all(row["municipality_code"] != municipality_code for row in registry.codes["secretariats"]):
        return
    names = {column.to: column.headers[0] for column in layout.columns}
    for attribute, unit, _ in attributes(registry):
        if unit == UNITS["secretariat"]:
            yield {
                names["unit_kind"]: unit,
                names["municipality_code"]: municipality_code,
                names["attribute"]: attribute,
            }


def _rules(layout: Layout, lists: Mapping[str, str]) -> Iterator[tuple[str, Rule]]:
    """What the cells of each column let in; of an attribute only its own answers are offered."""
    letter = {column.to: xl_col_to_name(place) for place, column in enumerate(layout.columns)}
    asked = f"${letter['attribute']}2"
    known = lists["answered"]
    offered = f"=OFFSET({known},MATCH({asked},{known},0)-1,1,COUNTIF({known},{asked}),1)"
    for column in layout.columns:
        if column.values:
            yield column.headers[0], {"validate": "list", "source": list(column.values)}
        elif column.to == "answer":
            yield column.headers[0], workbook.place_rule(offered)
        elif column.to and column.to in lists:
            yield column.headers[0], workbook.place_rule(f"={lists[column.to]}")


def _write_codes(book: Book, registry: Registry) -> dict[str, str]:
    """The lists, one below the other; the ranges of those that cells are checked against, by column."""
    sheet, found, row = book.sheets[CODES], {}, 0
    for place, width in enumerate(CODE_WIDTHS):
        sheet.set_column(place, place, width)
    lists: Sequence[tuple[str, str, Sequence[str], Sequence[Sequence[str]]]] = (
        ("Forhold", "attribute", ("Forhold", "Gælder", "Besvares med"), attributes(registry)),
        ("Svar på hvert forhold", "answered", ("Forhold", "Svar"), answers(registry)),
        (
            "Indsatsområder",
            "effort_area_id",
            ("Indsatsområde",),
            [(theme["name_da"],) for theme in registry.codes["effort_areas"]],
        ),
    )
    for title, column, heads, rows in lists:
        sheet.write_string(row, 0, title, book.formats["heading"])
        below = workbook.write_table(book, CODES, row + 1, heads, rows, CODE_WIDTHS)
        found[column] = f"'{CODES}'!$A${row + 3}:$A${below}"
        row = below + 1
    return found


def _write_guide(book: Book, title: str, columns: Sequence[Guidance]) -> None:
    sheet, formats = book.sheets[GUIDE], book.formats
    for place, width in enumerate(GUIDE_WIDTHS):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, f"{title}: sådan udfyldes skabelonen", formats["title"])
    lines = list(_instructions())
    for row, words in enumerate(lines, 1):
        sheet.write_string(row, 0, words)
    workbook.write_guidance(book, len(lines) + 2, columns, HEADS, GUIDE_WIDTHS)


def _instructions() -> Iterator[str]:
    yield f"Skriv svarene på arket '{ROWS}': en række pr. svar. Har et forhold flere svar, får hvert sin række."
    yield "Svar kun på det, I ved. Et forhold uden række står som 'ikke leveret'; det gættes aldrig. Slet tomme rækker."
    yield "Ændrer noget sig, så skriv i den gamle række, hvornår det holdt op, og i en ny, hvornår det nye begyndte."
    yield f"Ret arket '{NOTE}' til. Antallet af rækker regner regnearket selv ud."
    yield NO_PERSONS
