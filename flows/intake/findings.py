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
    (r"line (\d+)\b.*", "Det er ved linje {0}."),
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
    (r"column ([A-Z]{1,3})", "Det er kolonne {0}."),
    (r"sheet (\d+) was read", "Ark nr. {0} er skjult og læst."),
    (r"sheet (\d+) was not read", "Ark nr. {0} er skjult og ikke læst."),
    (r"'(rækker|kontrolsum [^']+)' .*", "Det er linjen '{0}'."),
    (r"'# ([a-zæøå]+):' must be a whole number", "Ved '# {0}:' skal der stå et helt tal."),
)
# Rules whose detail names headers; those that the layout declares are repeated.
OF_HEADERS = ("missing_column", "unknown_column", "duplicate_column", "control_total_differs")


def in_danish(item: Item, layout: Layout | None) -> str:
    """A sentence for the sender, empty where there is none. A header that nobody declared may hold anything."""
    for pattern, words in WORDS:
        if found := re.fullmatch(pattern, item.detail):
            return words.format(*found.groups())
    if item.rule in OF_HEADERS and layout:
        declared = {header.casefold() for column in layout.columns for header in column.headers}
        names = [name for name in QUOTED.findall(item.detail) if name.casefold() in declared]
        if names:
            return f"Det gælder {notation.listed([repr(name) for name in dict.fromkeys(names)])}."
    return ""
