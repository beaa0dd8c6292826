"""The made-up nation's deliveries other than figures: reference, estates, grants, organisation, lists."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from flows.nation.desk import Desk
from flows.nation.frame import Frame
from flows.nation.lists import PublishedList, columns_of
from flows.nation.places import Places
from flows.nation.pool import Grant, Pool, Totals
from schemas.models import LayoutColumn
from schemas.registry import Registry

# The reference is carried over, and the lists are transcribed, when all other deliveries are there.
CARRIED_ON = date(2022, 1, 3)
TRANSCRIBED_ON = date(2022, 1, 10)
POOL_KNOWN_ON = date(2011, 3, 1)
SPLIT = "antal og sum er puljens offentliggjorte måltal; delingen i boligsocial indsats og huslejestøtte er opdigtet"


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
            SPLIT,
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
            schema=["Helhedsplan", "Kommune", "Projektorganisering", "Projektsekretariat",
                    "Støttet af områdesekretariat"],
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
        schema=["Bevillingsnr.", "Helhedsplan", "Boligområder", "Afdelingsnr.", "Kommune", "Art",
                "Bevilget beløb (kr.)", "Bevilget fra", "Bevilget til", "Indsatsområder"],
        orient="row",
    )  # fmt: skip


def ministry_list(desk: Desk, places: Places, published: PublishedList) -> None:
    """A year's list as it was printed, with the areas that have left it."""
    names, homes = places.areas["area_name"].to_list(), places.areas["municipality"].to_list()
    towns = places.municipalities["municipality_name"].to_list()
    columns = columns_of(desk.registry.layouts["ministry_list"], published.year)
    desk.send(
        f"ministry_lists/liste_{published.year}.csv",
        f"særligt udsatte almene boligområder {published.year} efter reglerne og nationens egne tal (afskrift)",
        f"{published.year}-10-01",
        TRANSCRIBED_ON,
        pl.DataFrame(
            {
                column.headers[0]: [
                    _cell(desk.registry, column, published, at, names, towns, homes)
                    for at in range(len(published.areas))
                ]
                for column in columns
            }
        ),
    )


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
