"""The made-up nation's deliveries: each in its source's real layout, under a head that says that it is made up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from flows.nation import figures
from flows.nation.figures import Figure, generator
from flows.nation.frame import Frame
from flows.nation.lists import PublishedList, columns_of
from flows.nation.places import Places, slug
from flows.nation.pool import Grant, Pool, Totals
from flows.nation.truth import Delivered, Truth, levels
from schemas.models import Indicator, LayoutColumn
from schemas.registry import Registry

NAME = "Syntetisk nation"
LONG = ("Geografi", "Område", "Kommune", "År", "Indikator", "Tæller", "Nævner", "Værdi", "Status")
WITHHELD = ".."
# The reference is carried over, and the lists are transcribed, when all other deliveries are there.
CARRIED_ON = date(2022, 1, 3)
TRANSCRIBED_ON = date(2022, 1, 10)
POOL_KNOWN_ON = date(2011, 3, 1)
PROVISIONAL_SHARE = 0.985


@dataclass
class Desk:
    """Where deliveries are written; `rows` counts them by source."""

    raw: Path
    registry: Registry
    seed: int
    rows: dict[str, int] = field(default_factory=dict)

    def send(
        self, path: str, says: str, published: date | str, received: date, table: pl.DataFrame, note: str = ""
    ) -> None:
        """Write a delivery of text columns. One without rows is not sent."""
        if table.is_empty():
            return
        body = table.write_csv(separator=";", quote_style="never", line_terminator="\n", null_value="")
        self.send_text(path, says, published, received, body, table.height, note)

    def send_text(
        self, path: str, says: str, published: date | str, received: date, body: str, rows: int, note: str = ""
    ) -> None:
        """Write a delivery whose header and rows are `body`."""
        head = [
            f"# kilde: {NAME} (opdigtede tal, frø {self.seed}): {says}",
            *([f"# bemærkning: {note}"] if note else []),
            f"# udgivet: {published}",
            "# oprindelse: syntetisk",
            f"# modtaget: {received}",
            f"# rækker: {rows}",
        ]
        file = self.raw / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(head) + "\n" + body, encoding="utf-8", newline="\n")
        source = path.split("/")[0]
        self.rows[source] = self.rows.get(source, 0) + rows


def reference(desk: Desk, frame: Frame, totals: Totals) -> None:
    """The frame's deliveries, line by line as they are; a smaller nation's pool totals are its own."""
    scaled = {
        "plans": totals.plans,
        "grants": totals.grants,
        "rent_support_estates": totals.rent_support_estates,
        "pool_amount_dkk": totals.amount_dkk,
    }
    same = all(frame.totals()[measure] == value for measure, value in scaled.items())
    for delivery in frame.deliveries:
        header, lines = delivery.header, list(delivery.lines)
        says = f"linjerne er virkelig reference, uændret fra: {delivery.head.get('kilde', delivery.name)}"
        if delivery.source == "pool_totals" and not same:
            says = "puljens måltal i en mindre nation, nedsat i forhold til de offentliggjorte"
            lines = [_scaled(line, scaled) for line in lines]
        body = "\n".join([header, *lines]) + "\n"
        published = delivery.head.get("udgivet", "2010")
        desk.send_text(f"{delivery.source}/{delivery.name}", says, published, CARRIED_ON, body, len(lines))


def _scaled(line: str, totals: Mapping[str, int]) -> str:
    measure, _, rest = line.split(";", 2)
    return ";".join([measure, str(totals[measure]), rest]) if measure in totals else line


def grants(desk: Desk, places: Places, pool: Pool) -> None:
    """Estates, the yearly lists of grants, and the organisation of the plans."""
    names, homes = places.areas["area_name"].to_list(), places.areas["municipality"].to_list()
    towns = places.municipalities["municipality_name"].to_list()
    desk.send(
        "estates/afdelinger.csv",
        "boligområdernes afdelinger; caseområdernes lejemål er tabel 2.1's",
        "2010-12-01",
        POOL_KNOWN_ON,
        pl.DataFrame(
            [
                (e["estate_id"], f"Afdeling {e['estate_id'][-1]} {names[e['area']]}", e["housing_organisation"],
                 names[e["area"]], towns[homes[e["area"]]], str(e["dwellings"]))
                for e in places.estates.rows(named=True)
            ],
            schema=["Afdelingsnr.", "Afdeling", "Boligorganisation", "Boligområde", "Kommune", "Antal lejemål"],
            orient="row",
        ),
    )  # fmt: skip
    themes = {row["effort_area_id"]: row["name_da"] for row in desk.registry.codes["effort_areas"]}
    for year in sorted({grant.begins.year for grant in pool.grants}):
        desk.send(
            f"grant_list/bevillinger_{year}.csv",
            f"bevillinger {year} af puljen 2006-2010",
            f"{year}-12-31",
            POOL_KNOWN_ON,
            _grant_lines([grant for grant in pool.grants if grant.begins.year == year], names, towns, themes),
            "antal og sum følger puljens offentliggjorte måltal; fordelingen på boligsocial indsats og huslejestøtte er opdigtet",
        )
    organisations = {
        row["project_organisation"]: row["name_da"] for row in desk.registry.codes["project_organisations"]
    }
    secretariats = {row["project_secretariat"]: row["name_da"] for row in desk.registry.codes["project_secretariats"]}
    desk.send(
        "plan_organisation/organisering.csv",
        "helhedsplanernes organisering; caseområdernes støtte fra områdesekretariat er tabel 2.1's",
        "2010-12-01",
        POOL_KNOWN_ON,
        pl.DataFrame(
            [
                (plan.name, towns[plan.municipality], organisations.get(plan.project_organisation or "", ""),
                 secretariats.get(plan.project_secretariat or "", ""), "ja" if plan.supported_by_secretariat else "nej")
                for plan in pool.plans
            ],
            schema=["Helhedsplan", "Kommune", "Projektorganisering", "Projektsekretariat", "Støttet af områdesekretariat"],
            orient="row",
        ),
    )  # fmt: skip


def _grant_lines(
    grants_: Sequence[Grant], names: Sequence[str], towns: Sequence[str], themes: Mapping[str, str]
) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                grant.grant_id,
                grant.plan.name if grant.plan else "",
                ", ".join(names[area] for area in grant.areas),
                grant.estate_id or "",
                towns[grant.municipality],
                "huslejestøtte" if grant.estate_id else "boligsocial indsats",
                f"{grant.amount_dkk:,}".replace(",", "."),
                grant.begins.isoformat(),
                grant.ends.isoformat(),
                "|".join(themes[theme] for theme in grant.effort_areas),
            )
            for grant in grants_
        ],
        schema=["Bevillingsnr.", "Helhedsplan", "Boligområder", "Afdelingsnr.", "Kommune", "Art", "Bevilget beløb (kr.)",
                "Bevilget fra", "Bevilget til", "Indsatsområder"],
        orient="row",
    )  # fmt: skip


def area_figures(
    desk: Desk,
    post: Delivered,
    places: Places,
    of_areas: Mapping[str, Figure],
    years: Sequence[int],
    chance: np.random.Generator,
) -> None:
    """The areas' figures by source, with what is withheld, late, provisional or never sent."""
    registry = desk.registry
    housing, survey = (registry.sources[name].indicators for name in ("housing_statistics", "resident_survey"))
    register = {name: figure for name, figure in of_areas.items() if name not in {*housing, *survey}}
    towns, homes = places.municipalities["municipality_name"].to_list(), places.areas["municipality"].to_list()
    named = pl.DataFrame(
        {
            "area": np.arange(len(homes)),
            "Område": places.areas["area_name"],
            "Kommune": [towns[home] for home in homes],
            "municipality": homes,
        }
    )
    # Municipalities of case areas always send everything: the report's areas must be comparable.
    free = sorted(set(homes) - set(places.areas.filter("is_case_area")["municipality"].to_list()))
    shuffled = iter(chance.permutation(free).tolist())

    def some(count: int) -> list[int]:
        return [at for at, _ in zip(shuffled, range(count), strict=False)]

    wide, absent = some(post.wide_municipalities), some(1)
    late, withheld = some(post.late_municipalities), some(post.late_withheld.municipalities)
    columns = {c.indicator for c in registry.layouts["municipal_wide"].columns if c.indicator}
    here = pl.col("municipality")
    every = _rows(register, named, years, registry).with_columns(
        sent_wide=here.is_in(wide) & pl.col("year").is_in(post.wide_years) & pl.col("indicator").is_in(list(columns)),
        never=(here.is_in(absent) & (pl.col("year") == post.never_sent_year))
        | ((pl.col("indicator") == post.not_collected.indicator) & (pl.col("year") == post.not_collected.year)),
        late=here.is_in(late) & (pl.col("year") == post.late_year),
        withheld_first=here.is_in(withheld)
        & (pl.col("indicator") == post.late_withheld.indicator)
        & (pl.col("year") == post.late_withheld.year),
        is_provisional=pl.col("indicator").is_in(list(post.provisional)),
    )
    sent = _tiny_withheld(every.filter(~pl.col("sent_wide") & ~pl.col("never")), registry, post.withheld_below)
    thinned = _provisional(sent.filter("is_provisional"), chance)
    firm = sent.filter(~pl.col("is_provisional"))
    for year in years:
        of_year = pl.col("year") == year
        first = pl.concat([firm.filter(of_year), thinned.filter(of_year)])
        first = first.with_columns(hidden=pl.col("hidden") | pl.col("withheld_first"))
        desk.send(
            f"area_statistics/boligomraader_{year}.csv",
            f"registertal for boligområder {year}",
            date(year + 1, 11, 15),
            date(year + 1, 11, 20),
            _long_lines(first.filter(~pl.col("late")), registry),
        )
        if year != years[-1]:
            desk.send(
                f"area_statistics/boligomraader_{year}_endelig.csv",
                f"endelige registertal for boligområder {year}",
                date(year + 2, 11, 15),
                date(year + 2, 11, 20),
                _long_lines(sent.filter(of_year, "is_provisional"), registry),
            )
        desk.send(
            f"area_statistics/boligomraader_{year}_efterlevering.csv",
            f"forsinkede registertal for boligområder {year}",
            date(year + 2, 3, 1),
            date(year + 2, 3, 5),
            _long_lines(firm.filter(of_year, pl.col("late") | pl.col("withheld_first")), registry),
        )
    tables = _wide_lines(every.filter("sent_wide"), registry)
    for (town, year), lines in tables:
        desk.send(
            f"municipal_yearly/{slug(town)}_{year}.csv",
            f"kommuneårstal for boligområder i {town} {year}",
            date(year + 1, 4, 20),
            date(year + 1, 4, 25),
            lines,
        )
    homes_and_rents = {name: figure for name, figure in of_areas.items() if name in housing}
    kept = _tiny_withheld(_rows(homes_and_rents, named, years, registry), registry, post.withheld_below)
    for year in years:
        desk.send(
            f"housing_statistics/boliger_{year}.csv",
            f"boliger, fraflytning og husleje i boligområder {year}",
            date(year + 1, 5, 25),
            date(year + 1, 6, 1),
            _long_lines(kept.filter(pl.col("year") == year), registry),
        )
    asked = np.flatnonzero(chance.random(len(homes)) < post.survey_share).tolist()
    answers = _rows({n: f for n, f in of_areas.items() if n in survey}, named, years, registry).filter(
        pl.col("area").is_in(asked), pl.col("year").is_in(post.survey_years)
    )
    for year in sorted(set(post.survey_years) & set(years)):
        desk.send(
            f"resident_survey/beboere_{year}.csv",
            f"spørgeundersøgelse blandt beboere i boligområder {year}",
            date(year + 1, 2, 1),
            date(year + 1, 2, 8),
            _long_lines(answers.filter(pl.col("year") == year), registry),
        )


def _rows(of: Mapping[str, Figure], named: pl.DataFrame, years: Sequence[int], registry: Registry) -> pl.DataFrame:
    """Figures as rows beside the names of their areas."""
    if not of:
        schema = figures.long({"": _EMPTY}, [], [], "area").schema
        return _firm(pl.DataFrame(schema={**schema, "area": pl.Int64()}).join(named, on="area"))
    rows = figures.long(of, list(range(named.height)), years, "area")
    return _firm(rows.join(named, on="area", maintain_order="left"))


def _firm(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(hidden=pl.lit(False), status=pl.lit("endelig"))


_EMPTY = Figure(*(np.empty((0, 0)) for _ in range(3)))


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


def _long_lines(rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Lines of the long layout for areas: both counts, or the value where there are none."""
    has_counts = pl.col("numerator").is_not_null()
    return rows.select(
        pl.lit("boligområde").alias("Geografi"),
        "Område",
        "Kommune",
        pl.col("year").cast(pl.String).alias("År"),
        pl.col("indicator").alias("Indikator"),
        pl.when("hidden")
        .then(pl.when(has_counts).then(pl.lit(WITHHELD)))
        .otherwise(pl.col("numerator").cast(pl.String))
        .alias("Tæller"),
        pl.col("denominator").cast(pl.String).alias("Nævner"),
        pl.when(has_counts)
        .then(pl.lit(None, dtype=pl.String))
        .when("hidden")
        .then(pl.lit(WITHHELD))
        .otherwise(danish(registry.indicators.values()))
        .alias("Værdi"),
        pl.col("status").alias("Status"),
    )


def danish(indicators: Iterable[Indicator]) -> pl.Expr:
    """`value` in Danish notation, with as many decimals as its `indicator` has."""
    places = pl.col("indicator").replace_strict(
        {i.id: 0 if i.kind == "count" else i.decimals for i in indicators}, default=1, return_dtype=pl.Int64()
    )
    shown = pl.col("value").round(0).cast(pl.Int64).cast(pl.String)
    made = pl.when(places == 0).then(shown)
    for digits in range(1, 5):
        text = pl.col("value").round(digits).cast(pl.String).str.replace(".", ",", literal=True)
        made = made.when(places == digits).then(text)
    return made.otherwise(shown)


def _wide_lines(rows: pl.DataFrame, registry: Registry) -> list[tuple[tuple[str, int], pl.DataFrame]]:
    """A sheet per municipality and year: a line per area, a column per count or value that the figures have."""
    if rows.is_empty():
        return []
    layout = registry.layouts["municipal_wide"]
    rows = rows.with_columns(shown=danish(registry.indicators.values()))
    with_counts = set(rows.filter(pl.col("numerator").is_not_null())["indicator"].unique().to_list())
    there = set(rows["indicator"].unique().to_list())
    columns = [
        c for c in layout.columns if c.indicator in there and (c.part == "value") != (c.indicator in with_counts)
    ]
    sheets = []
    for (town, year), part in rows.group_by(["Kommune", "year"], maintain_order=True):
        lines = part.select("Kommune", "Område", "year").unique(maintain_order=True)
        for column in columns:
            cell = "shown" if column.part == "value" else column.part
            cells = part.filter(pl.col("indicator") == column.indicator).select(
                "Område", pl.col(cell).cast(pl.String).alias(column.headers[0])
            )
            lines = lines.join(cells, on="Område", how="left", maintain_order="left")
        headers = {c.to: c.headers[0] for c in layout.columns if c.to}
        lines = lines.rename(
            {"Kommune": headers["municipality_code"], "Område": headers["geography_id"], "year": headers["year"]}
        )
        lines = lines.with_columns(pl.col(headers["year"]).cast(pl.String), pl.lit("endelig").alias(headers["status"]))
        sheets.append(((str(town), int(str(year))), lines))
    return sheets


def larger_places(
    desk: Desk, truth: Truth, places: Places, years: Sequence[int], indicators: Sequence[str] | None
) -> None:
    """Figures of the municipalities, the regions and the country: population by quarter, all else by year."""
    registry = desk.registry
    towns = places.municipalities
    regions = towns.select("region_code", "region_name").unique().sort("region_code")
    groups = [np.flatnonzero((towns["region_code"] == code).to_numpy()) for code in regions["region_code"]]
    groups.append(np.arange(towns.height))
    residents = figures.residents_of_municipalities(places, years, desk.seed)
    names = [*towns["municipality_name"], *regions["region_name"], "Hele landet"]
    kinds = ["kommune"] * towns.height + ["region"] * regions.height + ["land"]
    whole = np.concatenate([residents, np.stack([residents[rows].sum(axis=0) for rows in groups])])
    _population(desk, names, whole, years)
    known = levels(registry)
    made: dict[str, Figure] = {}
    for name, indicator in registry.indicators.items():
        if name == "residents" or (indicators is not None and indicator.of_areas and name not in indicators):
            continue
        level, base = known[name], truth.base_of(indicator)
        if name == "dwellings":
            stock = np.rint(residents / figures.RESIDENTS_PER_DWELLING)
            own = Figure(stock, stock, np.zeros(stock.shape))
        else:
            own = figures.of_municipalities(indicator, level, base, places, years, truth, desk.seed)
        made[name] = figures.joined(own, figures.added(own, indicator, level, groups, residents))
    rows = figures.long(made, list(range(len(names))), years, "place")
    at = pl.col("place")
    rows = _firm(rows).join(
        pl.DataFrame({"place": np.arange(len(names)), "Område": names, "kind": kinds}),
        on="place",
        maintain_order="left",
    )
    for year in years:
        lines = _long_lines(
            rows.filter(pl.col("year") == year).sort(at, maintain_order=True).with_columns(Kommune=pl.lit("")), registry
        )
        kinds_of_year = rows.filter(pl.col("year") == year).sort(at, maintain_order=True)["kind"]
        desk.send(
            f"municipal_figures/kommuner_{year}.csv",
            f"tal for kommuner, regioner og landet {year}",
            date(year + 1, 4, 15),
            date(year + 1, 4, 20),
            lines.with_columns(kinds_of_year.alias("Geografi")),
        )


def _population(desk: Desk, names: Sequence[str], residents: figures.Counts, years: Sequence[int]) -> None:
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
    file = desk.raw / "statbank_folk1a" / "folk1a.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("OMRÅDE;TID;INDHOLD\n" + "\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    note = [
        f"kilde: {NAME} (opdigtede tal, frø {desk.seed}): folketal den første i kvartalet, skrevet som FOLK1A",
        f"udgivet: {years[-1] + 1}-02-11",
        "oprindelse: syntetisk",
        f"modtaget: {years[-1] + 1}-02-12",
        f"rækker: {len(lines)}",
    ]
    file.with_name("folk1a.csv.levering.txt").write_text("\n".join(note) + "\n", encoding="utf-8", newline="\n")
    desk.rows["statbank_folk1a"] = len(lines)


def ministry_list(desk: Desk, places: Places, published: PublishedList) -> None:
    """A year's list as it was printed, with the areas that have left it."""
    names, homes = places.areas["area_name"].to_list(), places.areas["municipality"].to_list()
    towns = places.municipalities["municipality_name"].to_list()
    columns = columns_of(desk.registry.layouts["ministry_list"], published.year)
    desk.send(
        f"ministry_lists/liste_{published.year}.csv",
        f"liste over særligt udsatte almene boligområder {published.year}, efter reglerne af nationens egne tal (afskrift)",
        f"{published.year}-10-01",
        TRANSCRIBED_ON,
        pl.DataFrame(
            {column.headers[0]: [_cell(desk.registry, column, published, at, names, towns, homes) for at in range(len(published.areas))]
             for column in columns}
        ),
    )  # fmt: skip


def _cell(
    registry: Registry,
    column: LayoutColumn,
    published: PublishedList,
    at: int,
    names: Sequence[str],
    towns: Sequence[str],
    homes: Sequence[int],
) -> str:
    area = published.areas[at]
    if column.indicator is not None:
        value, indicator = published.printed[column.indicator][at], registry.indicators[column.indicator]
        return f"{value:.{indicator.decimals}f}".replace(".", ",")
    said = {
        "year": str(published.year),
        "municipality_code": towns[homes[area]],
        "area_id": names[area],
        "on_list": "ja" if published.on_list[at] else "nej",
        "new_on_list": "ja" if published.new_on_list[at] else "nej",
    }
    return said[column.name]
