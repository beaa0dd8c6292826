"""The made-up nation's deliveries of figures, with what is withheld, late, provisional or never sent."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from flows.intake.names import slug
from flows.synthetic import figures
from flows.synthetic.figures import Figure
from flows.synthetic.larger import LargerPlaces
from flows.synthetic.parameters import Delivered
from flows.synthetic.places import Places
from flows.synthetic.writer import NAME, DeliveryWriter, danish, long_lines
from schemas.registry import Registry

PROVISIONAL_SHARE = 0.985


def area_figures(
    writer: DeliveryWriter,
    post: Delivered,
    places: Places,
    of_areas: Mapping[str, Figure],
    years: Sequence[int],
    chance: np.random.Generator,
) -> None:
    """The areas' figures by source, with what is withheld, late, provisional or never sent."""
    housing, survey = (writer.registry.sources[name].indicators for name in ("housing_statistics", "resident_survey"))
    towns, homes = places.municipalities["municipality_name"].to_list(), places.areas["municipality"].to_list()
    named = pl.DataFrame(
        {
            "place": np.arange(len(homes)),
            "Geografi": pl.repeat("boligområde", len(homes), eager=True),
            "Område": places.areas["area_name"],
            "Kommune": [towns[home] for home in homes],
            "municipality": homes,
        }
    )

    def rows(indicators: Iterable[str]) -> pl.DataFrame:
        return _rows({name: of_areas[name] for name in of_areas if name in indicators}, named, years)

    register = rows(set(of_areas) - {*housing, *survey})
    register = _with_what_goes_wrong(register, writer.registry, post, places, chance)
    _register_figures(writer, register.filter(~pl.col("sent_wide") & ~pl.col("never")), post, years, chance)
    _wide_sheets(writer, register.filter("sent_wide"))
    kept = _tiny_withheld(rows(housing), writer.registry, post.withheld_below)
    for year in years:
        writer.send(
            f"housing_statistics/boliger_{year}.csv",
            f"boliger, fraflytning og husleje i boligområder {year}",
            date(year + 1, 5, 25),
            date(year + 1, 6, 1),
            long_lines(kept.filter(pl.col("year") == year), writer.registry),
        )
    asked = np.flatnonzero(chance.random(len(homes)) < post.survey_share).tolist()
    answers = rows(survey).filter(pl.col("place").is_in(asked))
    for year in sorted(set(post.survey_years) & set(years)):
        writer.send(
            f"resident_survey/beboere_{year}.csv",
            f"spørgeundersøgelse blandt beboere i boligområder {year}",
            date(year + 1, 2, 1),
            date(year + 1, 2, 8),
            long_lines(answers.filter(pl.col("year") == year), writer.registry),
        )


def _with_what_goes_wrong(
    rows: pl.DataFrame, registry: Registry, post: Delivered, places: Places, chance: np.random.Generator
) -> pl.DataFrame:
    """Marks on the rows of registers: sent as a wide sheet, never, late, first as withheld, or first as provisional.

    Municipalities of case areas always send everything: the report's areas must be comparable.
    """
    areas = places.areas
    free = sorted(set(areas["municipality"].to_list()) - set(areas.filter("is_case_area")["municipality"].to_list()))
    shuffled = iter(chance.permutation(free).tolist())

    def some(count: int) -> pl.Expr:
        return pl.col("municipality").is_in([at for at, _ in zip(shuffled, range(count), strict=False)])

    is_wide, is_absent = some(post.wide_municipalities), some(1)
    is_late, is_withheld = some(post.late_municipalities), some(post.late_withheld.municipalities)
    columns = [c.indicator for c in registry.layouts["municipal_wide"].columns if c.indicator]
    year, indicator = pl.col("year"), pl.col("indicator")
    return rows.with_columns(
        sent_wide=is_wide & year.is_in(post.wide_years) & indicator.is_in(columns),
        never=(is_absent & (year == post.never_sent_year))
        | ((indicator == post.not_collected.indicator) & (year == post.not_collected.year)),
        late=is_late & (year == post.late_year),
        withheld_first=is_withheld & (indicator == post.late_withheld.indicator) & (year == post.late_withheld.year),
        is_provisional=indicator.is_in(list(post.provisional)),
    )


def _register_figures(
    writer: DeliveryWriter, rows: pl.DataFrame, post: Delivered, years: Sequence[int], chance: np.random.Generator
) -> None:
    """Three deliveries of a year: what is known at first, what was provisional in its final form, what came late."""
    registry = writer.registry
    sent = _tiny_withheld(rows, registry, post.withheld_below)
    thinned = _provisional(sent.filter("is_provisional"), chance)
    firm = sent.filter(~pl.col("is_provisional"))
    for year in years:
        of_year = pl.col("year") == year
        first = pl.concat([firm.filter(of_year), thinned.filter(of_year)])
        first = first.with_columns(hidden=pl.col("hidden") | pl.col("withheld_first"))
        late = firm.filter(of_year, pl.col("late") | pl.col("withheld_first"))
        final = sent.filter(of_year, "is_provisional", pl.lit(year != years[-1]))
        for name, says, published, days, part in (
            (f"{year}", "registertal", date(year + 1, 11, 15), 5, first.filter(~pl.col("late"))),
            (f"{year}_endelig", "endelige registertal", date(year + 2, 11, 15), 5, final),
            (f"{year}_efterlevering", "forsinkede registertal", date(year + 2, 3, 1), 4, late),
        ):
            writer.send(
                f"area_statistics/boligomraader_{name}.csv",
                f"{says} for boligområder {year}",
                published,
                published + timedelta(days),
                long_lines(part, registry),
            )


def _rows(by_indicator: Mapping[str, Figure], named: pl.DataFrame, years: Sequence[int]) -> pl.DataFrame:
    """Final figures as rows beside the names of their places."""
    rows = figures.long(by_indicator, named.height, years).join(named, on="place", maintain_order="left")
    return rows.with_columns(hidden=pl.lit(False), status=pl.lit("endelig"))


def _tiny_withheld(rows: pl.DataFrame, registry: Registry, below: int) -> pl.DataFrame:
    """Sensitive counts of 1 to `below` - 1 are withheld, as registers do."""
    sensitive = [i.id for i in registry.indicators.values() if i.disclosure_class == "sensitive"]
    tiny = pl.col("indicator").is_in(sensitive) & pl.col("numerator").is_between(1, below - 1)
    return rows.with_columns(hidden=tiny.fill_null(False))


def _provisional(rows: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    """What is known a year earlier: some of the persons are not yet counted."""
    known = rows["numerator"].fill_null(0).to_numpy()
    counted = pl.Series(values=chance.binomial(known, PROVISIONAL_SHARE))
    return rows.with_columns(
        numerator=pl.when(pl.col("numerator").is_not_null()).then(counted), status=pl.lit("foreløbig")
    )


def _wide_sheets(writer: DeliveryWriter, rows: pl.DataFrame) -> None:
    """A sheet per municipality and year: a line per area, a column per count or value that the figures have."""
    layout = writer.registry.layouts["municipal_wide"]
    rows = rows.with_columns(shown=danish(writer.registry.indicators.values()))
    with_counts = set(rows.filter(pl.col("numerator").is_not_null())["indicator"].unique().to_list())
    there = set(rows["indicator"].unique().to_list())
    columns = [
        c for c in layout.columns if c.indicator in there and (c.part == "value") != (c.indicator in with_counts)
    ]
    headers = {c.to: c.headers[0] for c in layout.columns if c.to}
    for (town, year), part in rows.group_by(["Kommune", "year"], maintain_order=True):
        lines = part.select("Kommune", "Område", "year").unique(maintain_order=True)
        for column in columns:
            cell = "shown" if column.part == "value" else column.part
            cells = part.filter(pl.col("indicator") == column.indicator).select(
                "Område", pl.col(cell).cast(pl.String).alias(column.headers[0])
            )
            lines = lines.join(cells, on="Område", how="left", maintain_order="left")
        lines = lines.rename(
            {"Kommune": headers["municipality_code"], "Område": headers["geography_id"], "year": headers["year"]}
        )
        after = int(str(year)) + 1
        writer.send(
            f"municipal_yearly/{slug(str(town))}_{year}.csv",
            f"kommuneårstal for boligområder i {town} {year}",
            date(after, 4, 20),
            date(after, 4, 25),
            lines.with_columns(pl.col(headers["year"]).cast(pl.String), pl.lit("endelig").alias(headers["status"])),
        )


def larger_places(writer: DeliveryWriter, places: LargerPlaces, years: Sequence[int]) -> None:
    """Figures of the municipalities, the regions and the country: population by quarter, all else by year."""
    registry, names = writer.registry, places.names
    _population(writer, names, places.residents, years)
    named = pl.DataFrame({"place": np.arange(len(names)), "Geografi": places.kinds, "Område": names}).with_columns(
        Kommune=pl.lit("")
    )
    others = {name: figure for name, figure in places.figures.items() if name != "residents"}
    rows = _rows(others, named, years).sort("year", "place", maintain_order=True)
    for year in years:
        writer.send(
            f"municipal_figures/kommuner_{year}.csv",
            f"tal for kommuner, regioner og landet {year}",
            date(year + 1, 4, 15),
            date(year + 1, 4, 20),
            long_lines(rows.filter(pl.col("year") == year), registry),
        )


def _population(writer: DeliveryWriter, names: Sequence[str], residents: figures.Counts, years: Sequence[int]) -> None:
    """FOLK1A as StatBank writes it: a line per place and quarter, and a note beside the file."""
    quarters = [f"{year}K{quarter}" for year in years for quarter in (1, 2, 3, 4)]
    later = np.concatenate([residents[:, 1:], residents[:, -1:]], axis=1)
    steps = np.stack([np.rint(residents + (later - residents) * part) for part in (0, 0.25, 0.5, 0.75)], axis=2)
    counts = steps.reshape(len(names), -1).astype(np.int64)
    lines = [
        f"{name};{quarter};{count}"
        for name, row in zip(names, counts.tolist(), strict=True)
        for quarter, count in zip(quarters, row, strict=True)
    ]
    file = writer.raw / "statbank_folk1a" / "folk1a.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("OMRÅDE;TID;INDHOLD\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    note = [
        f"kilde: {NAME} (opdigtede tal, frø {writer.seed}): folketal den første i kvartalet, skrevet som FOLK1A",
        f"udgivet: {years[-1] + 1}-02-11",
        "oprindelse: syntetisk",
        f"modtaget: {years[-1] + 1}-02-12",
        f"rækker: {len(lines)}",
    ]
    file.with_name("folk1a.csv.levering.txt").write_text("\n".join(note) + "\n", encoding="utf-8", newline="\n")
    writer.rows["statbank_folk1a"] = len(lines)
