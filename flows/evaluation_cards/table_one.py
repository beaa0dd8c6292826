"""Table 1: the groups of a contrast before the grants, as the first table of a paper shows them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from flows.core.files import write as write_file
from flows.evaluation_cards import documents, english, sentences
from flows.evaluation_cards.card import CardTable
from flows.evaluation_cards.figures import CATEGORIES, OUTCOME_GROUPS, Row, contrasts_of, refuse
from flows.evaluation_cards.sentences import ArmNames
from flows.present.cells import TableCell
from flows.publish.snapshots import Snapshot
from schemas.evaluation import Contrast
from schemas.indicators import Indicator
from schemas.registry import Registry

GROUPS = {"background": "Background", **OUTCOME_GROUPS}
FORMATS: Mapping[str, Callable[[CardTable], bytes]] = {
    "docx": documents.word,
    "tex": documents.latex,
    "md": documents.markdown,
}

Pairs = Mapping[tuple[str, str], Row]


def write(
    snapshot: Snapshot,
    registry: Registry,
    folder: Path,
    contrasts: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
) -> list[Path]:
    """Write `table1_<contrast>.<format>` into `folder`: by default what cards show, as Word, LaTeX and Markdown.

    Raises ValueError for an unknown contrast or format, NoBaseline where the snapshot has no figures of the years
    before the grants, LookupError where it lacks the mart.
    """
    refuse(snapshot, registry)
    known = {contrast.id: contrast for contrast in registry.evaluation.contrast.values() if contrast.arms}
    shown = [contrast.id for contrast in contrasts_of(registry) if contrast.arms]
    for word, asked, there in (("contrast of groups", contrasts, known), ("format", formats, FORMATS)):
        if unknown := sorted(set(asked or ()) - there.keys()):
            raise ValueError(f"no {word} {', '.join(unknown)}; there are {', '.join(there)}")
    mart, files = snapshot.read("table_1"), []
    for name in dict.fromkeys(contrasts or shown):
        table = compose(mart.filter(contrast=name).rows(named=True), known[name], snapshot, registry)
        for form in dict.fromkeys(formats or FORMATS):
            files.append(folder / f"table1_{name}.{form}")
            write_file(files[-1], FORMATS[form](table))
    return files


def compose(rows: Sequence[Row], contrast: Contrast, snapshot: Snapshot, registry: Registry) -> CardTable:
    """The rows of table_1 of one contrast as a table of text: a column per group, then one per comparison."""
    names = ArmNames(registry)
    by_covariate: dict[str, dict[str, dict[tuple[str, str], Row]]] = {}
    for row in rows:
        levels = by_covariate.setdefault(row["covariate"], {})
        levels.setdefault(row["level"], {})[row["arm_1"], row["arm_0"]] = row
    heads = [_head(arm, by_covariate, names) for arm in contrast.arms]
    compared = [f"{names.arm(first)} against {names.arm(second)}" for first, second in contrast.pairs]
    has = {what: any(row[what] is not None for row in rows) for what in ("smd_weighted", "smd_twins")}
    weights = str(contrast.weighting)
    after = [(what, word) for what, word in (("smd_weighted", weights), ("smd_twins", "twins")) if has[what]]
    columns = ["", *heads, "Areas with a figure"]
    columns += ["SMD (95 % interval)"] if len(compared) == 1 else [f"SMD, {pair}" for pair in compared]
    columns += [f"SMD, {sentences.WEIGHTINGS[word]}" for _, word in after]
    shown = _Shown(contrast, registry, tuple(what for what, _ in after))
    origin, _ = sentences.ORIGINS[snapshot.manifest["origin"]]
    evaluation = registry.evaluation
    span = english.years(evaluation.first_year(evaluation.balancing.window), evaluation.baseline.last_year)
    return CardTable(
        caption=f"Table 1. {contrast.label_en}: before the grants, {span} ({origin} figures, snapshot {snapshot.id})",
        columns=tuple(columns),
        rows=tuple(shown.rows(by_covariate)),
        notes=tuple(_notes(rows, contrast, names)),
    )


class _Shown:
    """How the rows of a contrast are set: which columns it has, and in which order its covariates stand."""

    def __init__(self, contrast: Contrast, registry: Registry, after: tuple[str, ...]) -> None:
        self.contrast, self.registry, self.after = contrast, registry, after

    def rows(self, by_covariate: Mapping[str, Mapping[str, Pairs]]) -> Iterator[tuple[TableCell, ...]]:
        """Groups of indicators in the registry's order, then what has categories."""
        for group, title in GROUPS.items():
            of_group = [
                indicator.id
                for indicator in self.registry.indicators.values()
                if indicator.indicator_group == group and indicator.id in by_covariate
            ]
            if of_group:
                yield self._title(title)
            for name in of_group:
                indicator = self.registry.indicators[name]
                yield self._row(_label(indicator), by_covariate[name]["all"], partial(_figure, indicator))
        for name, title in CATEGORIES.items():
            levels = by_covariate.get(name, {})
            if levels:
                yield self._title(title, levels.get("overall", {}))
            for level in self._in_order(name, levels):
                pairs = levels[level]
                yield self._row(next(iter(pairs.values()))["level_label"] or level, pairs, _share)

    def _in_order(self, name: str, levels: Mapping[str, Pairs]) -> list[str]:
        """Levels as their list of codes has them, others by their names."""
        listed = [row.get(name, "") for row in self.registry.codes.get(f"{name}s", ())]
        known = [level for level in listed if level in levels]
        return [*known, *sorted(levels.keys() - {*known, "overall"})]

    def _title(self, title: str, pairs: Pairs | None = None) -> tuple[TableCell, ...]:
        """A head within the table; of categories with their common difference."""
        smds = [_smd((pairs or {}).get(pair)) if pairs else "" for pair in self.contrast.pairs]
        blanks = [TableCell("")] * len(self.after)
        return (
            TableCell(title, is_flagged=True),
            *([TableCell("")] * (len(self.contrast.arms) + 1)),
            *map(TableCell, smds),
            *blanks,
        )

    def _row(self, label: str, pairs: Pairs, figure: Callable[[Row, int], str]) -> tuple[TableCell, ...]:
        sides = [_side(pairs, arm) for arm in self.contrast.arms]
        first = pairs.get(self.contrast.pairs[0], {})
        return (
            TableCell(label),
            *(TableCell(figure(row, at) if row else english.ABSENT) for row, at in sides),
            TableCell(" / ".join(f"{row[f'areas_{at}']:,}" if row else english.ABSENT for row, at in sides)),
            *(TableCell(_smd(pairs.get(pair))) for pair in self.contrast.pairs),
            *(TableCell(english.number(first.get(what), 2)) for what in self.after),
        )


def _label(indicator: Indicator) -> str:
    """What the figures are, with their unit where the words do not say it."""
    label, unit = indicator.label_en, indicator.unit
    if unit == "percent":
        return f"{label}, %"
    is_told = " per " in label or "percent" in label or indicator.kind == "count"
    return f"{label}, DKK" if is_told and unit.startswith("DKK") else label if is_told else f"{label}, {unit}"


def _side(pairs: Pairs, arm: str) -> tuple[Row, int]:
    """The row that an arm stands in, and on which side; its figures are the same in every pair."""
    for (first, second), row in pairs.items():
        if arm in (first, second):
            return row, 1 if arm == first else 0
    return {}, 1


def _head(arm: str, by_covariate: Mapping[str, Mapping[str, Pairs]], names: ArmNames) -> str:
    """The arm with its areas, and with its residents where they are known for all of them."""
    row, at = _side(by_covariate.get("residents", {}).get("all", {}), arm)
    if not row:
        return names.arm(arm)
    areas, missing, residents = row[f"areas_{at}"], row[f"missing_{at}"], row[f"residents_{at}"]
    known = f"; {residents:,} residents" if residents is not None and not missing else ""
    return f"{names.arm(arm)} ({areas + missing:,} areas{known})"


def _figure(indicator: Indicator, row: Row, at: int) -> str:
    """Mean and SD; where most is withheld what the mean can be."""
    mean, least, most = (row[f"mean_{at}{end}"] for end in ("", "_least", "_most"))
    if mean is None:
        known = [english.mean(end, indicator) for end in (least, most) if end is not None]
        return f"{known[0]} to {known[1]}" if known else english.ABSENT
    withheld = "*" if row[f"withheld_{at}"] else ""
    return f"{english.mean(mean, indicator)} ({english.mean(row[f'sd_{at}'], indicator)}){withheld}"


def _share(row: Row, at: int) -> str:
    """Areas at a level, and their share of all that have one."""
    share, areas = row[f"mean_{at}"], row[f"areas_{at}"]
    return english.ABSENT if share is None else f"{round(share * areas):,} ({english.percent(share)})"


def _smd(row: Row | None) -> str:
    if not row:
        return english.ABSENT
    if row["smd"] is None:
        ends = [row["smd_least"], row["smd_most"]]
        return english.ABSENT if None in ends else " to ".join(english.number(end, 2) for end in ends)
    interval = ""
    if row["smd_low"] is not None:
        interval = f" ({english.number(row['smd_low'], 2)} to {english.number(row['smd_high'], 2)})"
    return f"{english.number(row['smd'], 2)}{interval}"


def _notes(rows: Sequence[Row], contrast: Contrast, names: ArmNames) -> Iterator[str]:
    yield (
        "Mean (SD) over areas, every area counting once; of categories the number of areas and their share. SMD: "
        "standardised mean difference, first minus second group. No p-values: balance is a property of these areas"
    )
    divisors = {row["smd_denominator"] for row in rows} & {"sd_of_arm_1", "pooled_sd"}
    if divisors:
        scales = english.joined([sentences.DENOMINATORS[divisor] for divisor in sorted(divisors)])
        yield f"One SD is {scales}, always of the unweighted areas. Intervals are clustered by {contrast.cluster}"
    if any(row["withheld_1"] or row["withheld_0"] for row in rows):
        yield "* Some counts of 1 or 2 are withheld and taken as 1.5; what they leave open stands in the mart table_1"
    lost = max((row["twins_lost_1"] or 0 for row in rows), default=0)
    if lost:
        yield f"Without twins, and so left out of the last column: {lost:,} areas"
    left_out = {
        reason: None for row in rows for reason in (row["why"] or "").split("; ") if reason.endswith(sentences.LEFT_OUT)
    }
    for reason in left_out:
        code, _, count = reason.partition(": ")
        areas, words = count.removesuffix(sentences.LEFT_OUT), sentences.REASONS.get(code, code)
        yield f"Left out of the comparison: {areas} areas ({words})"
    yield from names.notes(contrast)
