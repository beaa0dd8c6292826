"""Damaged copies of real files: no crash, no hang, and what gets through is counted; DAMAGED_COPIES asks for more.

With the sender's hash or control totals nothing may change in silence; totals vouch for numbers, so a layout with free
text is sent with its hash. Without them, damage to the structure must be caught; a figure that was changed into another
possible figure cannot be, nor another wording of a free text, and the share of those is printed.
"""

import io
import json
import os
import random
import re
import shutil
import signal
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from genuine import CUTS, WHOLE, at_hand
from profiles import examples
from raw_books import zipped

from flows.core import files
from flows.core.provenance import file_sha256
from flows.intake import stage, versions
from flows.intake.deliveries import HASH_SUFFIX, NOTE_SUFFIX, Delivery, find
from flows.intake.formats import read
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.reading import reading
from flows.intake.receipts import Receipt
from flows.intake.vintages import Vintage
from schemas.loading import load
from schemas.registry import Registry

ROOT = Path(__file__).parents[2]
RAW = ROOT / "data" / "raw"
NOTE = "kilde: en prøve\nudgivet: 2023\noprindelse: real\nmodtaget: 2026-11-22\n"
OWN = (
    "ministry_lists/liste_2010.csv",
    "ministry_lists/liste_2012.csv",
    "ministry_lists/liste_2014.csv",
    "population/folketal_2007_2015.csv",
    "case_areas/tabel_2_1.csv",
    "grants/bevillinger_2006_2010.csv",
    "statutory_rules/kriterier_2010_frem.csv",
    "pool_totals/pulje_2006_2010.csv",
)
# The whole file where it is at hand, else its cut. Totals do not vouch for a year, but other places of the table do:
# a cut in CSV has several.
FOREIGN = {
    at_hand(CUTS / cut, WHOLE / whole)[-1]: source
    for cut, whole, source in (
        ("statbank/folk1a_english_labels.csv", "statbank/folk1a_da_csv_bom_crlf.csv", "statbank_folk1a"),
        ("statbank/folk1a_lf_no_bom.csv", "statbank/folk1a_da_lf_nobom_1.csv", "statbank_folk1a"),
        ("statbank/hfudd11_total.csv", "statbank/hfudd11_tot.csv", "statbank_hfudd11"),
        ("statbank/aup_commas.csv", "statbank/aup_unemployment_comma.csv", "statbank_aup"),
        ("statbank/ras200_english.xlsx", "statbank/RAS200_en.xlsx", "statbank_ras200"),
        # A transcription has no cut.
        *([("", "municipalities/heholo_muni_crime.csv", "transcribed_convictions")] if WHOLE.is_dir() else []),
        ("api/straf42_origin.json", "api/data_straf42_json.json", "statbank_straf42"),
    )
}
# Cuts alone: nothing larger of these lies anywhere.
FOREIGN |= {
    CUTS / "statbank/bm010_missing.xlsx": "statbank_bm010",
    CUTS / "statbank/indkp107_footnote.xlsx": "statbank_indkp107",
    CUTS / "statbank/folk1a_windows_1252.px": "statbank_folk1a",
}
PX = CUTS / "statbank/folk1a_windows_1252.px"
COPIES = int(os.environ.get("DAMAGED_COPIES", examples(1_000)))
SECONDS = 20
# Columns of facts that hold figures, or why there is none: what a changed digit or mark may change. Everything else is
# a name, a place or a rule.
FIGURES = {
    "value", "numerator", "denominator", "dwellings", "grants", "grant_dkk", "grant_period_years", "total", "threshold",
    "year", "period", "published_in", "from_year", "to_year", "criteria_required", "criteria_in_rule", "areas",
    "threshold_times_national", "published_at", "received_at", "window_years", "reference_from", "reference_to",
    "missing_reason",
}  # fmt: skip
# What people wrote as they liked; no contract can tell one wording from another.
FREE_TEXT = {"plan_name", "measure", "measure_unit", "stated_in", "rule_note", "operator"}
PLACE = {"source_line", "source_file"}


@dataclass(frozen=True)
class Original:
    """A real file: its source, bytes, note, and the facts that it gives."""

    path: str
    source: str
    content: bytes
    note: str
    facts: dict[str, frozenset[tuple[tuple[str, Any], ...]]]
    totals: str


def flip(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]


def digit(content: bytes, chance: random.Random) -> bytes:
    places = [at for at, byte in enumerate(content) if chr(byte).isdigit()]
    at = chance.choice(places)
    return content[:at] + str(chance.randrange(10)).encode() + content[at + 1 :]


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def cut_at_a_line(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: chance.randrange(1, len(lines))]) if len(lines) > 1 else cut(content, chance)


def rows_of(content: bytes) -> tuple[list[bytes], int]:
    """Lines, and the number of the first one below note and header."""
    lines = content.splitlines(keepends=True)
    return lines, min(sum(line.startswith(b"#") for line in lines) + 1, len(lines) - 1)


def double(content: bytes, chance: random.Random) -> bytes:
    lines, first = rows_of(content)
    at = chance.randrange(first, len(lines))
    return b"".join([*lines[: at + 1], lines[at], *lines[at + 1 :]])


def drop(content: bytes, chance: random.Random) -> bytes:
    lines, first = rows_of(content)
    at = chance.randrange(first, len(lines))
    return b"".join([*lines[:at], *lines[at + 1 :]])


def swap_columns(content: bytes, chance: random.Random) -> bytes:
    """Two columns change places, header and all: every figure still stands under its name."""
    lines, first = rows_of(content)
    mark = max(b";,", key=lines[first - 1].count)
    split = [line.rstrip(b"\r\n").split(bytes([mark])) for line in lines[first - 1 :]]
    width = min(map(len, split))
    if width < 2 or b'"' in content:
        return content
    here, other = chance.sample(range(width), 2)
    for fields in split:
        fields[here], fields[other] = fields[other], fields[here]
    return b"".join([*lines[: first - 1], *(bytes([mark]).join(fields) + b"\n" for fields in split)])


def separator(content: bytes, chance: random.Random) -> bytes:
    return content.replace(chance.choice([b";", b","]), chance.choice([b",", b"\t", b"|", b";", b" "]))


def encoding(content: bytes, chance: random.Random) -> bytes:
    try:
        text = content.decode("utf-8-sig")
        return text.encode(chance.choice(["cp1252", "latin-1", "utf-16", "cp865", "mac-roman", "utf-8-sig", "utf-32"]))
    except UnicodeError:
        return content[::-1]


def twice_encoded(content: bytes, chance: random.Random) -> bytes:
    try:
        return content.decode("utf-8").encode().decode("cp1252").encode()
    except UnicodeError:
        return content + b"\0"


def within(content: bytes, chance: random.Random, parts: str, change: Callable[[bytes, random.Random], bytes]) -> bytes:
    """A workbook of which one part was changed and packed again, so that nothing but the part itself can tell."""
    if not content.startswith(b"PK"):
        return content
    files = packed_parts(content)
    name = chance.choice([name for name in files if re.search(parts, name)])
    return zipped({**files, name: change(files[name], chance)})


def cell(content: bytes, chance: random.Random) -> bytes:
    return within(content, chance, r"worksheets/|sharedStrings", chance.choice([flip, digit, digit, cut]))


def style(content: bytes, chance: random.Random) -> bytes:
    return within(content, chance, "styles", chance.choice([flip, digit, without_an_attribute, without_an_element]))


def sheet_attribute(content: bytes, chance: random.Random) -> bytes:
    return within(content, chance, "worksheets/", chance.choice([without_an_attribute, other_attribute]))


def sheet_element(content: bytes, chance: random.Random) -> bytes:
    return within(content, chance, "worksheets/", chance.choice([without_an_element, twice_an_element]))


def relationship(content: bytes, chance: random.Random) -> bytes:
    changes = [flip, digit, without_an_attribute, other_attribute, without_an_element, twice_an_element]
    return within(content, chance, r"rels$|workbook\.xml|Types", chance.choice(changes))


def zip_entry(content: bytes, chance: random.Random) -> bytes:
    """A part is not there, has another name, or the file's own list of its parts was changed."""
    if not content.startswith(b"PK"):
        return content
    files = packed_parts(content)
    name = chance.choice(list(files))
    part = files.pop(name)
    if chance.random() < 0.4:
        return zipped(files)
    if chance.random() < 0.5:
        return zipped({**files, chance.choice([name.upper(), name + "x", "xl/" + name]): part})
    start = content.find(b"PK\x01\x02")
    return content[:start] + flip(content[start:], chance)


def packed_parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def without_an_attribute(part: bytes, chance: random.Random) -> bytes:
    found = list(re.finditer(rb' [\w:]+="[^"]*"', part))
    taken = chance.choice(found)
    return part[: taken.start()] + part[taken.end() :]


def other_attribute(part: bytes, chance: random.Random) -> bytes:
    """The value of an attribute in another element of its name."""
    found = list(re.finditer(rb' ([\w:]+)="([^"]*)"', part))
    taken = chance.choice(found)
    alike = [other for other in found if other[1] == taken[1]]
    return part[: taken.start(2)] + chance.choice(alike)[2] + part[taken.end(2) :]


def an_element(part: bytes, chance: random.Random) -> re.Match[bytes]:
    elements = rb"<(?:x:)?(c|row|col|xf|numFmt|Relationship|sheet|Override)\b[^>]*?(?:/>|>.*?</(?:x:)?\1>)"
    return chance.choice(list(re.finditer(elements, part, re.DOTALL)) or list(re.finditer(rb"<[^>]*>", part)))


def without_an_element(part: bytes, chance: random.Random) -> bytes:
    found = an_element(part, chance)
    return part[: found.start()] + part[found.end() :]


def twice_an_element(part: bytes, chance: random.Random) -> bytes:
    found = an_element(part, chance)
    return part[: found.end()] + found[0] + part[found.end() :]


def in_cube(content: bytes, chance: random.Random, *changes: Callable[[dict[str, Any], random.Random], None]) -> bytes:
    """A JSON-stat cube of which one thing was changed and written again, so that it is JSON as before."""
    document = json.loads(content)
    chance.choice(changes)(document["dataset"], chance)
    return json.dumps(document, ensure_ascii=False).encode()


def cube_value(content: bytes, chance: random.Random) -> bytes:
    def other(cube: dict[str, Any], chance: random.Random) -> None:
        values = cube["value"]
        at = chance.randrange(len(values))
        odd = [None, "..", -values[at], values[at] / 10, str(values[at]) + "x", 0, True, [], values[at] + 1]
        values[at] = chance.choice(odd)

    def less(cube: dict[str, Any], chance: random.Random) -> None:
        cube["value"].pop(chance.randrange(len(cube["value"])))

    def more(cube: dict[str, Any], chance: random.Random) -> None:
        cube["value"].insert(chance.randrange(len(cube["value"])), chance.choice([None, 0, 9000]))

    def sparse(cube: dict[str, Any], chance: random.Random) -> None:
        places = {str(at): value for at, value in enumerate(cube["value"])}
        place = chance.choice([*places])
        value = places.pop(place)
        if chance.random() < 0.6:
            places[chance.choice([f"0{place}", f"-{place}", str(len(cube["value"])), f"{place}.0", " " + place])] = (
                value
            )
        cube["value"] = places

    return in_cube(content, chance, other, less, more, sparse)


def cube_dimension(content: bytes, chance: random.Random) -> bytes:
    def without(cube: dict[str, Any], chance: random.Random) -> None:
        dimensions = cube["dimension"]
        at = chance.randrange(len(dimensions["id"]))
        for part in chance.sample(["id", "size", "dimension"], chance.randrange(1, 4)):
            if part == "dimension":
                dimensions.pop(dimensions["id"][at] if at < len(dimensions["id"]) else "Tid", None)
            else:
                dimensions[part].pop(at)

    def renamed(cube: dict[str, Any], chance: random.Random) -> None:
        dimensions = cube["dimension"]
        at = chance.randrange(len(dimensions["id"]))
        old, new = dimensions["id"][at], chance.choice([*dimensions["id"], "ALDER", ""])
        dimensions["id"][at] = new
        if chance.random() < 0.7:
            dimensions[new] = dimensions.pop(old)

    def resized(cube: dict[str, Any], chance: random.Random) -> None:
        sizes = cube["dimension"]["size"]
        at = chance.randrange(len(sizes))
        sizes[at] = chance.choice([sizes[at] + 1, sizes[at] - 1, -sizes[at], 0, 10**9, "1", None, sizes[at] + 0.5])

    return in_cube(content, chance, without, renamed, resized)


def categories(cube: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The members of a dimension, by code their places. Of a period nothing vouches but a hash."""
    named = [name for name in cube["dimension"]["id"] if name not in ("Tid", "ContentsCode")]
    index: dict[str, Any] = cube["dimension"][chance.choice(named)]["category"]["index"]
    return index


def cube_category(content: bytes, chance: random.Random) -> bytes:
    def without(cube: dict[str, Any], chance: random.Random) -> None:
        index = categories(cube, chance)
        index.pop(chance.choice([*index]))

    def renamed(cube: dict[str, Any], chance: random.Random) -> None:
        index = categories(cube, chance)
        code = chance.choice([*index])
        new = chance.choice(
            [digit(code.encode(), chance).decode() if code.isdigit() else code[::-1], "", code + " ", "x"]
        )
        index[new] = index.pop(code)

    def placed(cube: dict[str, Any], chance: random.Random) -> None:
        index = categories(cube, chance)
        index[chance.choice([*index])] = chance.choice([0, 1, len(index), -1, None, "x", 1.5])

    return in_cube(content, chance, without, renamed, placed)


def cube_status(content: bytes, chance: random.Random) -> bytes:
    def some(cube: dict[str, Any], chance: random.Random) -> None:
        place = chance.choice([str(chance.randrange(len(cube["value"]))), "-1", "x", "10000"])
        cube["status"] = {place: chance.choice([".", "..", "-", "p", "e", "0", 7, None, ""])}

    def each(cube: dict[str, Any], chance: random.Random) -> None:
        marks = [chance.choice(["", "", "..", "p"]) for _ in cube["value"]]
        cube["status"] = chance.choice([marks, marks[1:], "..", "p", "", 5, ["", None]])

    return in_cube(content, chance, some, each)


def px_value(content: bytes, chance: random.Random) -> bytes:
    """One figure of the data of a PX file is another, a mark, not there, or there twice."""
    start = content.index(b"DATA=")
    figure = chance.choice(list(re.finditer(rb"[0-9]+", content[start:])))
    mark, once = figure[0], [b"", b'".."', b'".."', b"..", b"-", b".", b'"', b";", b"x", b"1e3", b"1,5"]
    other = chance.choice([*once, b"-" + mark, mark + b" " + mark, mark + b".5", digit(mark, chance)])
    return content[: start + figure.start()] + other + content[start + figure.end() :]


def px_category(content: bytes, chance: random.Random) -> bytes:
    """A value of a dimension is not there, stands twice, or is another; of a period nothing vouches but a hash."""
    entries = list(re.finditer(rb'\n(?:VALUES|CODES)\("(?!tid)[^"]*"\)=([^;]*);', content))
    entry = chance.choice(entries)
    values = entry[1].replace(b"\r", b"").replace(b"\n", b"").split(b",")
    at = chance.randrange(len(values))
    match chance.randrange(4):
        case 0:
            values.pop(at)
        case 1:
            values.insert(at, chance.choice(values))
        case 2:
            values[at] = b'"' + values[at].strip(b'"')[::-1] + b'"'
        case 3:
            values[at] = values[at][:-1]
    return content[: entry.start(1)] + b",".join(values) + content[entry.end(1) :]


def px_keyword(content: bytes, chance: random.Random) -> bytes:
    """A keyword is not there, has no value, has another name, or stands twice."""
    entry = chance.choice(list(re.finditer(rb'(?m)^([A-Z][A-Z-]*)(?:\[en\])?(?:\("[^"]*"\))?=[^;]*;', content)))
    name = entry[1]
    other = chance.choice(
        [b"", entry[0] + b"\n" + entry[0], entry[0].replace(name, name + b"X"), entry[0].replace(name, name[::-1]),
         entry[0][: entry[0].index(b"=") + 1] + b";", entry[0].replace(b'"', b"", 1)]
    )  # fmt: skip
    return content[: entry.start()] + other + content[entry.end() :]


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    damage.__name__: damage
    for damage in (
        flip, digit, cut, cut_at_a_line, double, drop, swap_columns, separator, encoding, twice_encoded,
        cell, style, sheet_attribute, sheet_element, relationship, zip_entry,
        cube_value, cube_dimension, cube_category, cube_status, px_value, px_category, px_keyword,
    )
}  # fmt: skip
# Whole lines that are not there leave a whole file, where nothing says how many there should be.
WHOLE_LINES = ("cut", "cut_at_a_line", "drop", "sheet_element")
# Damages within a workbook, a cube or a PX file, which only these are given.
WITHIN = ("cell", "style", "sheet_attribute", "sheet_element", "relationship", "zip_entry")
IN_CUBES = ("cube_value", "cube_dimension", "cube_category", "cube_status")
IN_PX = ("px_value", "px_category", "px_keyword")
OF_LINES = [kind for kind in DAMAGES if kind not in (*WITHIN, *IN_CUBES, *IN_PX)]
STRUCTURE = {*OF_LINES, "cube_dimension", "px_keyword"} - {"flip", "digit"}


def kinds_of(content: bytes) -> list[str]:
    """The damages that a file is given."""
    if content.startswith(b"PK"):
        return [*WITHIN, "flip", "cut"]
    if content.startswith(b"{"):
        return [*IN_CUBES, "flip", "digit", "cut", "encoding", "twice_encoded"]
    return [*IN_PX, *OF_LINES] if content.startswith(b"CHARSET") else OF_LINES


@contextmanager
def limited() -> Iterator[None]:
    """No reader may hang."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"a damaged file was read for more than {SECONDS} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def staged(original: Original, content: bytes, guard: str, folder: Path, registry: Registry, known: Any) -> Any:
    """Receipt and facts of a copy; `guard` is what the sender sent along: nothing, a hash, or totals."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "copy"
    note = original.note
    if guard == "totals" and original.path in OWN:
        content = original.totals.encode() + content
    elif guard == "totals":
        note += original.totals
    file.write_bytes(content)
    beside: dict[str, Path] = {}
    if note:
        beside[NOTE_SUFFIX] = folder / "note"
        beside[NOTE_SUFFIX].write_text(note, encoding="utf-8")
    if guard == "hash":
        beside[HASH_SUFFIX] = folder / "hash"
        (folder / "hash.of").write_bytes(original.content)
        beside[HASH_SUFFIX].write_text(f"{file_sha256(folder / 'hash.of')}  copy\n")
    hashes = {suffix: file_sha256(part) for suffix, part in beside.items()}
    delivery = Delivery(original.path, file, original.source, file_sha256(file), beside, hashes)
    with limited():
        receipt = stage.stage(delivery, folder / "staging", reading(original.source, registry, known))
    return receipt, facts_of(receipt, folder / "staging")


def facts_of(receipt: Receipt, folder: Path) -> dict[str, frozenset[tuple[tuple[str, Any], ...]]]:
    made = {}
    for table, file in receipt.tables.items():
        rows = pl.read_parquet(folder / file).drop(PLACE)
        made[table] = frozenset(tuple(row.items()) for row in rows.to_dicts())
    return made


def originals(registry: Registry, known: Any, folder: Path) -> list[Original]:
    """The real files that are at hand, each with the facts that it gives undamaged."""
    found = [(path, path.split("/")[0], (RAW / path).read_bytes(), "") for path in OWN]
    found += [(f"{source}/{file.name}", source, file.read_bytes(), NOTE) for file, source in FOREIGN.items()]
    found.append(("statbank_folk1a/kvartal.json", "statbank_folk1a", as_cube(PX.read_bytes()), NOTE))
    made = []
    for path, source, content, note in found:
        bare = Original(path, source, content, note, {}, "")
        receipt, facts = staged(bare, content, "hash", folder, registry, known)
        assert receipt.outcome == "accepted", receipt
        made.append(Original(path, source, content, note, facts, totals(bare, registry)))
    return made


def as_cube(px: bytes) -> bytes:
    """The figures of a PX file with CODES as a JSON-stat cube."""
    text = px.decode("cp1252")
    codes = {name: re.findall('"([^"]*)"', found) for name, found in re.findall(r'CODES\("([^"]*)"\)=([^;]*);', text)}
    ids = {"civilstand": "CIVILSTAND", "område": "OMRÅDE", "tid": "Tid"}
    dimensions: dict[str, Any] = {
        ids[name]: {"category": {"index": {code: at for at, code in enumerate(members)}}}
        for name, members in codes.items()
    }
    dimensions |= {"id": [ids[name] for name in codes], "size": [*map(len, codes.values())]}
    values = [int(figure) for figure in text.partition("DATA=")[2].replace(";", "").split()]
    cube = {"dimension": dimensions, "label": "FOLK1A", "value": values}
    return json.dumps({"dataset": cube}, ensure_ascii=False).encode()


def totals(original: Original, registry: Registry) -> str:
    """What the guide asks a sender for: the number of rows, and the sum of every column of numbers."""
    layout, source = registry.layout_of(original.source), registry.sources[original.source]
    from flows.intake.delivery_note import pairs, parse

    note = parse(pairs(original.note.splitlines())) if original.note else None
    sheet = read(original.content, layout, source, note, vouched=True)
    mark = "# " if original.path in OWN else ""
    lines = [f"{mark}rækker: {sheet.rows}"]
    for name, column in sheet.columns.items():
        texts = [text.strip() for text in column.text()]
        plain = [text.replace(".", "") if layout.numbers == "danish" else text for text in texts]
        numbers = [text.replace(",", ".") for text in plain]
        if numbers and all(number.replace(".", "", 1).isdigit() for number in numbers if number not in ("", "..")):
            total = sum((Decimal(number) for number in numbers if number not in ("", "..")), Decimal(0))
            lines.append(f"{mark}kontrolsum {name}: {str(total).replace('.', ',')}")
    return "\n".join(lines) + "\n"


def run(share: tuple[int, int, str, str]) -> tuple[Counter[tuple[str, str, str]], list[str]]:
    """One process's share of the copies: what became of them, and what must not have happened."""
    seed, copies, parent, _ = share
    files.sync = lambda path: None  # a test needs no disk that survives a power cut
    registry = load()
    folder = Path(tempfile.mkdtemp(dir=parent))
    vintage = Vintage(tuple(find(RAW, registry)), DeliveryLedger(folder / "names"), now())
    known = versions.known_names(vintage, folder / "names", registry)
    real = originals(registry, known, folder / "whole")
    chance = random.Random(seed)
    counts: Counter[tuple[str, str, str]] = Counter()
    wrong: list[str] = []
    for number in range(copies):
        original = real[number % len(real)]
        kind = chance.choice(kinds_of(original.content))
        guard = chance.choice(["none", "none", "hash", "hash" if has_free_text(original) else "totals"])
        content = damaged(original, kind, guard, chance)
        if content == original.content:
            counts[guard, kind, "as it was"] += 1
            continue
        try:
            receipt, facts = staged(original, content, guard, folder / "copy", registry, known)
        except Exception as error:
            wrong.append(f"{original.path}, {kind}, seed {seed}, copy {number}: {type(error).__name__}: {error}"[:300])
            continue
        outcome, why = judge(original, receipt, facts)
        counts[guard, kind, outcome] += 1
        if outcome == "other wording" and guard != "none":
            wrong.append(f"{original.path}, {kind}, {guard}, seed {seed}, copy {number}: {why}"[:400])
        if outcome == "changed in silence" and (guard != "none" or kind in STRUCTURE):
            wrong.append(f"{original.path}, {kind}, {guard}, seed {seed}, copy {number}: {why}"[:400])
        if outcome == "lines lost" and (guard != "none" or kind not in WHOLE_LINES):
            wrong.append(f"{original.path}, {kind}, {guard}, seed {seed}, copy {number}: {why}"[:400])
        # A code that became another one that is known names another place in all its cells: a sum of codes tells it.
        is_named_anew = outcome == "another name" and (guard, kind) == ("none", "cube_category")
        if outcome in ("lost", "another name") and not is_named_anew:
            wrong.append(f"{original.path}, {kind}, {guard}, seed {seed}, copy {number}: {outcome}: {why}"[:400])
    return counts, wrong


def damaged(original: Original, kind: str, guard: str, chance: random.Random) -> bytes:
    """A damaged copy. Control totals vouch for the rows, so with them the note at the top stays whole."""
    lines, first = rows_of(original.content)
    if guard == "totals" and original.path in OWN and kind in ("flip", "digit"):
        head = b"".join(lines[: first - 1])
        return head + DAMAGES[kind](b"".join(lines[first - 1 :]), chance)
    return DAMAGES[kind](original.content, chance)


def strip(row: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    return tuple((column, value) for column, value in row if column not in FREE_TEXT)


def has_free_text(original: Original) -> bool:
    return any(column in FREE_TEXT for rows in original.facts.values() for row in rows for column, _ in row)


def judge(  # noqa: PLR0911 - a return for each thing that may become of a copy
    original: Original, receipt: Receipt, facts: dict[str, Any]
) -> tuple[str, str]:
    """What became of a copy: refused, caught, without effect, changed in silence, lines lost, lost, or another name."""
    if receipt.outcome == "refused":
        return "refused", ""
    if receipt.rows != receipt.used + receipt.quarantined + receipt.out_of_scope:
        return "lost", str(receipt)
    new = [(table, row) for table, rows in facts.items() for row in rows - original.facts[table]]
    gone = sum(len(rows - facts.get(table, frozenset())) for table, rows in original.facts.items())
    if not new:
        if gone and not receipt.quarantined:
            return "lines lost", f"{gone} facts are gone, nothing is set aside"
        return ("caught" if gone else "without effect"), ""
    for table, row in new:
        named = {column: value for column, value in row if column not in FIGURES | FREE_TEXT}
        if not any(named.items() <= dict(old).items() for old in original.facts[table]):
            return "another name", f"{table}: {named}"
    figures = {table: {strip(row) for row in rows} for table, rows in original.facts.items()}
    if all(strip(row) in figures[table] for table, row in new):
        return "other wording", str(new[0])
    return "changed in silence", str(new[0][0]) + ": " + str([v for k, v in new[0][1] if k in FIGURES])


@pytest.mark.slow
def test_no_damage_crashes_hangs_or_passes_in_silence(tmp_path: Path) -> None:
    shares = [(seed, COPIES // 2, str(tmp_path), "") for seed in (20061, 20102)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(run, shares))
    counts = sum((counts for counts, _ in results), Counter[tuple[str, str, str]]())
    wrong = [line for _, lines in results for line in lines]
    report(counts)
    assert not wrong, f"{len(wrong)} copies, such as:\n" + "\n".join(wrong[:20])
    assert sum(counts.values()) == sum(copies for _, copies, *_ in shares) >= COPIES - 1
    caught = sum(n for (guard, _, outcome), n in counts.items() if guard == "none" and outcome in ("refused", "caught"))
    assert caught > COPIES // 10


def report(counts: Counter[tuple[str, str, str]]) -> None:
    """What became of the copies, by what the sender sent along and by damage."""
    outcomes = ("refused", "caught", "without effect", "changed in silence", "other wording", "lines lost", "as it was")
    print(f"\n{'sent along':12}{'damage':16}" + "".join(f"{outcome:>19}" for outcome in outcomes))
    for guard in ("none", "totals", "hash"):
        for kind in DAMAGES:
            cells = "".join(f"{counts[guard, kind, outcome]:>19}" for outcome in outcomes)
            print(f"{guard:12}{kind:16}{cells}")
    for kind in ("flip", "digit"):
        tried = sum(counts["none", kind, outcome] for outcome in outcomes[:6])
        missed = counts["none", kind, "changed in silence"]
        print(f"miss rate without hash or totals, {kind}: {missed} of {tried} ({missed / max(tried, 1):.1%})")
    for kind in WHOLE_LINES:
        tried = sum(counts["none", kind, outcome] for outcome in outcomes[:6])
        missed = counts["none", kind, "lines lost"]
        print(f"whole lines lost without a word, {kind}: {missed} of {tried} ({missed / max(tried, 1):.1%})")
