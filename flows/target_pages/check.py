"""The check of targets before they are decided: what intake would set aside, and what the figures say of the rest."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.core.files import write
from flows.core.provenance import file_sha256
from flows.intake import names, plans, stage
from flows.intake.deliveries import BESIDE, NOTE_SUFFIX, Delivery
from flows.intake.reading import reading
from flows.intake.receipts import Receipt
from flows.marts.build import over_snapshot
from flows.present import notation, vocabulary
from flows.publish.plans_read import Row
from flows.publish.snapshots import Snapshot
from schemas.indicators import Indicator
from schemas.registry import Registry
from schemas.sources import Source

SOURCE = TABLE = "plan_targets"
ORIGINS = {"real": "virkelige", "synthetic": "syntetiske"}


class NotChecked(ValueError):
    """The file cannot be checked at all; the message says why, in Danish."""


@dataclass(frozen=True)
class Answer:
    """One answer: `is_fine`, and a sentence."""

    is_fine: bool
    sentence: str


@dataclass(frozen=True)
class Checked:
    """A target: its number, its goal, and the answers."""

    line: int
    plan: str
    number: str
    goal: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class UnusableRow:
    """A row that intake would set aside, and why, for its sender."""

    line: int
    column: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class FileCheck:
    """What the check of a file found: rows that would be set aside, and answers for every other one."""

    unusable: tuple[UnusableRow, ...]
    targets: tuple[Checked, ...]


def check(file: Path, snapshot: Snapshot, registry: Registry) -> FileCheck:
    """Read a file of targets as intake would, and hold every target against the figures of a snapshot.

    Raises NotChecked where the file would be refused as a whole.
    """
    with tempfile.TemporaryDirectory(prefix="boligprofil-check-") as folder:
        receipt = _read(file, snapshot, registry, Path(folder))
        if receipt.outcome == "refused":
            detail = f" ({receipt.detail})" if receipt.detail else ""
            raise NotChecked(f"{file.name}: {registry.rules[receipt.rule].da}{detail}")
        if receipt.origin != snapshot.manifest["origin"]:
            raise NotChecked(
                f"{file.name} siger, at målene er {ORIGINS[receipt.origin]}, men tallene i data er "
                f"{ORIGINS[snapshot.manifest['origin']]}. De to må aldrig mødes."
            )
        rows = pl.read_parquet(Path(folder) / receipt.tables[TABLE], glob=False)
        faults = pl.read_parquet(Path(folder) / receipt.faults, glob=False) if receipt.faults else None
    broken = [] if faults is None else faults.rows(named=True)
    unread = {UnusableRow(r["line"], r["column"], registry.rules[r["rule"]].da, r["detail"]) for r in broken}
    fitting, misfits = _fitting(rows, snapshot, registry)
    ordered = sorted({*unread, *misfits}, key=lambda row: (row.line, row.column, row.reason))
    return FileCheck(tuple(ordered), tuple(_targets(fitting, snapshot, registry)))


def _read(file: Path, snapshot: Snapshot, registry: Registry, folder: Path) -> Receipt:
    """The receipt of the file; a draft without a delivery note is read as if it had one."""
    known = names.names(registry, snapshot.read("dim_municipalities"), snapshot.read("dim_municipality_mergers"))
    beside = {suffix: part for suffix in BESIDE if (part := file.with_name(file.name + suffix)).is_file()}
    delivery = Delivery(f"{SOURCE}/{file.name}", file, SOURCE, file_sha256(file), beside, _hashes(beside), _today())
    receipt = stage.stage(delivery, folder, reading(SOURCE, registry, known))
    if receipt.rule != "head_missing" or NOTE_SUFFIX in beside:
        return receipt
    note = folder / f"note{NOTE_SUFFIX}"
    origin = "real" if snapshot.manifest["origin"] == "real" else "syntetisk"
    write(note, f"kilde: udkast\nudgivet: {_today()}\noprindelse: {origin}\n".encode())
    noted = {**beside, NOTE_SUFFIX: note}
    return stage.stage(replace(delivery, beside=noted, hashes=_hashes(noted)), folder, reading(SOURCE, registry, known))


def _hashes(beside: Mapping[str, Path]) -> dict[str, str]:
    return {suffix: file_sha256(part) for suffix, part in beside.items()}


def _today() -> date:
    return datetime.now(UTC).date()


def _fitting(rows: pl.DataFrame, snapshot: Snapshot, registry: Registry) -> tuple[pl.DataFrame, list[UnusableRow]]:
    """The rows that fit the plans, what is there of targets and activities, and each other; and the others' faults."""
    granted = snapshot.read("dim_plans").select("plan_name", "municipality_code", "area_ids")
    known = plans.known((name, code, areas.split(", ")) for name, code, areas in granted.rows())
    empty_where_false = pl.col("is_withdrawn").replace(False, None)
    before = snapshot.read("dim_targets").select(rows.columns).cast(rows.schema).with_columns(empty_where_false)
    activities = snapshot.read("plan_activity_years").select("plan_name", "municipality_code", "activity")
    addition = plans.added(plans.as_granted(before, known), rows, plans.as_granted(activities, known), known, registry)
    here = set(rows["source_file"])
    faults = [
        UnusableRow(fault.line, fault.column, registry.rules[fault.rule].da, fault.detail)
        for path, fault in addition.set_aside
        if path in here
    ]
    lines = {fault.line for fault in faults}
    return rows.filter(~pl.col("source_line").is_in(list(lines))), faults


def _targets(rows: pl.DataFrame, snapshot: Snapshot, registry: Registry) -> list[Checked]:
    """Every target with the answers of the figures, in the order of the file."""
    marts = {name: snapshot.path(name) for name in snapshot.manifest["marts"]}
    targets = over_snapshot("dim_targets", marts, {TABLE: rows}, registry, snapshot.manifest["origin"])
    profile = snapshot.read("area_profile").filter(pl.col("value").is_not_null())
    areas = dict(snapshot.read("dim_areas").select("area_id", "area_name").rows())
    checked = []
    for target in targets.sort("source_line").rows(named=True):
        if target["is_withdrawn"]:
            answers = [Answer(True, "Målet udgår.")]
        elif target["indicator"] is None:
            reason = vocabulary.NOT_MEASURABLE[target["not_measurable_because"]]
            answers = [Answer(True, f"Målet følges ikke med tal: {reason}.")]
        else:
            indicator = registry.indicators[target["indicator"]]
            figures = profile.filter(area_id=target["area_id"], indicator=indicator.id).sort("year")
            answers = [
                _measured(target, indicator, figures, areas),
                _start(target, indicator),
                *_way(target, indicator),
                _published(target, figures, registry),
            ]
        checked.append(
            Checked(target["source_line"], target["plan_name"], target["target_no"], target["goal"], tuple(answers))
        )
    return checked


def _measured(target: Row, indicator: Indicator, figures: pl.DataFrame, areas: Mapping[str, str]) -> Answer:
    """Is the indicator measured for this area?"""
    area = areas.get(target["area_id"], target["area_id"])
    if figures.is_empty():
        return Answer(False, f"Der er ingen tal for '{indicator.label_da}' i {area}. Målet kan ikke følges.")
    years = figures["year"].to_list()
    there = f"Der er tal for '{indicator.label_da}' i {area} for {notation.years(years)}."
    if indicator.interval is None:
        return Answer(
            False, f"{there} Men tallet har ingen beregnet usikkerhed, så bevægelse kan ikke skilles fra tilfælde."
        )
    if figures["numerator"].null_count() == figures.height:
        return Answer(False, f"{there} Men antallene bag er ikke leveret, så bevægelse kan ikke skilles fra tilfælde.")
    return Answer(True, there)


def _start(target: Row, indicator: Indicator) -> Answer:
    """Is the starting value what the figures say?"""
    start, year = notation.valued(target["start_value"], indicator), target["start_year"]
    figure = notation.valued(target["start_figure"], indicator)
    match target["start_check"]:
        case "equal":
            return Answer(True, f"Startværdien {start} er den, som tallene viser for {year}.")
        case "within_interval":
            return Answer(
                True, f"Startværdien {start} er ikke tallet for {year}, som er {figure}, men inden for dets usikkerhed."
            )
        case "differs":
            return Answer(False, f"Startværdien {start} passer ikke: tallene viser {figure} for {year}.")
        case _:
            return Answer(False, f"Startværdien {start} kan ikke kontrolleres: der er intet tal for {year}.")


def _way(target: Row, indicator: Indicator) -> list[Answer]:
    """What the figures say of the way to the target; none where they lie beyond it already."""
    if target["moved_of_areas"] is None:
        reached = notation.valued(target["target_value"], indicator)
        return [Answer(False, f"Efter tallene er målet på {reached} allerede nået i {target['start_year']}.")]
    good = {"high_is_better": "up", "high_is_worse": "down"}.get(indicator.polarity, target["direction"])
    against = "Tallet skal flytte sig den vej, som ellers regnes for den dårlige."
    odd = [] if target["direction"] == good else [Answer(False, against)]
    return [*odd, *_step(target, indicator), _moved(target)]


def _step(target: Row, indicator: Indicator) -> list[Answer]:
    """Is the step larger than the smallest visible change of an area of this size? In points and in what is counted."""
    step = notation.changed(target["step_size"], indicator)
    if target["visible_change"] is None:
        lacking = "der er intet tal for startåret" if target["start_figure"] is None else "usikkerheden er ukendt"
        return [Answer(False, f"Skridtet til målet er {step}. Om det er stort nok til at ses, vides ikke: {lacking}.")]
    units = abs(target["step_size"]) * target["visible_count"] / target["visible_change"]
    visible = notation.changed(target["visible_change"], indicator).lstrip("+")
    sizes = (
        f"Skridtet til målet er {step}, det svarer til {notation.counted(units, indicator)}. Den mindste ændring, der "
        f"kan ses i et område af den størrelse, er {visible} "
        f"eller {notation.counted(target['visible_count'], indicator)}."
    )
    if target["step_is_visible"]:
        return [Answer(True, sizes)]
    return [
        Answer(False, f"{sizes} Skridtet er mindre: selv når målet er nået, kan tallene sandsynligvis ikke vise det.")
    ]


def _moved(target: Row) -> Answer:
    """How many of all areas ever moved so far in so many years?"""
    compared, moved = target["moved_of_areas"], target["moved_areas"]
    span = target["target_year"] - target["start_year"]
    years = "1 år" if span == 1 else f"{span} år"
    if not compared:
        return Answer(False, f"Ingen boligområder har to tal med {years} imellem, der kan sammenlignes.")
    way = "op" if target["direction"] == "up" else "ned"
    counted = f"{notation.number(moved)} af {notation.number(compared)} boligområder"
    areas = f"{counted} er på noget tidspunkt gået så langt {way} på {years}"
    less = f"Skridtet er større end {notation.number(target['step_percentile'])} % af alle de ændringer, der er set."
    return Answer(moved > 0, f"{areas}, også dem, der gjorde det ved et tilfælde. {less}")


def _published(target: Row, figures: pl.DataFrame, registry: Registry) -> Answer:
    """Is the target year covered by the release calendar of the source?"""
    year = target["target_year"]
    if year in figures["year"]:
        return Answer(True, f"Tallet for målåret {year} er allerede udgivet.")
    if figures.is_empty():
        return Answer(False, f"Det vides ikke, om der kommer et tal for målåret {year}.")
    return _awaited(year, registry.sources[figures["source"][-1]], figures, registry)


def _awaited(year: int, source: Source, figures: pl.DataFrame, registry: Registry) -> Answer:
    """Will a figure that is not there yet come, as far as the source's calendar says?"""
    who = source.publisher_da
    if source.releases is None:
        return Answer(
            False, f"Kilden ({who}) har ingen udgivelseskalender: det vides ikke, om der kommer et tal for {year}."
        )
    columns = [
        column for column in registry.layout_of(source.id).columns if column.indicator == figures["indicator"][0]
    ]
    if any(column.years and year not in column.years for column in columns):
        return Answer(False, f"Kilden ({who}) har ikke tallet for {year}.")
    releases, of_source = source.releases, figures.filter(source=source.id)
    lag = min((of_source["published_at"].dt.year() - of_source["year"]).to_list())
    if year + lag not in releases.years or (source.years and year not in source.years):
        unknown = "det vides ikke, om der kommer et tal for målåret"
        return Answer(False, f"Kildens udgivelseskalender ({who}) rækker ikke til {year}: {unknown}.")
    due = date.fromisoformat(f"{year + lag}-{max(releases.days)}")
    if due < _today():
        return Answer(False, f"Tallet for målåret {year} burde være udgivet {notation.day(due)}, men er ikke leveret.")
    return Answer(True, f"Tallet for målåret {year} ventes udgivet omkring {notation.day(due)}.")
