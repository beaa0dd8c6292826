"""A published mart for packages that read no parquet: Stata, SPSS, SAS and CSV, with a codebook beside the files.

A number that is missing for a known reason is an extended missing value (.a, .b, ...) in Stata and a user-missing code
(-9000001, ...) in SPSS, both labelled with the reason; the column with the reason stands beside it in every format, and
is all that SAS transport has. What the packages cannot hold is said in HOW_TO_READ, which every codebook repeats.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import polars as pl
import pyreadstat

from flows.core.files import placed, write
from flows.core.provenance import file_sha256
from schemas import contracts
from schemas.dictionary import indicator_lines
from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.tables import Table, TableColumn

# Stata takes names of 32 letters, and a set of value labels is named by its column and a number.
NAME_LENGTH = 29
DIGITS = 8
LABEL_ROOM = 80
NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = {
    *("byte", "double", "float", "if", "in", "int", "long", "using", "with"),  # by Stata
    *("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"),  # by SPSS
}
STATA_TEXT = re.compile(r"str\d+")

# SPSS's user-missing codes begin here and go down: below every figure of a mart, and the files are checked for it.
FIRST_CODE = -9_000_001.0
MEASURES = dict.fromkeys(("text", "boolean"), "nominal") | dict.fromkeys(("integer", "number", "year", "date"), "scale")
# A double holds whole numbers up to 2^53, SAS transport (as written here) numbers below 2^249, SPSS and SAS texts of
# 32767 bytes.
LIMITS = {
    "integer": (2**53, "whole, at most 2^53"),
    "number": (1e74, "finite, at most 1e74"),
    "text": (32_767, "at most 32767 bytes"),
}

INDICATOR_COLUMNS = ("indicator", "covariate")
CODEBOOK = (
    "name",
    "type",
    "unit",
    "in_key",
    "may_be_empty",
    "allowed_values",
    "missing_reason_in",
    "missing_stata",
    "missing_spss",
    "description",
)
OF_INDICATOR = (
    "label_en",
    "label_da",
    "definition",
    "definition_da",
    "kind",
    "unit",
    "numerator",
    "denominator",
    "count_basis",
    "population",
    "polarity",
    "decimals",
    "disclosure_class",
)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The library writes the time of the clock into the head of a file: where, how, and how often.
HEAD = 512
STAMPS = {
    "dta": (rb"\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d(?=</timestamp>)", "{at:%d} {month} {at:%Y %H:%M}", 1),
    "sav": (rb"\d\d [A-Z][a-z]{2} \d{4}:\d\d:\d\d", "{at:%d} {month} {at:%y%H:%M:%S}", 1),
    "xpt": (rb"\d\d[A-Z]{3}\d\d:\d\d:\d\d:\d\d", "{at:%d}{MONTH}{at:%y:%H:%M:%S}", 4),
}

HOW_TO_READ = """\
The name is that of the variable in Stata, SPSS and SAS; CSV has the column as it stands in parquet. Variable labels are
the descriptions, cut to 80 letters where they are longer.

- `dta` (Stata 14 and later): missing figures with a reason are `.a`, `.b`, ..., labelled with the reason.
- `sav` (SPSS): missing figures with a reason are user-missing codes from -9000001 down, labelled with the reason.
- `xpt` (SAS transport, version 8; read it with `%xpt2loc` in a session in UTF-8): missing figures are `.`, the reason
  stands in its column. Numbers closer to zero than 5.4e-79 are 0.
- `csv` (RFC 4180: commas, decimal points, UTF-8): booleans are `true` and `false`, days ISO 8601; an empty field is
  missing, and `""` is empty text.

In Stata, SPSS and SAS booleans are 0 (no) and 1 (yes), days are dates of the package, and no text is empty text; SPSS
and SAS drop blanks at the end of a text. Counts and amounts are doubles, exact up to 2^53."""


class ExportError(ValueError):
    """A mart that cannot be exported as it is: the message names file, column, rule, count and what to do."""


@dataclass(frozen=True)
class Variable:
    """A column as the packages see it: its name there, and why its figures may be missing, said in which column."""

    column: TableColumn
    name: str
    reason_column: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def letters(self) -> dict[str, str]:
        """Stata's letter of each reason: 'a' is the extended missing value .a."""
        return dict(zip(self.reasons, ascii_lowercase, strict=False))

    @property
    def codes(self) -> dict[str, float]:
        """SPSS's user-missing code of each reason."""
        return {reason: FIRST_CODE - at for at, reason in enumerate(self.reasons)}


@dataclass(frozen=True)
class Mart:
    """A mart read for export: its table, rows, variables in the table's order, and what its file says of itself."""

    table: Table
    rows: pl.DataFrame
    variables: tuple[Variable, ...]
    notes: Mapping[str, str]

    @property
    def title(self) -> str:
        """What the file is, origin first: it is never cut."""
        return f"{self.notes['origin']} data: {self.table.id}: {self.table.description}"

    @property
    def labels(self) -> list[str | None]:
        """The description of each variable, cut to what every package shows."""
        return [shortened(variable.column.description, LABEL_ROOM) for variable in self.variables]

    @property
    def reasoned(self) -> list[Variable]:
        """The variables whose missing figures have a reason."""
        return [variable for variable in self.variables if variable.reason_column]

    def by_type(self, words: Mapping[str, str]) -> dict[str, str]:
        """What is said of a column's type, by the name of each variable that has it."""
        return {v.name: words[v.column.type] for v in self.variables if v.column.type in words}

    @property
    def boolean_labels(self) -> dict[str, dict[Any, str]]:
        """Value labels of the booleans."""
        return {v.name: {0: "no", 1: "yes"} for v in self.variables if v.column.type == "boolean"}


def export(
    file: Path,
    table: Table,
    registry: Registry,
    folder: Path,
    moment: datetime,
    formats: Sequence[str] | None = None,
    through: int | None = None,
) -> list[Path]:
    """Write a mart's parquet file to `folder` in the formats asked for, all if none are named, and its codebook.

    `through` keeps the years up to that one. `moment`, with its zone, is the moment that the mart speaks for; it stands
    in the files' heads as their creation in UTC, so the same mart and moment give the same bytes. Returns the files:
    `<mart>.<format>` in the order asked for,
    `<mart>.codebook.csv`, `<mart>.codebook.md`, and `<mart>.indicators.csv` where the mart holds indicators.

    Raises ExportError for an unknown format, for a file that is not in the table's columns or does not name its
    origin, for figures that a package cannot hold, and for years of a mart without years; Locked where the analysis
    file is asked for outcome years that are locked.
    """
    wanted = list(dict.fromkeys(FORMATS if formats is None else formats))
    if unknown := [name for name in wanted if name not in FORMATS]:
        raise ExportError(f"no format {', '.join(map(repr, unknown))}; there are {', '.join(FORMATS)}")
    mart = read(file, table, registry)
    if through is not None:
        mart = _up_to(mart, through, registry)
    made = []
    for name in wanted:
        made.append(folder / f"{table.id}.{name}")
        with placed(made[-1]) as part:
            try:
                FORMATS[name](part, mart)
            except pyreadstat.ReadstatError as error:
                raise ExportError(f"{file.name} cannot be written as {name}: {error}; ask for other formats") from error
            if name in STAMPS:
                _stamp(part, name, moment)
    held = indicators(mart, registry)
    books = {
        "codebook.csv": _codebook_csv(mart, registry),
        "codebook.md": _codebook_markdown(mart, registry, held, f"{file.name}, SHA-256 {file_sha256(file)}", moment),
        **({"indicators.csv": _indicators_csv(held)} if held else {}),
    }
    for name, text in books.items():
        made.append(folder / f"{table.id}.{name}")
        write(made[-1], text.encode())
    return made


def _up_to(mart: Mart, year: int, registry: Registry) -> Mart:
    if "year" not in mart.rows.columns:
        raise ExportError(f"{mart.table.id} has no years: leave out --through")
    if mart.table.id == "baseline_panel":
        registry.evaluation.require_open(year)
    return replace(mart, rows=mart.rows.filter(pl.col("year") <= year))


def read(file: Path, table: Table, registry: Registry) -> Mart:
    """A mart's parquet file, held against what the table says and what the packages can hold. Raises ExportError."""
    notes = pl.read_parquet_metadata(file)
    if "origin" not in notes:
        raise ExportError(f"{file.name} does not say whether its figures are real or synthetic; publish it again")
    rows = pl.read_parquet(file, glob=False)
    if list(rows.schema.items()) != list(contracts.polars_schema(table).items()):
        raise ExportError(
            f"{file.name} does not have the columns that tables.toml gives {table.id}; export it with the registry "
            "that it was published with, or publish it again"
        )
    for column in table.columns:
        if beyond := _beyond(rows[column.name], column.type):
            rule = LIMITS[column.type][1]
            raise ExportError(
                f"{file.name}: {column.name}: {beyond} rows break {rule!r}, beyond which Stata, SPSS or SAS hold "
                "something else; mend the mart, or read the parquet file"
            )
    return Mart(table, rows, tuple(_variables(table, registry, rows)), notes)


def _beyond(cells: pl.Series, kind: str) -> int:
    """How many cells a package would change in silence."""
    if kind not in LIMITS:
        return 0
    limit = LIMITS[kind][0]
    held = cells.str.len_bytes() <= limit if kind == "text" else cells.is_between(-limit, limit)
    return int((~held).sum())


def _variables(table: Table, registry: Registry, rows: pl.DataFrame) -> Iterator[Variable]:
    """The columns as the packages see them; a reason that no list allows has its code by the rows."""
    names = short_names([column.name for column in table.columns])
    reason_columns = missing_reasons(table)
    for column in table.columns:
        name, reason_column = names[column.name], reason_columns.get(column.name)
        if reason_column is None:
            yield Variable(column, name)
            continue
        allowed = registry.allowed(table.column(reason_column))
        reasons = (*allowed, *sorted(set(rows[reason_column].drop_nulls()) - set(allowed)))
        if len(reasons) > len(ascii_lowercase):
            raise ExportError(
                f"{table.id}: {reason_column} has {len(reasons)} reasons, and Stata tells no more than "
                f"{len(ascii_lowercase)} apart; declare fewer in tables.toml"
            )
        yield Variable(column, name, reason_column if reasons else None, reasons)


def missing_reasons(table: Table) -> dict[str, str]:
    """The columns of numbers whose missing figures have a reason, each with the column that says it.

    `missing_reason` speaks of `value`, `x_missing_reason` of `x`, or where there is no x of `x_dkk` and the like;
    `missing_reason_before` of `value_before`.
    """
    names = {column.name for column in table.columns}
    numbers = [column.name for column in table.columns if column.type in ("integer", "number", "year")]
    spoken_of = {}
    for column in table.columns:
        stem, is_reason, after = column.name.partition("missing_reason")
        named = (stem.rstrip("_") or "value") + after
        for name in numbers if is_reason else ():
            if name == named or (named not in names and name.startswith(f"{named}_")):
                spoken_of[name] = column.name
    return spoken_of


def short_names(names: Sequence[str]) -> dict[str, str]:
    """The name that each column has in Stata, SPSS and SAS, where case does not count and some words are reserved.

    A name that all of them take stays; any other is cut and ends in eight digits of its SHA-256, so that it does not
    depend on the columns beside it. Raises ExportError where two columns would have one name.
    """
    made = {name: name if _is_taken(name) else _digested(name) for name in names}
    if len(set(made.values())) < len(names):
        raise ExportError(f"two of the columns {', '.join(names)} have one name in Stata, SPSS and SAS; rename one")
    return made


def _is_taken(name: str) -> bool:
    is_reserved = name in RESERVED or STATA_TEXT.fullmatch(name)
    return len(name) <= NAME_LENGTH and NAME.fullmatch(name) is not None and not is_reserved


def _digested(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]", "_", name.lower())
    begun = plain if NAME.match(plain) else f"v{plain}"
    return f"{begun[: NAME_LENGTH - DIGITS - 1]}_{sha256(name.encode()).hexdigest()[:DIGITS]}"


def shortened(text: str, room: int) -> str:
    """Text of at most `room` bytes in UTF-8: cut after a word, and ended by '...'."""
    if len(text.encode()) <= room:
        return text
    kept = ""
    for word in text.split():
        longer = f"{kept} {word}".lstrip()
        if len(f"{longer}...".encode()) > room:
            break
        kept = longer
    return f"{kept}..."


def _stata(file: Path, mart: Mart) -> None:
    of_reasons: dict[str, dict[Any, str]] = {
        v.name: {letter: reason for reason, letter in v.letters.items()} for v in mart.reasoned
    }
    pyreadstat.write_dta(
        pl.DataFrame([_in_stata(mart.rows, variable) for variable in mart.variables]),
        file,
        file_label=shortened(mart.title, LABEL_ROOM),
        column_labels=mart.labels,
        version=14,
        variable_value_labels={**mart.boolean_labels, **of_reasons},
        missing_user_values={v.name: list(v.letters.values()) for v in mart.reasoned},
        variable_format=mart.by_type({"integer": "%14.0f", "year": "%8.0f"}),
    )


def _in_stata(rows: pl.DataFrame, variable: Variable) -> pl.Series:
    """A column for Stata: a figure missing for a reason is the reason's letter among the numbers."""
    cells = _in_packages(rows, variable)
    if variable.reason_column is None:
        return cells
    letters = variable.letters
    marked = zip(cells, rows[variable.reason_column], strict=True)
    coded = [letters.get(reason or "") if cell is None else cell for cell, reason in marked]
    return pl.Series(variable.name, coded, dtype=pl.Object)


def _spss(file: Path, mart: Mart) -> None:
    of_reasons: dict[str, dict[Any, str]] = {
        v.name: {code: reason for reason, code in v.codes.items()} for v in mart.reasoned
    }
    ranges: dict[str, list[Any]] = {
        v.name: [{"lo": min(v.codes.values()), "hi": max(v.codes.values())}] for v in mart.reasoned
    }
    pyreadstat.write_sav(
        pl.DataFrame([_in_spss(mart.rows, variable) for variable in mart.variables]),
        file,
        file_label=shortened(mart.title, 64),
        column_labels=mart.labels,
        row_compress=True,
        variable_value_labels={**mart.boolean_labels, **of_reasons},
        missing_ranges=ranges,
        variable_measure=mart.by_type(MEASURES),
        variable_format=mart.by_type({"integer": "F14.0", "number": "F14.4", "year": "F8.0", "boolean": "F1.0"}),
    )


def _in_spss(rows: pl.DataFrame, variable: Variable) -> pl.Series:
    """A column for SPSS: a figure missing for a reason is the reason's code."""
    cells = _in_packages(rows, variable)
    if variable.reason_column is None:
        return cells
    codes = variable.codes
    low, high = min(codes.values()), max(codes.values())
    if taken := cells.is_between(low, high).sum():
        raise ExportError(
            f"{variable.column.name}: {taken} figures lie from {low:.0f} to {high:.0f}, where SPSS has the codes of "
            "missing figures; ask for other formats"
        )
    reasons = rows[variable.reason_column].replace_strict(codes, default=None, return_dtype=pl.Float64())
    return cells.zip_with(cells.is_not_null(), reasons)


def _sas(file: Path, mart: Mart) -> None:
    pyreadstat.write_xport(
        pl.DataFrame([_in_packages(mart.rows, variable) for variable in mart.variables]),
        file,
        file_label=shortened(mart.title, 40),
        column_labels=mart.labels,
        table_name=short_names([mart.table.id])[mart.table.id],
        variable_format=mart.by_type({"date": "DATE9"}),
    )


def _csv(file: Path, mart: Mart) -> None:
    mart.rows.write_csv(file, line_terminator="\r\n")


FORMATS: dict[str, Callable[[Path, Mart], None]] = {"dta": _stata, "sav": _spss, "xpt": _sas, "csv": _csv}


def _in_packages(rows: pl.DataFrame, variable: Variable) -> pl.Series:
    """A column as all three packages hold it: their whole numbers are too small, and their text is never null."""
    cells = rows[variable.column.name].alias(variable.name)
    if variable.column.type == "integer" or variable.reason_column:
        return cells.cast(pl.Float64)
    return cells.fill_null("") if variable.column.type == "text" else cells


def _stamp(file: Path, name: str, moment: datetime) -> None:
    """Put `moment` where the library wrote the time of the clock."""
    pattern, form, times = STAMPS[name]
    at = moment.astimezone(UTC)
    month = MONTHS[at.month - 1]
    stamp = form.format(at=at, month=month, MONTH=month.upper()).encode()
    with file.open("r+b") as opened:
        stamped, found = re.subn(pattern, stamp, opened.read(HEAD))
        if found != times:
            raise ExportError(f"{found} times stand in the head of a {name} file, not {times}; pin pyreadstat to 1.3")
        opened.seek(0)
        opened.write(stamped)


def indicators(mart: Mart, registry: Registry) -> list[Indicator]:
    """The indicators that a mart speaks of, in its rows or by a column each; in the registry's order."""
    spoken_of = {c.name for c in mart.table.columns if c.type == "number"}
    for name in INDICATOR_COLUMNS:
        if name in mart.rows.columns:
            spoken_of |= set(mart.rows[name].drop_nulls())
    return [indicator for indicator in registry.indicators.values() if indicator.id in spoken_of]


def _codebook_csv(mart: Mart, registry: Registry) -> str:
    return _as_csv(("column", *CODEBOOK), ((v.column.name, *_described(v, mart, registry)) for v in mart.variables))


def _described(variable: Variable, mart: Mart, registry: Registry) -> tuple[str, ...]:
    """What CODEBOOK says of a column."""
    column = variable.column
    return (
        variable.name,
        column.type,
        column.unit or "",
        "yes" if column.name in mart.table.key else "no",
        "yes" if column.nullable else "no",
        ", ".join(registry.allowed(column)),
        variable.reason_column or "",
        "; ".join(f".{letter} = {reason}" for reason, letter in variable.letters.items()),
        "; ".join(f"{code:.0f} = {reason}" for reason, code in variable.codes.items()),
        column.description,
    )


def _indicators_csv(held: Iterable[Indicator]) -> str:
    rows = ((indicator.id, *(getattr(indicator, name) for name in OF_INDICATOR)) for indicator in held)
    return _as_csv(("indicator", *OF_INDICATOR), rows)


def _as_csv(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _codebook_markdown(
    mart: Mart, registry: Registry, held: Sequence[Indicator], made_of: str, moment: datetime
) -> str:
    table, notes = mart.table, mart.notes
    about = {
        "data": f"{notes['origin']}, as of {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "grain": table.grain,
        "key": ", ".join(table.key),
        "rows": f"{mart.rows.height}",
        "source": notes.get("source", ""),
        "caveat": notes.get("caveat", ""),
        "made of": made_of,
    }
    columns = ["| column | name | type | unit | may be empty | meaning |", "|---|---|---|---|---|---|"]
    for variable in mart.variables:
        column = variable.column
        allowed = registry.allowed(column)
        meaning = column.description + (f" One of: {', '.join(allowed)}." if allowed else "")
        key = " (key)" if column.name in table.key else ""
        empty = "yes" if column.nullable else "no"
        cells = (f"{column.name}{key}", variable.name, column.type, column.unit or "", empty, meaning)
        columns.append(_row(cells))
    parts = [
        f"# {table.id}",
        table.description,
        "\n".join(f"- {name}: {words}" for name, words in about.items() if words),
        HOW_TO_READ,
        "## Columns",
        "\n".join(columns),
    ]
    if mart.reasoned:
        missing = ["| column | reason | Stata | SPSS | reason stands in |", "|---|---|---|---|---|"]
        for v in mart.reasoned:
            missing += [
                _row((v.column.name, reason, f".{v.letters[reason]}", f"{v.codes[reason]:.0f}", v.reason_column or ""))
                for reason in v.reasons
            ]
        parts += ["## Missing figures", "\n".join(missing)]
    if held:
        parts.append("## Indicators")
    for indicator in held:
        lines = "\n".join(f"- {name}: {words}" for name, words in indicator_lines(indicator))
        parts.append(f"### {indicator.id}\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
