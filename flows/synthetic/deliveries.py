"""The made-up nation's deliveries other than figures: reference, estates, grants, organisation, lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from flows.synthetic.efforts import DrawnActivity, DrawnAgreement, Goal, key_of
from flows.synthetic.figures import generator
from flows.synthetic.implementation import ImplementationEntry, as_delivered
from flows.synthetic.lists import PublishedList, columns_of
from flows.synthetic.places import Places, school_districts
from flows.synthetic.pool import DrawnPlan, Grant, Pool, Totals
from flows.synthetic.reference import ReferenceData
from flows.synthetic.targets import DrawnTarget
from flows.synthetic.writer import DeliveryWriter
from schemas.registry import Registry

# The reference is carried over, and the lists are transcribed, when all other deliveries are there.
CARRIED_ON = date(2022, 1, 3)
TRANSCRIBED_ON = date(2022, 1, 10)
POOL_KNOWN_ON = date(2011, 3, 1)
IMPLEMENTATION_TOLD_ON = date(2012, 9, 1)
SPLIT = "antal og sum er puljens offentliggjorte måltal; delingen i boligsocial indsats og huslejestøtte er opdigtet"


def reference(writer: DeliveryWriter, reference: ReferenceData, totals: Totals) -> None:
    """The reference's deliveries, line by line as they are; a smaller nation's pool totals are its own."""
    scaled = {
        "plans": totals.plans,
        "grants": totals.grants,
        "rent_support_estates": totals.rent_support_estates,
        "pool_amount_dkk": totals.amount_dkk,
    }
    same = all(reference.totals()[measure] == value for measure, value in scaled.items())
    for delivery in reference.deliveries:
        header, lines = delivery.header, list(delivery.lines)
        says = f"linjerne er virkelig reference, uændret fra: {delivery.head.get('kilde', delivery.name)}"
        if delivery.source == "pool_totals" and not same:
            says = "puljens måltal i en mindre nation, nedsat i forhold til de offentliggjorte"
            lines = [_scaled(line, scaled) for line in lines]
        body = "\n".join([header, *lines]) + "\n"
        published = delivery.head.get("udgivet", "2010")
        writer.send_text(f"{delivery.source}/{delivery.name}", says, published, CARRIED_ON, body, len(lines))


def _scaled(line: str, totals: Mapping[str, int]) -> str:
    measure, _, source = line.split(";", 2)
    return ";".join([measure, str(totals[measure]), source]) if measure in totals else line


def grants(writer: DeliveryWriter, places: Places, pool: Pool) -> None:
    """Estates, the yearly lists of grants, and the organisation of the plans."""
    names, homes = places.areas["area_name"].to_list(), places.areas["municipality"].to_list()
    towns = places.municipalities["municipality_name"].to_list()
    districts = school_districts(places.areas)
    writer.send(
        "estates/afdelinger.csv",
        "boligområdernes afdelinger; caseområdernes lejemål er tabel 2.1's",
        "2010-12-01",
        POOL_KNOWN_ON,
        pl.DataFrame(
            [
                (e["estate_id"], f"Afdeling {e['estate_id'][-1]} {names[e['area']]}", e["housing_organisation"],
                 names[e["area"]], towns[homes[e["area"]]], str(e["dwellings"]), districts[e["area"]])
                for e in places.estates.rows(named=True)
            ],
            schema=["Afdelingsnr.", "Afdeling", "Boligorganisation", "Boligområde", "Kommune", "Antal lejemål",
                    "Skoledistrikt"],
            orient="row",
        ),
    )  # fmt: skip
    themes = {row["effort_area_id"]: row["name_da"] for row in writer.registry.codes["effort_areas"]}
    for year in sorted({grant.begins.year for grant in pool.grants}):
        writer.send(
            f"grant_list/bevillinger_{year}.csv",
            f"bevillinger {year} af puljen 2006-2010",
            f"{year}-12-31",
            POOL_KNOWN_ON,
            _grant_lines([grant for grant in pool.grants if grant.begins.year == year], names, towns, themes),
            SPLIT,
        )
    organisations = {
        row["project_organisation"]: row["name_da"] for row in writer.registry.codes["project_organisations"]
    }
    secretariats = {row["project_secretariat"]: row["name_da"] for row in writer.registry.codes["project_secretariats"]}
    writer.send(
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


def implementation(writer: DeliveryWriter, places: Places, pool: Pool, entries: Sequence[ImplementationEntry]) -> None:
    """How plans and area secretariats are carried out."""
    writer.send(
        "implementation/gennemfoerelse.csv",
        "hvordan helhedsplaner og områdesekretariater er gennemført, efter rapportens dimensioner",
        "2012-06-01",
        IMPLEMENTATION_TOLD_ON,
        as_delivered(writer.registry, places, pool, entries),
    )


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


def ministry_list(writer: DeliveryWriter, places: Places, published: PublishedList) -> None:
    """A year's list as it was printed, with the areas that have left it."""
    names, homes = places.areas["area_name"].to_list(), places.areas["municipality"].to_list()
    towns = places.municipalities["municipality_name"].to_list()
    cells = {
        "year": [str(published.year)] * len(published.areas),
        "municipality_code": [towns[homes[area]] for area in published.areas],
        "area_id": [names[area] for area in published.areas],
        "on_list": ["ja" if is_on else "nej" for is_on in published.on_list],
        "new_on_list": ["ja" if is_new else "nej" for is_new in published.new_on_list],
    }
    if len(writer.registry.list_types_of(published.year)) > 1:
        cells["list_type"] = [published.list_type] * len(published.areas)
    for indicator, values in published.printed.items():
        cells[indicator] = [_number(value, writer.registry.indicators[indicator].decimals) for value in values]
    writer.send(
        f"ministry_lists/liste_{published.year}{'_' + published.list_type if 'list_type' in cells else ''}.csv",
        f"særligt udsatte almene boligområder {published.year} efter reglerne og nationens egne tal (afskrift)",
        f"{published.year}-10-01",
        TRANSCRIBED_ON,
        pl.DataFrame(
            {
                column.headers[0]: cells[named]
                for column in columns_of(writer.registry.layouts["ministry_list"], published.year)
                if (named := column.indicator or column.name) in cells
            }
        ),
    )


def targets(
    writer: DeliveryWriter, places: Places, measured: Sequence[DrawnTarget], unmeasured: Sequence[Goal]
) -> None:
    """What the plans want, by the year in which it was set; a revision is a row of its own."""
    names = places.areas["area_name"].to_list()
    rows = [(goal.set_on, _goal_line(writer, places, goal)) for goal in unmeasured]
    for target in measured:
        indicator = writer.registry.indicators[target.indicator]
        rows += [
            (
                version.set_on,
                _about(writer, places, target.plan, target.effort_area)
                | {
                    "Mål nr.": target.number,
                    "Delmål af nr.": target.parent or "",
                    "Sat den": version.set_on.isoformat(),
                    "Sat af": target.set_by,
                    "Mål med ord": version.goal,
                    "Måles ved": _called(writer, places, target.plan, [target.indicator]),
                    "Boligområde": names[target.area],
                    "Retning": "skal stige" if target.is_upwards else "skal falde",
                    "Startværdi": _number(target.start_value, indicator.decimals),
                    "Startår": str(target.start_year),
                    "Målværdi": _number(target.target_value, indicator.decimals),
                    "Målår": str(version.target_year),
                    "Udgår": "ja" if version.is_withdrawn else "",
                },
            )
            for version in target.versions
        ]
    headers = _headers(writer.registry, "plan_targets")
    for year in sorted({day.year for day, _ in rows}):
        writer.send(
            f"plan_targets/maal_{year}.csv",
            f"helhedsplanernes mål, sat i {year}",
            date(year + 1, 1, 15),
            max(date(year + 1, 1, 20), POOL_KNOWN_ON),
            _lines(headers, (row for day, row in rows if day.year == year)),
        )


def _goal_line(writer: DeliveryWriter, places: Places, goal: Goal) -> dict[str, str]:
    return _about(writer, places, goal.plan, goal.effort_area) | {
        "Mål nr.": goal.number,
        "Sat den": goal.set_on.isoformat(),
        "Sat af": goal.set_by,
        "Mål med ord": goal.goal,
        "Kan ikke måles, fordi": goal.because,
    }


def activities(writer: DeliveryWriter, places: Places, of_plans: Sequence[DrawnActivity]) -> None:
    """What the plans did, year by year, with what it is meant to move."""
    names = places.areas["area_name"].to_list()
    headers = _headers(writer.registry, "plan_activities")
    for year in sorted({year for activity in of_plans for year in activity.participants}):
        rows = (
            _about(writer, places, activity.plan, activity.effort_area)
            | {
                "Aktivitet": activity.name,
                "Boligområde": "" if activity.area is None else names[activity.area],
                "Begynder": activity.begins.isoformat(),
                "Slutter": activity.ends.isoformat() if activity.ends else "",
                "År": str(year),
                "Deltagere": "" if (count := activity.participants[year]) is None else str(count),
                "Skal flytte": _called(writer, places, activity.plan, activity.indicators),
                "Gennem skridtet": activity.step,
            }
            for activity in of_plans
            if year in activity.participants
        )
        writer.send(
            f"plan_activities/aktiviteter_{year}.csv",
            f"helhedsplanernes aktiviteter {year}",
            date(year + 1, 2, 15),
            max(date(year + 1, 2, 20), POOL_KNOWN_ON),
            _lines(headers, rows),
        )


def agreements(writer: DeliveryWriter, agreed: Sequence[DrawnAgreement]) -> None:
    """The indicators that the registry's area secretariats share with their plans."""
    rows = (
        {
            "Områdesekretariat": each.secretariat,
            "Indikator": writer.registry.indicators[each.indicator].label_da,
            "Aftalt af": "områdesekretariatet og projektlederne",
            "Gælder fra": each.agreed_from.isoformat(),
            "Gælder til": each.agreed_until.isoformat() if each.agreed_until else "",
        }
        for each in agreed
    )
    writer.send(
        "secretariat_indicators/faelles_indikatorer.csv",
        "områdesekretariaternes fælles indikatorer",
        "2010-12-01",
        POOL_KNOWN_ON,
        _lines(_headers(writer.registry, "secretariat_indicators"), rows),
    )


def _about(writer: DeliveryWriter, places: Places, plan: DrawnPlan, effort_area: str) -> dict[str, str]:
    themes = {row["effort_area_id"]: row["name_da"] for row in writer.registry.codes["effort_areas"]}
    town = places.municipalities["municipality_name"][plan.municipality]
    return {"Helhedsplan": plan.name, "Kommune": town, "Indsatsområde": themes[effort_area]}


def _called(writer: DeliveryWriter, places: Places, plan: DrawnPlan, indicators: Sequence[str]) -> str:
    """Indicators as the plan writes them: half of the plans by their Danish labels, the others by identifier."""
    by_label = generator(writer.seed, "writes", key_of(plan, places)).random() < 0.5
    return "|".join(writer.registry.indicators[name].label_da if by_label else name for name in indicators)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


def _headers(registry: Registry, layout: str) -> list[str]:
    return [column.headers[0] for column in registry.layouts[layout].columns]


def _lines(headers: Sequence[str], rows: Iterable[Mapping[str, str]]) -> pl.DataFrame:
    """Rows under all of a layout's headers; a cell that a row does not name is empty."""
    return pl.DataFrame(
        [tuple(row.get(header, "") for header in headers) for row in rows],
        schema=dict.fromkeys(headers, pl.String()),
        orient="row",
    )
