"""One delivery to facts on disk. Files are named by content; a receipt, written last, means that the work is done."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from flows.core.files import keep, parquet, write
from flows.core.provenance import code_sha256, digest, engine_versions
from flows.intake import cast, corrections, facts, faults, formats
from flows.intake import delivery_note as notes
from flows.intake.cast import Typed
from flows.intake.coded import Content, Sheet
from flows.intake.deliveries import HASH_SUFFIX, HIDDEN, Delivery
from flows.intake.delivery_note import Note
from flows.intake.facts import ROW, Stamp
from flows.intake.faults import Fault, Group, Refusal
from flows.intake.names import Names
from flows.intake.privacy import lines_with_cpr_numbers
from flows.intake.reshape import Tidy, tidy, with_zeros
from schemas.registry import Registry

READERS = ("polars", "pandera", "pyarrow", "python-calamine", "pyaxis")
BLOCK = 500_000
LARGE = 16 << 20


@dataclass(frozen=True)
class Receipt:
    """What became of one delivery.

    `rows` = `used` + `quarantined` + `out_of_scope`, or the delivery was refused as a whole (then `rule` says why).
    Where figures stand in several columns of a line, each is a row; of the rows `implied` are not in the file and mean
    0, by the word of its note. `tables` names the staged file of each fact table;
    `faults` the file of broken rules (line, column, rule, detail, row); `corrected` and `accepted` count the rows that
    a declared correction or exception matched. For a refused delivery `stands_in` is the fingerprint of the older one
    whose facts are used in its place. `history` are the staged files of the older versions that
    still count, by fact table, the oldest first.
    """

    path: str
    fingerprint: str
    source: str | None
    outcome: Literal["accepted", "refused"]
    rule: str = ""
    detail: str = ""
    origin: str = ""
    says: str = ""
    sender: str = ""
    published_at: str = ""
    format: str = ""
    encoding: str = ""
    rows: int = 0
    used: int = 0
    quarantined: int = 0
    out_of_scope: int = 0
    implied: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    corrected: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    faults: str = ""
    archived: str = ""
    stands_in: str = ""
    history: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def facts_from(self) -> str:
        """Fingerprint of the delivery that the facts come from: its own, an older one's that stands in, or none."""
        return self.fingerprint if self.outcome == "accepted" else self.stands_in

    def entry(self, set_aside: int, quarantine: Path | None) -> dict[str, Any]:
        """What became of the delivery as plain values, for the manifest; what is empty is left out.

        `set_aside` counts its rows that other deliveries contradict, `quarantine` is the file for people.
        """
        entry = {
            "path": self.path,
            "source": self.source,
            "outcome": self.outcome,
            "sha256": self.fingerprint,
            "facts_from": self.facts_from,
            "origin": self.origin,
            "says": self.says,
            "sender": self.sender,
            "published_at": self.published_at,
            "format": self.format,
            "encoding": self.encoding,
            "rows": self.rows,
            "used": self.used,
            "quarantined": self.quarantined,
            "out_of_scope": self.out_of_scope,
            "set_aside": set_aside,
            "rules": self.rules,
            "corrected": self.corrected,
            "accepted": self.accepted,
            "rule": self.rule,
            "detail": self.detail,
            "quarantine": quarantine.as_posix() if quarantine else "",
        }
        return {name: value for name, value in entry.items() if value not in ("", {}, None)}

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """Read a receipt."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))


def key(delivery: Delivery, registry: Registry, names: Names | None) -> str:
    """Name of a delivery's facts: its path and bytes, the registry, the names, the code and engines that read it."""
    engines = [f"{name} {engine_versions()[name]}" for name in READERS]
    parts = [
        delivery.path,
        delivery.identity,
        delivery.received_on.isoformat(),
        registry.fingerprint,
        names.fingerprint if names else "",
        code_sha256("flows.intake", "schemas"),
        *engines,
    ]
    return digest(parts)[:32]


def stage(delivery: Delivery, staging: Path, registry: Registry, names: Names | None) -> Receipt:
    """Facts and receipt of a delivery, read only if that has not been done before.

    `names` is None where the layout needs none or where no list of municipalities could be read.
    Nothing is raised for bad deliveries: the receipt says what is wrong.
    """
    name = key(delivery, registry, names)
    receipt_file = staging / "receipts" / f"{name}.json"
    if receipt_file.is_file():
        receipt = Receipt.from_file(receipt_file)
        if all(
            (staging / file).is_file() for file in (*receipt.tables.values(), receipt.faults, receipt.archived) if file
        ):
            return receipt
    try:
        receipt = _stage(delivery, staging, registry, names, name)
    except Refusal as refusal:
        receipt = Receipt(
            delivery.path,
            delivery.fingerprint,
            delivery.source,
            "refused",
            rule=refusal.rule,
            detail=refusal.detail,
            sender=registry.sources[delivery.source].publisher if delivery.source else "",
        )
    write(receipt_file, json.dumps(asdict(receipt), ensure_ascii=False, indent=1, sort_keys=True).encode())
    return receipt


def _stage(delivery: Delivery, staging: Path, registry: Registry, names: Names | None, name: str) -> Receipt:
    if HIDDEN in delivery.path:
        raise Refusal("cpr_number", "the name of the file")
    if delivery.source is None:
        raise Refusal("no_source", f"folder '{Path(delivery.path).parent.as_posix()}'")
    source, layout = registry.sources[delivery.source], registry.layout_of(delivery.source)
    content = _opened(delivery.file)
    note = _note_beside(delivery)
    with ThreadPoolExecutor(1) as beside:
        unchanged = beside.submit(_check, content, delivery.fingerprint)
        try:
            sheet = formats.read(content, layout, source, note, vouched=_vouched(delivery))
        finally:
            # A file that changed meanwhile is refused for that, whatever else was found in it.
            unchanged.result()
    accepted: Counter[str] = Counter()
    if sheet.note.rows not in (None, sheet.rows):
        if (excuse := registry.excuse("row_count_differs", delivery.path)) is None:
            raise Refusal("row_count_differs", f"the note says {sheet.note.rows}, the file has {sheet.rows}")
        accepted[excuse] += 1
    sheet, corrected = corrections.corrected(sheet, source.id, delivery.path, registry)
    cast.check_totals(sheet, layout)
    rows = tidy(sheet, layout, source)
    if sheet.note.absent_is_zero:
        rows = with_zeros(rows)
    else:
        cast.check_complete(rows, layout)
    if layout.needs_municipalities and names is None:
        raise Refusal("needs_other_source", "municipalities")
    typed, groups = cast.cast(rows, layout, source, registry, names or Names(), sheet.note.withheld_as)
    if not any(group.rule == "unknown_place" for group in groups):
        cast.check_municipalities(typed, layout, names or Names())
    total = len(rows.lines) + rows.headings + len({fault.line for fault in sheet.broken})
    read = Receipt(
        path=delivery.path,
        fingerprint=delivery.fingerprint,
        source=source.id,
        outcome="accepted",
        origin=sheet.note.origin,
        says=sheet.note.says,
        sender=sheet.note.sender or source.publisher,
        published_at=sheet.note.published_at.isoformat(),
        format=sheet.format,
        encoding=sheet.encoding,
        rows=total,
        implied=int((rows.lines == 0).sum()),
        out_of_scope=rows.headings + int(typed.outside.sum()),
    )
    stamp = Stamp(
        source.id,
        delivery.path,
        sheet.note.published_at,
        sheet.note.received_at or delivery.received_on,
        sheet.note.origin,
    )
    archived = f"deliveries/{delivery.fingerprint}"
    intake = _Intake(delivery, sheet, rows, typed, groups, stamp, registry, staging / "work" / name)
    with ThreadPoolExecutor(1) as archive:
        kept = [archive.submit(keep, staging / archived, delivery.file)]
        for suffix, part in delivery.beside.items():
            kept.append(archive.submit(keep, staging / "deliveries" / delivery.hashes[suffix], part))
        files, found, bad = intake.run()
        for copy in kept:
            copy.result()
    quarantined = int(bad.sum()) + len({fault.line for fault in sheet.broken})
    read = replace(
        read,
        quarantined=quarantined,
        rules=_counts(found),
        faults=_write_faults(found, sheet, staging, name),
        corrected=corrected,
        accepted=dict(accepted + intake.accepted),
    )
    asked_for = total - read.out_of_scope
    excuse = registry.excuse("too_many_bad_rows", delivery.path)
    if quarantined > source.max_bad_share * asked_for and excuse:
        read = replace(read, accepted=read.accepted | {excuse: 1})
    elif quarantined > source.max_bad_share * asked_for:
        intake.discard(files)
        detail = f"{quarantined} of {asked_for} rows, at most {source.max_bad_share:.0%} allowed; {_words(read.rules)}"
        return replace(read, outcome="refused", rule="too_many_bad_rows", detail=detail)
    tables = {table: f"{table}/{name}.parquet" for table in files}
    for table, file in files.items():
        (staging / table).mkdir(parents=True, exist_ok=True)
        file.replace(staging / tables[table])
    intake.discard({})
    return replace(read, used=asked_for - quarantined, tables=tables, archived=archived)


def _content(file: Path, fingerprint: str) -> Content:
    """The bytes of a file that must be those that were fingerprinted. Raises Refusal."""
    content = _opened(file)
    _check(content, fingerprint)
    return content


def _opened(file: Path) -> Content:
    """The bytes of a file, mapped into memory where they are many."""
    try:
        with file.open("rb") as opened:
            large = file.stat().st_size > LARGE
            return mmap(opened.fileno(), 0, access=ACCESS_READ) if large else opened.read()
    except OSError:
        raise Refusal("not_readable") from None


def _check(content: Content, fingerprint: str) -> None:
    if hashlib.sha256(content).hexdigest() != fingerprint:
        raise Refusal("changed_while_read")


def _note_beside(delivery: Delivery) -> Note | None:
    if (file := delivery.beside.get(notes.SUFFIX)) is None:
        return None
    try:
        said = bytes(_content(file, delivery.hashes[notes.SUFFIX])).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Refusal("undecodable", "the delivery note beside the file is not UTF-8") from None
    if held := lines_with_cpr_numbers(said):
        raise Refusal("cpr_number", f"line {held[0]} of the delivery note")
    return notes.parse(notes.pairs(said))


def _vouched(delivery: Delivery) -> bool:
    """Whether the sender's own hash of the file agrees with what was received. Raises Refusal where it differs."""
    if (file := delivery.beside.get(HASH_SUFFIX)) is None:
        return False
    said = bytes(_content(file, delivery.hashes[HASH_SUFFIX])).split()
    if not said or said[0].lower() != delivery.fingerprint.encode():
        raise Refusal("sha256_differs")
    return True


@dataclass
class _Intake:
    """Typed rows to validated files, block by block, so that memory does not grow with the delivery."""

    delivery: Delivery
    sheet: Sheet
    rows: Tidy
    typed: Typed
    groups: Sequence[Group]
    stamp: Stamp
    registry: Registry
    work: Path
    accepted: Counter[str] = field(default_factory=Counter)

    def run(self) -> tuple[dict[str, Path], list[Fault], NDArray[np.bool_]]:
        """The file of each fact table, everything that is wrong, and which rows are set aside."""
        found = [*self.sheet.broken, *(fault for group in self.groups for fault in self.rows.faults(group))]
        bad = np.zeros(len(self.rows.lines), dtype=bool)
        for group in self.groups:
            bad[group.rows] = True
        keys: dict[str, list[pl.Series]] = {}
        files = self._write(bad, found, keys)
        if repeated := self._repeated(bad, keys):
            found += repeated
            bad[[fault.row for fault in repeated]] = True
            files = self._write(bad, None, {})
        return files, found, bad

    def _blocks(self, chosen: NDArray[np.bool_]) -> Iterator[dict[str, pl.DataFrame]]:
        registry, source = self.registry, self.registry.sources[self.stamp.source]
        layout = registry.layout_of(source.id)
        columns = [column for column, _ in self.rows.columns.values()]
        rows = np.flatnonzero(chosen & ~self.typed.outside)
        for start in range(0, max(len(rows), 1), BLOCK):
            block = self.typed.block(rows[start : start + BLOCK])
            yield facts.tables(block, columns, self.stamp, source, layout, registry)

    def _write(
        self, bad: NDArray[np.bool_], found: list[Fault] | None, keys: dict[str, list[pl.Series]]
    ) -> dict[str, Path]:
        """Write the rows that are not bad; where `found` is given, validate them first and set aside what fails."""
        headers = {column.name: header for header, (column, _) in self.rows.columns.items()}
        files: dict[str, Path] = {}
        with ExitStack() as stack, ThreadPoolExecutor(1) as pen:
            adders: dict[str, Any] = {}
            writing: list[Future[None]] = []
            for made in self._blocks(~bad):
                failed: set[int] = set()
                for name, rows in made.items() if found is not None else ():
                    faulty, accepted = facts.validate(name, rows, self.registry, headers, self.rows)
                    self.accepted += accepted
                    found += faulty  # type: ignore[operator]
                    failed |= {fault.row for fault in faulty}
                bad[list(failed)] = True
                for name, rows in made.items():
                    table = self.registry.tables[name]
                    good = rows.filter(~pl.col(ROW).is_in(failed)) if failed else rows
                    if found is not None:
                        keys.setdefault(name, []).append(good.select(table.key).hash_rows())
                    if name not in adders:
                        files[name] = self.work / f"{name}.parquet"
                        adders[name] = stack.enter_context(parquet(files[name], table))
                    while len(writing) > 1:
                        writing.pop(0).result()
                    writing.append(pen.submit(self._add, adders[name], good))
            for part in writing:
                part.result()
        return files

    def _add(self, add: Callable[[pa.Table], None], rows: pl.DataFrame) -> None:
        """Write validated rows. Text that came from a column of the delivery is written as the codes that it has."""
        at, stamp = rows[ROW].to_numpy(), vars(self.stamp)
        columns = {}
        for name in rows.drop(ROW).columns:
            coded = self.typed.arrow(name, at)
            if name in stamp and rows.schema[name] == pl.String:
                coded = pa.DictionaryArray.from_arrays(np.zeros(len(at), dtype=np.int32), [stamp[name]])
            columns[name] = coded if coded is not None else rows[name].to_arrow()
        add(pa.table(columns))

    def _repeated(self, bad: NDArray[np.bool_], keys: Mapping[str, list[pl.Series]]) -> list[Fault]:
        """Faults of rows that share a key; only rows whose keys have the same hash are looked at again."""
        headers = {column.name: header for header, (column, _) in self.rows.columns.items()}
        hashes = {name: pl.concat(parts) for name, parts in keys.items()}
        doubtful = {name: of for name, of in hashes.items() if of.n_unique() < len(of)}
        twice = {name: of.filter(of.is_duplicated()).unique() for name, of in doubtful.items()}
        if not twice:
            return []
        suspects: dict[str, list[pl.DataFrame]] = {}
        for made in self._blocks(~bad):
            for name, of in twice.items():
                shared = made[name].select(self.registry.tables[name].key).hash_rows().is_in(of.implode())
                suspects.setdefault(name, []).append(made[name].filter(shared))
        return [
            fault
            for name, rows in suspects.items()
            for fault in facts.key_faults(pl.concat(rows), self.registry.tables[name], headers)
        ]

    def discard(self, files: Mapping[str, Path]) -> None:
        """Take away files that are not wanted, and the folder they were made in."""
        for file in files.values():
            file.unlink()
        self.work.rmdir()


def _counts(found: list[Fault]) -> dict[str, int]:
    """Rows per rule."""
    broken = {(fault.line, fault.row, fault.rule) for fault in found}
    return dict(sorted(Counter(rule for _, _, rule in broken).items()))


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{rule} ({count})" for rule, count in counts.items())


def _write_faults(found: list[Fault], sheet: Sheet, staging: Path, name: str) -> str:
    if not found:
        return ""
    file = f"faults/{name}.parquet"
    rows = faults.frame(found)
    text = sheet.raw(rows["line"].unique().to_list())
    rows = rows.with_columns(row=pl.Series(values=[text.get(line, "") for line in rows["line"]], dtype=pl.String()))
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    write(staging / file, buffer.getvalue())
    return file
