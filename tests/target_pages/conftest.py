"""Plans made up for the pages: marts that keep their contracts, and that a test may change before publishing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from mart_rows import frame

from flows.core.parquet import write_parquet
from flows.publish.plans_read import MARTS
from flows.publish.snapshots import Snapshot
from flows.target_pages import pages
from schemas.registry import Registry

# What a column of these types holds where a row leaves it out.
DEFAULTS = {"year": 2010, "date": date(2010, 5, 3)}
READ = (*MARTS, "area_profile", "area_movements")
PLAN, OTHER, EMPTY = "vollsmose", "soenderbro", "stengaarden"


@dataclass
class Town:
    """Rows of the marts that a test may change before it publishes them."""

    registry: Registry
    origin: str = "real"
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {mart: [] for mart in READ})

    def add(self, mart: str, *rows: dict[str, Any]) -> None:
        """Add rows to a mart."""
        self.rows[mart] += rows

    def change(self, mart: str, new: dict[str, Any], **where: Any) -> None:
        """Set values in every row of a mart that `where` describes."""
        found = [row for row in self.rows[mart] if all(row.get(key) == value for key, value in where.items())]
        for row in found:
            row.update(new)
        assert found, f"{mart} has no row {where}"

    def plan(self, plan: str, name: str, secretariat: str | None = "odense", areas: str = "vollsmose") -> None:
        """Add a plan."""
        row = {"plan_id": plan, "plan_name": name, "area_ids": areas, "plan_areas": len(areas.split(", "))}
        place = {"municipality_code": "0461", "municipality_name": "Odense", "secretariat_id": secretariat}
        self.add("dim_plans", row | place)

    def target(
        self, number: str, indicator: str | None = None, plan: str = PLAN, version: int = 1, **more: Any
    ) -> dict[str, Any]:
        """Add a target; one with an indicator shall fall from 43.1 in 2008 to 38.0 in 2012."""
        measured = {
            "area_id": "vollsmose",
            "area_name": "Vollsmose",
            "direction": "down",
            "start_value": 43.1,
            "start_year": 2008,
            "target_value": 38.0,
            "target_year": 2012,
            "start_figure": 43.1,
            "start_check": "equal",
            "step_size": -5.1,
            "has_counts": True,
            "visible_change": 4.2,
            "visible_count": 63.0,
            "step_is_visible": True,
            "moved_areas": 7,
            "moved_of_areas": 31,
        }
        row = {
            "plan_id": plan,
            "plan_name": plan,
            "municipality_code": "0461",
            "secretariat_id": "odense",
            "target_no": number,
            "target_version": version,
            "is_current": True,
            "set_on": date(2008, 5, 3),
            "set_by": "styregruppen",
            "effort_area_id": "uddannelse-og-beskaeftigelse",
            "goal": f"Målet med nummer {number}",
            "indicator": indicator,
            "not_measurable_because": None if indicator else "no_register",
            "source": "plan_targets",
            "source_file": "plan_targets/vollsmose.csv",
        }
        made = row | (measured if indicator else {}) | more
        self.add("dim_targets", made)
        return made

    def years(
        self,
        number: str,
        values: Mapping[int, float | None],
        verdicts: Mapping[int, str] | None = None,
        plan: str = PLAN,
        version: int = 1,
        half: float | None = 2.0,
        **more: Any,
    ) -> None:
        """Add the years of a target as target_progress has them; `half` is half of every interval's width."""
        row = next(
            row
            for row in self.rows["dim_targets"]
            if (row["plan_id"], row["target_no"], row["target_version"]) == (plan, number, version)
        )
        begin, first, last = row["start_figure"], row["start_year"], row["target_year"]
        for year, value in values.items():
            start = begin if begin is not None else row["start_value"]
            is_start, is_known = year == first, value is not None
            change = value - begin if value is not None and begin is not None and not is_start else None
            has_limits = value is not None and half is not None
            verdict = None if is_start else (verdicts or {}).get(year, "cannot_be_told")
            made = {name: row[name] for name in ("target_no", "target_version", "is_current", "indicator", "direction")}
            made |= {name: row[name] for name in ("start_year", "target_year", "start_figure", "target_value")}
            made |= {
                "plan_id": plan,
                "area_id": "vollsmose",
                "year": year,
                "effort_area_id": row["effort_area_id"],
                "value": value,
                "ci_low": value - half if value is not None and half is not None else None,
                "ci_high": value + half if value is not None and half is not None else None,
                "missing_reason": None if is_known else "not_delivered",
                "status": "final" if is_known else None,
                "window_years": 1 if is_known else None,
                "expected_value": start + (row["target_value"] - start) * (year - first) / (last - first),
                "change_start": change,
                "change_start_low": change - 1.4 * half if change is not None and half is not None else None,
                "change_start_high": change + 1.4 * half if change is not None and half is not None else None,
                "target_verdict": verdict,
                "verdict_kind": None if is_start else "final" if year == last else "interim",
                "why": "starting_year" if is_start else None if is_known and has_limits else "no_figure",
                "municipality_change": -0.4 if change is not None else None,
                "country_change": 1.2 if change is not None else None,
                "twin_change_missing_reason": None if is_start else "locked",
                "source": "municipal_figures" if is_known else None,
                "source_file": "municipal_figures/odense.csv" if is_known else None,
                **more,
            }
            self.add("target_progress", made)

    def figures(
        self, indicator: str, values: Mapping[int, float | None], area: str = "vollsmose", **moved: Any
    ) -> None:
        """Add the figures of an area, and how it moved: `moved` are columns of area_movements."""
        key = {"area_id": area, "indicator": indicator}
        for year, value in values.items():
            limits = {} if value is None else {"ci_low": value - 2, "ci_high": value + 2, "municipality_value": 60.0}
            known = {"year": year, "value": value, "window_years": 1, **limits}
            self.add("area_profile", key | known | ({"missing_reason": "not_delivered"} if value is None else {}))
        if moved:
            years = {"before_from": 2005, "before_to": 2007, "after_from": 2011, "after_to": 2012}
            self.add("area_movements", key | years | {"is_headline": False} | moved)

    def count(self) -> None:
        """Fill plan_overview from the targets and activities, as its SQL does."""
        names = {row["effort_area_id"]: row["name_da"] for row in self.registry.codes["effort_areas"]}
        standing: dict[tuple[str, str, int], str] = {}
        for row in sorted(self.rows["target_progress"], key=lambda row: row["year"]):
            if row["value"] is not None and row["target_verdict"]:
                standing[row["plan_id"], row["target_no"], row["target_version"]] = row["target_verdict"]
        for plan in [row["plan_id"] for row in self.rows["dim_plans"]]:
            for theme, name in names.items():
                key = {"plan_id": plan, "effort_area_id": theme}
                targets = [row for row in self.rows["dim_targets"] if key.items() <= row.items()]
                activities: dict[str, bool] = {}
                for row in self.rows["plan_activity_years"]:
                    if key.items() <= row.items():
                        activities[row["activity"]] = activities.get(row["activity"], False) or bool(
                            row.get("indicators")
                        )
                current = [row for row in targets if row["is_current"]]
                measured = [row for row in current if row["indicator"]]
                verdicts = [standing.get((plan, row["target_no"], row["target_version"])) for row in measured]
                if targets or activities:
                    counts = {verdict: verdicts.count(verdict) for verdict in ("reached", "on_the_way", "off_the_way")}
                    self.add(
                        "plan_overview",
                        key
                        | counts
                        | {
                            "effort_area": name,
                            "goals": len(current),
                            "goals_measurable": len(measured),
                            "goals_not_measurable": len(current) - len(measured),
                            "goals_withdrawn": sum(bool(row.get("is_withdrawn")) for row in targets),
                            "cannot_be_told": verdicts.count("cannot_be_told"),
                            "without_verdict": verdicts.count(None),
                            "activities": len(activities),
                            "activities_with_indicator": sum(activities.values()),
                            "activities_without_indicator": len(activities) - sum(activities.values()),
                        },
                    )

    def publish(self, folder: Path) -> Snapshot:
        """A snapshot of the rows, as the writer of snapshots leaves it."""
        folder.mkdir(parents=True, exist_ok=True)
        for mart, rows in self.rows.items():
            table = self.registry.marts[mart]
            stamped = [{**row, "origin": self.origin} for row in rows]
            write_parquet(
                folder / f"{mart}.parquet", frame(table, stamped, self.registry, **DEFAULTS).to_arrow(), table
            )
        entries = {mart: {"file": f"{mart}.parquet"} for mart in READ}
        manifest = {"origin": self.origin, "as_of": "2013-03-04T05:00:00+00:00", "marts": entries}
        return Snapshot("5f0c9a1b2c3d4e5f", folder, manifest)


@pytest.fixture
def empty_town(registry: Registry) -> Town:
    """A town with a secretariat, an area, and the plan PLAN that wants nothing and does nothing."""
    return bare(registry)


def bare(registry: Registry) -> Town:
    """The town of `empty_town`."""
    town = Town(registry)
    home = {"municipality_code": "0461", "municipality_name": "Odense"}
    town.add(
        "dim_secretariats", {"secretariat_id": "odense", "secretariat_name": "Områdesekretariatet i Odense"} | home
    )
    town.add("dim_areas", {"area_id": "vollsmose", "area_name": "Vollsmose"} | home)
    town.add("dim_areas", {"area_id": "bogparken", "area_name": "Bøgeparken"} | home)
    town.plan(PLAN, "Helhedsplan Vollsmose", areas="vollsmose, bogparken")
    return town


def _add_figures(town: Town) -> None:
    """Figures of the shared indicators: one that moved, and one of which nobody can say so."""
    moved = {"movement": 5.8, "movement_low": 2.1, "movement_high": 9.5, "lasting_movement": 4.2, "is_headline": True}
    ends = {"before_value": 42.6, "after_value": 48.4, "municipality_before": 70.1, "municipality_after": 71.0}
    town.figures(
        "employed_18_64_pct",
        {2007: 42.5, 2008: 44.1, 2009: None, 2010: 46.0, 2011: 48.2},
        **moved,
        **ends,
        municipality_movement=0.9,
    )
    town.figures("move_out_pct", {2008: 43.1}, movement_missing_reason="years_missing")


def full(registry: Registry) -> Town:
    """A town in which the pages have everything to tell: each verdict, each kind of target, each kind of link."""
    town = bare(registry)
    town.plan(OTHER, "Sønderbro i fællesskab")
    town.plan(EMPTY, "Stengården", secretariat=None)
    agreed = {
        "secretariat_id": "odense",
        "secretariat_name": "Områdesekretariatet i Odense",
        "municipality_code": "0461",
        "is_in_force": True,
    }
    agreed |= {"source": "secretariat_indicators", "source_file": "secretariat_indicators/odense.csv"}
    town.add(
        "shared_indicators",
        agreed | {"indicator": "employed_18_64_pct", "agreed_by": "projektlederne", "agreed_from": date(2009, 1, 1)},
        agreed | {"indicator": "move_out_pct", "agreed_by": "projektlederne", "agreed_from": date(2009, 1, 1)},
        agreed
        | {"indicator": "convicted_pct", "agreed_by": "sekretariatet", "agreed_from": date(2007, 1, 1)}
        | {"agreed_until": date(2008, 12, 31), "is_in_force": False},
    )
    up = {"direction": "up", "start_value": 44.1, "start_figure": 44.1, "target_value": 52.0, "step_size": 7.9}
    town.target("1", "employed_18_64_pct", is_shared=True, goal="Flere voksne er i arbejde", **up)
    on_the_way = {2010: "cannot_be_told", 2011: "on_the_way"}
    town.years("1", {2008: 44.1, 2009: None, 2010: 46.0, 2011: 48.2, 2012: None}, on_the_way)
    town.change("target_progress", {"twin_change": 0.7, "twin_change_missing_reason": None}, target_no="1", year=2011)
    town.target("1.1", parent_no="1", goal="Alle unge får tilbudt et fritidsjob", not_measurable_because="not_by_area")
    young = {"effort_area_id": "boern-og-unge", "goal": "Flere unge er i uddannelse"}
    revised = young | {"replaced_on": date(2010, 2, 1), "is_current": False}
    town.target("2", "youth_in_education_pct", **revised, **(up | {"target_value": 60.0}))
    newer = {"set_on": date(2010, 2, 1), "set_by": "bestyrelsen", "target_population": "drenge på 16-20 år"}
    town.target("2", "youth_in_education_pct", version=2, **young, **newer, **up)
    off = dict.fromkeys(range(2009, 2013), "off_the_way")
    town.years("2", {2008: 44.1, 2009: 44.0, 2010: 43.9, 2011: 44.2, 2012: 44.0}, off, verdict_kind="replaced")
    kind = {"verdict_kind": "afterwards"}
    town.years("2", {2008: 44.1, 2009: 44.0, 2010: 43.9, 2011: 44.2, 2012: 44.0}, off, version=2)
    town.change("target_progress", kind, target_no="2", target_version=2, year=2009)
    town.target("3", "outside_work_pct", goal="Færre står uden for arbejdsmarkedet", visible_change=None)
    town.change(
        "dim_targets", {"visible_count": None, "step_is_visible": None, "start_check": "differs"}, target_no="3"
    )
    town.change("dim_targets", {"start_value": 45.0, "moved_of_areas": 0, "moved_areas": 0}, target_no="3")
    why = {"why": "start_disagrees; no_interval_for_basis", "window_years": 4, "status": "provisional"}
    town.years("3", {2008: 43.1, 2009: 42.0, 2010: 41.0}, half=None, **why)
    town.target("4", "convicted_15_24_pct", goal="Færre unge får en dom", effort_area_id="boern-og-unge")
    town.change("dim_targets", {"start_figure": None, "start_check": "no_figure", "has_counts": None}, target_no="4")
    unseen = {"visible_change": None, "visible_count": None, "step_is_visible": None}
    town.change("dim_targets", unseen, target_no="4")
    town.years("4", {2008: None, 2009: None, 2010: None}, half=None)
    town.target(
        "5",
        "burglary_rate",
        goal="Færre indbrud",
        is_withdrawn=True,
        is_current=False,
        effort_area_id="image-og-kommunikation",
    )
    town.target("6", "move_out_pct", is_shared=True, goal="Færre flytter", parent_no="3")
    town.years("6", {2008: 43.1, 2009: 40.0, 2010: 34.0}, {2009: "on_the_way", 2010: "reached"})
    town.target("1", "move_out_pct", plan=OTHER, is_shared=True, goal="Folk bliver boende")
    town.years("1", {2008: 43.1, 2009: 43.0}, plan=OTHER)
    done = {"plan_id": PLAN, "source": "plan_activities", "source_file": "plan_activities/vollsmose.csv"}
    town.add(
        "plan_activity_years",
        *(
            done
            | {"activity": "Jobvejledning i området", "effort_area_id": "uddannelse-og-beskaeftigelse", "year": year}
            | {"begins": date(2008, 8, 1), "ends": date(2011, 6, 30), "participants": count, "area_id": "vollsmose"}
            | {
                "step": "Flere voksne kommer tættere på et arbejde",
                "indicators": "employed_18_64_pct, outside_work_pct",
            }
            for year, count in ((2009, 25), (2010, None), (2011, 1072))
        ),
        done
        | {"activity": "Fælles spisning", "effort_area_id": "beboernetvaerk", "year": 2010, "begins": date(2010, 1, 1)},
        done
        | {"activity": "Lektiecafé", "effort_area_id": "boern-og-unge", "year": 2010, "begins": date(2010, 1, 1)}
        | {"indicators": "youth_in_education_pct"},
    )
    links = [
        (
            "uddannelse-og-beskaeftigelse",
            "Jobvejledning i området",
            "Flere voksne kommer tættere på et arbejde",
            "employed_18_64_pct",
            "plan",
        ),
        (
            "uddannelse-og-beskaeftigelse",
            "Jobvejledning i området",
            "Flere voksne kommer tættere på et arbejde",
            "outside_work_pct",
            "plan",
        ),
        ("boern-og-unge", "Lektiecafé", None, "youth_in_education_pct", "plan"),
        ("beboernetvaerk", "Fælles spisning", None, None, "plan"),
        (
            "beboernetvaerk",
            None,
            "Flere beboere kender hinanden og tager del",
            "takes_part_pct",
            "boligprofil proposal",
        ),
        (
            "beboernetvaerk",
            None,
            "Flere beboere kender hinanden og tager del",
            "stayed_5_years_pct",
            "boligprofil proposal",
        ),
    ]
    names = ("effort_area_id", "activity", "step", "indicator", "link_source")
    for number, link in enumerate(links, 1):
        town.add("plan_change_theory", {"plan_id": PLAN, "link_no": number, **dict(zip(names, link, strict=True))})
    for indicator in registry.indicators.values():
        known = {
            "employed_18_64_pct": {
                "areas_with_figures": 2,
                "figure_years": "2008, 2010, 2011, 2012",
                "gap_years": "2009",
            }
            | {
                "counts_pct": 60.0,
                "owners": "Statistics Denmark; the municipality that sends them",
                "owner_sources": "municipal_figures, statbank_ras200",
                "gap": "some_years",
            },
            "move_out_pct": {
                "areas_with_figures": 1,
                "figure_years": "2008, 2009",
                "counts_pct": 100.0,
                "gap": "some_areas",
            }
            | {
                "owners": "Landsbyggefonden",
                "owner_sources": "housing_statistics",
                "municipality_years": "2007, 2008, 2009",
            },
        }.get(indicator.id, {"gap": "nothing_delivered", "areas_with_figures": 0})
        key = {
            "municipality_code": "0461",
            "municipality_name": "Odense",
            "known_areas": 2,
            "of_areas": indicator.of_areas,
        }
        places = {} if indicator.of_areas else {"municipality_years": "2008", "municipality_sources": "statbank_aup"}
        town.add("data_overview", key | {"indicator": indicator.id} | known | places)
    _add_figures(town)
    town.count()
    return town


@pytest.fixture(scope="session")
def make_town(registry: Registry) -> Callable[[], Town]:
    """The town in which the pages have everything to tell."""
    return lambda: full(registry)


@pytest.fixture(scope="session")
def folder(make_town: Callable[[], Town], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page of the town in which there is everything to tell."""
    place = tmp_path_factory.mktemp("steering")
    town = make_town()
    pages.write(town.publish(place / "marts"), town.registry, place / "pages")
    return place / "pages"


@pytest.fixture(scope="session")
def plan_page(folder: Path) -> str:
    """The page of PLAN."""
    return (folder / f"plan-{PLAN}.html").read_text()


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes the page of a plan, by default PLAN, of a town that a test has changed."""

    def write(town: Town, plan: str = PLAN) -> str:
        pages.write(town.publish(tmp_path / "marts"), town.registry, tmp_path / "pages", [plan])
        return (tmp_path / "pages" / f"plan-{plan}.html").read_text()

    return write
