"""Words that stand in place of a cell which shows no figure that can be taken as it is.

They travel with the other texts of a delivery, and the caster sets their cells aside by name.
"""

import re

# A formula without a result: nobody has calculated the workbook yet.
NOT_CALCULATED = "="
# What a reader of the sheet sees is another thing than what the cell stores.
SHOWN_OTHERWISE = "#SHOWN!"
# Numbers that no cell can hold.
NO_NUMBER = "#NUM!"
# Error values as files have them; source: ECMA-376, part 1, 18.17.2.7, and those that Excel added since.
ERRORS = (
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#GETTING_DATA", "#SPILL!", "#CALC!",
    "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#EXTERNAL!", "#PYTHON!", "#TIMEOUT!",
)  # fmt: skip
# The same as Danish Excel and LibreOffice show them, and so as they stand in CSV and in cells of text.
DANISH_ERRORS = (
    "#DIVISION/0!", "#I/T", "#NAVN?", "#NUL!", "#NUM!", "#REFERENCE!", "#VÆRDI!", "#HENTER_DATA", "#OVERLØB!",
    "#BEREGN!", "#FELT!", "#BLOKERET!", "#TILSLUT!", "#OPTAGET!", "#UKENDT!",
)  # fmt: skip
_NAMES = "|".join(re.escape(name.lstrip("#")) for name in dict.fromkeys((*ERRORS, *DANISH_ERRORS)))
# As Rust and as Python. A column too narrow for its number is saved as '#####'; LibreOffice numbers its own errors.
ERROR = rf"(?i)^\s*(?:#(?:{_NAMES})|#{{3,}}|(?:Err|Fejl):[0-9]{{3}})\s*$"
UNCALCULATED = r"^\s*="
OTHERWISE = r"(?i)^\s*#SHOWN!\s*$"


def error_in_file(text: str) -> str:
    """The error of a cell of errors; a name that nobody knows is still an error."""
    return text if text in ERRORS else "#VALUE!"
