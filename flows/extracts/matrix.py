"""The first page of a secretariat: its areas by criteria and key figures, a quiet table of sign, shade and number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.extracts import criteria as rules
from flows.extracts import findings, phrases, standing, strips, words
from flows.extracts.model import Area, ClearedFigure, Criterion, Extract, ListedPlace, Place, Watch
from flows.present import notation
from flows.present.cells import Shade, TableCell
from flows.present.language import Words, say
from flows.present.vocabulary import STATUSES
from schemas.indicators import Indicator
from schemas.registry import Registry

MOST = 10  # numbers across
MOST_BESIDE = 8  # areas of the same municipality that stand below for comparison
SIGNS: dict[Shade, str] = {"": "", "met": "●", "worst": "▲▲", "poor": "▲", "best": "▽"}
SPOKEN: Words[Shade] = Words(
    {
        "": "",
        "met": "opfyldt",
        "worst": "ugunstigste femtedel",
        "poor": "næstugunstigste femtedel",
        "best": "gunstigste femtedel",
    }
)
NOT_MET = "○"
KEY = (
    ("met", "kriteriet er opfyldt"),
    ("", "ikke opfyldt; afstand til grænsen"),
    ("worst", "ugunstigste femtedel af alle områder med tallet"),
    ("poor", "næste femtedel"),
    ("best", "gunstigste femtedel"),
)


@dataclass(frozen=True)
class MatrixColumn:
    """A column of numbers: its indicator, its head, and the demand of the law below it; `is_criterion`."""

    indicator: Indicator
    head: str
    demand: str
    is_criterion: bool


@dataclass(frozen=True)
class MatrixRow:
    """A place: its standing on the list, a cell for each column, and its goals. `nothing` stands in place of the cells
    where no figure is there; `area` is None beside the extract's own areas."""

    name: str
    area: Area | None
    status: tuple[str, ...]
    cells: tuple[TableCell, ...]
    goals: tuple[str, ...]
    nothing: str = ""


@dataclass(frozen=True)
class Matrix:
    """The table: columns, rows of the extract's areas in order, rows to compare with, and how the areas are ordered."""

    columns: tuple[MatrixColumn, ...]
    rows: tuple[MatrixRow, ...]
    listed: tuple[MatrixRow, ...]
    wholes: tuple[MatrixRow, ...]
    has_goals: bool
    order: str
    areas: int

    @property
    def criteria(self) -> int:
        """How many columns are criteria of the law; they come first."""
        return sum(column.is_criterion for column in self.columns)

    @property
    def key(self) -> list[tuple[str, str, str]]:
        """The shades and signs that occur, with what they mean."""
        met = {(cell.shade, cell.sign) for row in (*self.rows, *self.listed) for cell in row.cells}
        entries = [(shade, SIGNS[shade] or NOT_MET, say(meaning)) for shade, meaning in KEY]  # type: ignore[index]
        return [entry for entry in entries if entry[:2] in met]


def matrix(extract: Extract, registry: Registry) -> Matrix:
    """The areas of an extract beside each other."""
    columns = tuple(_columns(extract, registry))
    rows = [_row(area, columns, extract, registry) for area in extract.areas]
    rows.sort(key=_trouble)
    wholes = (*((place, place.name) for place in extract.municipalities), (extract.country, say("Hele landet")))
    beside = [_whole(place, name, columns, extract) for place, name in wholes]
    return Matrix(
        columns,
        tuple(rows),
        tuple(_listed(columns, extract)),
        tuple(row for row in beside if any(cell.value is not None for cell in row.cells)),
        any(area.targets for area in extract.areas),
        _order(rows),
        max(map(len, extract.spreads.values()), default=0),
    )


def _order(rows: Sequence[MatrixRow]) -> str:
    """In which order the areas stand, by what parts them: `_trouble` in words."""
    shades = {cell.shade for row in rows for cell in row.cells}
    if "worst" in shades:
        return say("områder på listen først, derefter flest felter mærket ▲▲")
    if "met" in shades:
        return say("områder på listen først, derefter flest opfyldte kriterier")
    return say("områder på listen først, derefter efter navn")


def _trouble(row: MatrixRow) -> tuple[bool, int, int, str]:
    watch = findings.first_watch(row.area) if row.area else None
    met = sum(cell.shade == "met" for cell in row.cells)
    return (not (watch and watch.on_list), -sum(cell.shade == "worst" for cell in row.cells), -met, row.name)


def _columns(extract: Extract, registry: Registry) -> Iterator[MatrixColumn]:
    """The law's criteria, then the key figures, those that are shared first: as far as any area has them."""
    ruled: dict[str, Criterion] = {}
    for area in extract.areas:
        watch = findings.first_watch(area)
        for criterion in (*watch.always, *watch.criteria) if watch else ():
            ruled.setdefault(criterion.indicator, criterion)
    asked = dict.fromkeys([*ruled, *extract.shared, *registry.extracts.key_figures])
    left = MOST
    for name in asked:
        indicator = registry.indicators[name]
        if name not in extract.indicators or indicator.kind == "count" or not left:
            continue
        if not any(area.figure(name, extract.year).is_shown for area in extract.areas):
            continue
        left -= 1
        demand = ""
        if name in ruled and ruled[name].threshold is not None:
            demand = say(
                "kriterium: {sign} {threshold}",
                sign=rules.SIGNS[ruled[name].sign],
                threshold=standing.threshold(ruled[name].threshold or 0, indicator),
            )
        head = phrases.column_head(indicator)
        yield MatrixColumn(indicator, head, demand, name in ruled)


def _row(area: Area, columns: Sequence[MatrixColumn], extract: Extract, registry: Registry) -> MatrixRow:
    watch = findings.first_watch(area)
    judged = {criterion.indicator: criterion for criterion in (watch.every_criterion() if watch else ())}
    applies = watch is not None and watch.on_list is not None
    cells = tuple(
        _cell(area.figure(column.indicator.id, extract.year), column, judged, applies, extract, registry)
        for column in columns
    )
    is_bare = not any(cell.value is not None for cell in cells)
    nothing = findings.missing(area, extract, registry) if is_bare else None
    return MatrixRow(
        area.name,
        area,
        tuple(_status(watch, registry)),
        () if is_bare and columns else cells,
        tuple(findings.goals(area.targets)),
        nothing.whole if nothing else "",
    )


def _status(watch: Watch | None, registry: Registry) -> Iterator[str]:
    if watch is None:
        return
    if not watch.is_delivered:
        yield say("– Listen for {year} er ikke leveret", year=watch.year)
        return
    met = sum(bool(criterion.is_met) for criterion in watch.criteria)
    counted = (
        say(
            ", {met} af {criteria} opfyldt, {needed} kræves", met=met, criteria=len(watch.criteria), needed=watch.needed
        )
        if watch.criteria
        else ""
    )
    if watch.on_list is None:
        yield say("– Ikke nævnt i den afskrift, vi har")
        return
    yield (
        say("● På listen{counted}", counted=counted)
        if watch.on_list
        else say("○ Nævnt, ikke på listen{counted}", counted=counted)
    )
    if near := findings.nearest(watch):
        indicator = registry.indicators[near.indicator]
        percent = notation.number(standing.nearness(near))
        yield say(
            "Nærmest en grænse: {name} ({percent} % af grænsen)",
            name=phrases.lower(notation.short(indicator)),
            percent=percent,
        )


def _cell(
    figure: ClearedFigure,
    column: MatrixColumn,
    judged: dict[str, Criterion],
    applies: bool,
    extract: Extract,
    registry: Registry,
) -> TableCell:
    indicator = column.indicator
    if not figure.is_shown:
        return TableCell(words.shown(figure, registry), is_mark=True)
    number = notation.number(figure.number, indicator.decimals)
    noted = tuple(_short_limits(figure))
    if column.is_criterion:
        criterion = judged.get(indicator.id)
        if criterion is None or criterion.is_met is None or not applies:
            return TableCell(number, noted, value=figure.number, is_limited=bool(noted))
        away = standing.over_or_under(criterion, indicator)
        sign, spoken = (SIGNS["met"], say("opfyldt")) if criterion.is_met else (NOT_MET, say("ikke opfyldt"))
        shade: Shade = "met" if criterion.is_met else ""
        return TableCell(number, (away, *noted), False, figure.number, sign, shade, spoken, is_limited=bool(noted))
    fifth = standing.fifth(figure, extract, indicator)
    by_fifth: dict[int | None, Shade] = {1: "worst", 2: "poor", 5: "best"}
    shade, is_limited = by_fifth.get(fifth, ""), bool(noted)
    moved = extract.headlines.get((figure.place_id, indicator.id))
    if moved:
        sign = "↘" if moved.after < moved.before else "↗"
        noted = (
            *noted,
            say("{sign} fra {before}", sign=sign, before=notation.number(moved.before, indicator.decimals)),
        )
    return TableCell(number, noted, False, figure.number, SIGNS[shade], shade, SPOKEN[shade], is_limited)


def _short_limits(figure: ClearedFigure) -> Iterator[str]:
    if figure.is_mean:
        yield say("gns. af {window_years} år", window_years=figure.window_years)
    if figure.repeats_year:
        yield say("gentager {repeats_year}", repeats_year=figure.repeats_year)
    if figure.broken_by is not None and figure.broken_by != "other_window":
        yield say("brud")
    if figure.status and figure.status in words.UNSETTLED:
        yield STATUSES[figure.status]


def _whole(place: Place, name: str, columns: Sequence[MatrixColumn], extract: Extract) -> MatrixRow:
    cells = []
    for column in columns:
        figure = place.figure(column.indicator.id, extract.year)
        if figure.is_shown:
            number = notation.number(figure.number, column.indicator.decimals)
            of_areas = [area.figure(column.indicator.id, extract.year) for area in extract.areas]
            means = any(own.is_shown and own.is_mean != figure.is_mean for own in of_areas)
            limits = tuple(_short_limits(figure))
            noted = limits or ((say("tal for 1 år"),) if means else ())
            cells.append(TableCell(number, noted, value=figure.number, is_limited=bool(limits)))
        else:
            cells.append(TableCell(notation.ABSENT, is_mark=True, spoken=say("intet tal")))
    return MatrixRow(name, None, (), tuple(cells), ())


def _listed(columns: Sequence[MatrixColumn], extract: Extract) -> Iterator[MatrixRow]:
    """Areas of the same municipalities whose figures of the year were published: the nearest that one can look at."""
    towns = {place.name for place in extract.municipalities}
    found = [place for place in extract.listed if place.municipality in towns and _has(place, columns, extract)]
    watch = next((w for area in extract.areas if (w := findings.first_watch(area))), None)
    criteria = {criterion.indicator: criterion for criterion in (watch.criteria if watch else ())}
    for place in sorted(found, key=lambda place: (not place.on_list, place.name))[:MOST_BESIDE]:
        cells = tuple(_published(place, column, criteria.get(column.indicator.id), extract) for column in columns)
        status = {True: say("● På listen"), False: say("○ Nævnt, ikke på listen"), None: say("– Ikke nævnt")}[
            place.on_list
        ]
        yield MatrixRow(place.name, None, (status,), cells, ())


def _has(place: ListedPlace, columns: Sequence[MatrixColumn], extract: Extract) -> bool:
    return any((column.indicator.id, extract.year) in place.figures for column in columns)


def _published(place: ListedPlace, column: MatrixColumn, criterion: Criterion | None, extract: Extract) -> TableCell:
    found = place.figures.get((column.indicator.id, extract.year))
    if found is None:
        return TableCell(notation.ABSENT, is_mark=True, spoken=say("intet offentligt tal"))
    value, window = found
    noted = (say("gns. af {window} år", window=window),) if window > 1 else ()
    number = notation.number(value, column.indicator.decimals)
    if criterion is None or criterion.threshold is None:
        return TableCell(number, noted, value=value, is_limited=bool(noted))
    is_met = standing.is_met(value, criterion)
    away = standing.distance_in_words(value - criterion.threshold, column.indicator)
    shade: Shade = "met" if is_met else ""
    spoken = say("opfyldt") if is_met else say("ikke opfyldt")
    sign = SIGNS["met"] if is_met else NOT_MET
    return TableCell(number, (away, *noted), False, value, sign, shade, spoken, bool(noted))


def indicators(extract: Extract, registry: Registry) -> list[Indicator]:
    """The indicators of the matrix and of the areas' strips: those whose definitions a reader of the pages needs."""
    named = [column.indicator for column in _columns(extract, registry)]
    named += [indicator for area in extract.areas for indicator in strips.indicators(area, extract, registry)]
    return list({indicator.id: indicator for indicator in named}.values())
