"""What exactly was found, from the engineer's words (`detail` of a fault or refusal) into those of the sender."""

import re

from flows.intake.quarantine import Item
from flows.present import notation
from schemas.sources import Layout

QUOTED = re.compile(r"'([^']+)'")
WORDS: tuple[tuple[str, str], ...] = (
    (r"first in line (\d+)", "Den står første gang i linje {0}."),
    (r"nearest known name: (.+)", "Det nærmeste navn, vi kender, er {0}."),
    (r"the note says (\d+), the file has (\d+)", "Følgesedlen siger {0} rækker, filen har {1}."),
    (r"(\d+) of (\d+) rows, at most (\d+)% allowed.*", "{0} af {1} rækker har fejl; højst {2} % må have det."),
    (r"(\d+) of (\d+) municipalities", "{0} af {1} kommuner er med."),
    (r"(\d+) rows, (\d+) of them different, (\d+) expected", "Filen har {1} forskellige rækker, der skulle være {2}."),
    (r"(\d+) sheets hold rows", "{0} ark har tal."),
    (r"(\d+) fields, the header has (\d+)", "Linjen har {0} felter, overskriften har {1}."),
    (r"line (\d+) of the delivery note", "Det er i følgesedlens linje {0}."),
    (r"line (\d+(?:, \d+)+)", "Det er ved linje {0}."),
    (r"line (\d+(?:, \d+)*) and others", "Det er ved linje {0} og flere andre."),
    (r"line (\d+)\b.*", "Det er ved linje {0}."),
    (r"sheet (\d+), row (\d+(?:, \d+)*)", "Det er på ark nr. {0} i række {1}."),
    (r"sheet (\d+), row (\d+(?:, \d+)*) and others", "Det er på ark nr. {0} i række {1} og flere andre."),
    (r"the header seems to be separated by ',', expected ';'", "Kolonnerne ser ud til at være adskilt af komma."),
    (r"the header seems to be separated by a tab.*", "Kolonnerne ser ud til at være adskilt af tabulator."),
    (r"missing: ((?:'# [a-zæøå]+:'(?:, )?)+)", "Det, der mangler, er {0}."),
    (r"'# ([a-zæøå]+):' must be a day .*", "Ved '# {0}:' skal der stå en dag (2012-10-01) eller et år (2012)."),
    (r"'# oprindelse:' must say .*", "Ved '# oprindelse:' skal der stå real eller syntetisk."),
    (r"the file says (.+), the folder is for (.+)", "Filen siger {0}; vi venter {1}."),
    (r"the name of the file says (\d+), its rows (.+)", "Navnet siger {0}, rækkerne {1}."),
    (r"the name of the file says (.+), the rows are of (.+)", "Navnet siger {0}, rækkerne er fra {1}."),
    (r"the sender says (.+), the rows are of (.+)", "Afsenderen er {0}, rækkerne er fra {1}."),
    (r"the note says (.+), the rows are of (.+)", "Følgesedlen siger {0}, rækkerne er fra {1}."),
    (r"(\d+) rows, from row (\d+)", "Det er {0} rækker, fra række {1}."),
    (r"column ([A-Z]{1,3}(?:, [A-Z]{1,3})*)", "Det er kolonne {0}."),
    (r"column (\d+)", "Det er kolonne nr. {0} fra venstre."),
    (r"sheet (\d+) was read", "Ark nr. {0} er skjult og læst."),
    (r"sheet (\d+) was not read", "Ark nr. {0} er skjult og ikke læst."),
    (r"'(rækker|kontrolsum [^']+)' .*", "Det er linjen '{0}'."),
    (r"'# ([a-zæøå]+):' must be a whole number", "Ved '# {0}:' skal der stå et helt tal."),
)
# Where a CPR number was found that no table shows; of a sheet by its number where it belongs to one.
PLACES = {
    "the document properties": "dokumentets egenskaber",
    "comments": "kommentarer til celler",
    "the names of those who comment": "navnene på dem, der har skrevet kommentarer",
    "text boxes, drawings or comments": "tekstfelter, tegninger eller kommentarer",
    "a chart": "et diagram",
    "values kept of another workbook": "værdier gemt fra en anden projektmappe (Data > Rediger kæder)",
    "a pivot table or its cache": "en pivottabel eller dens gemte data",
    "a table": "en tabel",
    "names of sheets, or defined names": "navne på ark eller celler (Formler > Navnestyring)",
    "texts that cells share": "cellernes tekster",
    "an embedded file": "en fil, der er indsat i projektmappen",
    "custom data": "data, som et program har lagt i projektmappen",
    "a part of the workbook": "en del af projektmappen, der ikke vises",
    "texts of cells that were deleted, or readings beside texts": "tekster fra celler, der er slettet; gem filen på ny",
    "its header, footer, links or checks of cells": "sidehoved, sidefod, links eller datavalidering",
    "the name of a sheet": "et arks navn",
    "the name of the file": "filens navn",
    "the file with the SHA-256": "filen med kontroltallet (SHA-256)",
}
PLACE = re.compile(r"(?:sheet (\d+): )?(.+?)(?:(?: of sheet|, number) (\d+))?")
# Rules whose detail names headers; those that the layout declares are repeated.
OF_HEADERS = ("missing_column", "unknown_column", "duplicate_column", "control_total_differs")


def in_danish(item: Item, layout: Layout | None) -> str:
    """A sentence for the sender, empty where there is none. A header that nobody declared may hold anything."""
    for pattern, words in WORDS:
        if found := re.fullmatch(pattern, item.detail):
            return words.format(*found.groups())
    if item.rule == "cpr_number":
        return _place(item.detail)
    if item.rule in OF_HEADERS and layout:
        declared = {header.casefold() for column in layout.columns for header in column.headers}
        names = [name for name in QUOTED.findall(item.detail) if name.casefold() in declared]
        if names:
            return f"Det gælder {notation.listed([repr(name) for name in dict.fromkeys(names)])}."
    return ""


def _place(detail: str) -> str:
    """Where in a file a CPR number was found."""
    found = PLACE.fullmatch(detail)
    if not found or found[2] not in PLACES:
        return ""
    number = found[1] or found[3]
    return f"Det er i {PLACES[found[2]]}{f', ark nr. {number}' if number else ''}."
