"""A year's release: what may be shown beside everything that was handed out before, hidden or rounded, attacked, kept.

One release, one method: the registry's (`method` in disclosure.toml). Figures of one method beside those of the other
would tell more than either, so that a release is refused where readers already have its cells by the other one.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.core.provenance import code_sha256, digest, engine_versions
from flows.publish.snapshots import Snapshot
from flows.release import amounts, figures, revisions, scope, store, sums
from flows.release.amounts import ClearedAmounts
from flows.release.attack import Exhibit, Findings, Refused, attack
from flows.release.cells import Key, Tables
from flows.release.controlled_rounding import Rounded, round_
from flows.release.draw import drawn
from flows.release.ledger import Attacked, ReleaseLedger, Tampered
from flows.release.revisions import Held
from flows.release.scope import Scope
from flows.release.store import Release, ReleaseDamaged
from flows.release.sums import Built
from flows.release.suppression import Hiding, hide, marks, shown
from schemas.registry import Registry

MARTS = (
    "area_profile",
    "place_figures",
    "other_figures",
    "amount_contributors",
    "dim_areas",
    "dim_plans",
    "dim_municipalities",
    "dim_secretariats",
    "comparison_pool",
    "grant_summary",
)


# What the checker reads of each year: numbers that add up, and lists that follow each other.
TOTALS = ("cells", "cells_that_could_be_shown", "sums")
LISTS = ("hidden", "rounded", "held_back", "not_exact", "nearly_exact", "not_additive")


# Why a count is not told, for the checker and the ledger; `hidden` is the reason of one that an earlier release hid.
RULES = {
    "primary": "primary: too few persons, households or dwellings",
    "secondary": "secondary: else another hidden count could be worked out, or drawn",
    "hidden": "hidden: it was hidden in an earlier release",
    "area_too_small": "withheld: the area is too small",
    "size_unknown": "withheld: the area's size is not known",
}
DOMINATED = "amount: too few make it up, the two largest hold nearly all, or it would tell such an amount"
REVISED = "the revision of an amount may be of one person"


class CannotRelease(ValueError):
    """What was asked for is not there, or a name that readers need is missing; the message says what to do."""


def release_of(snapshot: Snapshot, registry: Registry, year: int, releases: Path, ledger: ReleaseLedger) -> Release:
    """The release of a year from a snapshot: the one that is there if nothing behind it has changed, else a new one.

    A new one takes the place of the year's last one if nothing of that was handed out. Call under `store.lock`. Raises
    CannotRelease, Refused where a hidden figure could be worked out, OtherSums, ReleaseDamaged, Undecided.
    """
    files = {mart: snapshot.path(mart) for mart in MARTS}
    check(snapshot, year)
    there = store.kept(releases)
    handed = handed_out(there, ledger)
    of_year = [release for release in there if release.year == year]
    last = of_year[-1] if of_year else None
    secret = store.secret(releases)
    if last and _stands(last, snapshot, registry, handed, secret):
        return last
    place = sum(release in handed for release in of_year) + 1
    return _make(snapshot, registry, year, f"{year}-{place}", handed, files, releases, secret)


def is_up_to_date(
    release: Release, snapshot: Snapshot, registry: Registry, releases: Path, ledger: ReleaseLedger
) -> bool:
    """Whether a release stands: of the same snapshot, rules and earlier releases, and a draft of the same code."""
    handed = handed_out(store.kept(releases), ledger)
    return _stands(release, snapshot, registry, handed, store.secret(releases))


def _stands(release: Release, snapshot: Snapshot, registry: Registry, handed: Sequence[Release], secret: bytes) -> bool:
    earlier = earlier_than(release, handed)
    if release in handed:
        # What readers have is no draft any more: another version of the code makes no other release of it.
        made_of = (release.record["snapshot"], release.record["registry_sha256"], release.record["earlier"])
        return made_of == (snapshot.id, registry.fingerprint, [other.name for other in earlier])
    return bool(release.record["inputs_sha256"] == _inputs(snapshot, registry, release.year, earlier, secret))


def handed_out(there: Sequence[Release], ledger: ReleaseLedger) -> list[Release]:
    """The releases of which something was handed out, the oldest first.

    Raises ReleaseDamaged where one is missing or changed, Tampered where the ledger lacks one that a later release
    was made beside.
    """
    seals = {entry.release.split(" ")[0]: entry.seal for entry in ledger.entries}
    names = set(seals)
    if unknown := sorted({name for release in there for name in release.record["earlier"]} - names):
        raise Tampered(
            f"{', '.join(unknown)} was handed out, and the ledger {ledger.file} does not know of it: bring the ledger "
            "back from its backup; nothing can be released until then"
        )
    if missing := sorted(names - {release.name for release in there}):
        raise ReleaseDamaged(
            f"the ledger {ledger.file} says that {', '.join(missing)} was handed out, and its folder is not there: "
            "bring it back from its backup; nothing can be released beside what is not known"
        )
    handed = [release for release in there if release.name in names]
    if changed := [release.name for release in handed if seals[release.name] != release.seal]:
        raise ReleaseDamaged(
            f"{store.RECORD} of {', '.join(changed)} is not the one that was there when the release was handed out: "
            "bring it back from its backup; nothing can be released until then"
        )
    return handed


def earlier_than(release: Release, handed: Iterable[Release]) -> list[Release]:
    """Of the releases handed out those that came before one: before a draft all of them, whenever it was made."""
    there = list(handed)
    if release.name not in {other.name for other in there}:
        return there
    return [other for other in there if other.record["number"] < release.record["number"]]


def require_as_made(release: Release, snapshot: Snapshot, registry: Registry, handed: Sequence[Release]) -> None:
    """Make a draft again, and compare all of it: its record has no digest that anybody keeps until it is handed out.

    `handed` are all releases handed out. Raises ReleaseDamaged where a byte of a file or of the record is another one.
    """
    files = {mart: snapshot.path(mart) for mart in MARTS}
    # Beside the releases, since true counts stand in it; as a hidden folder it is none of them.
    beside = release.folder.parent / f".{release.name}.again"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        secret = store.secret(release.folder.parent)
        again = _make(snapshot, registry, release.year, release.name, handed, files, beside, secret)
        for name in (store.RECORD, *(f"{part}.parquet" for part in store.PARTS)):
            if (again.folder / name).read_bytes() != (release.folder / name).read_bytes():
                raise ReleaseDamaged(
                    f"{release.folder / name} is not what {release.name} was made with; remove {release.folder}, run "
                    f"'boligprofil extract --year {release.year}' and look at what it writes"
                )
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _next(handed: Iterable[Release]) -> int:
    """The number of a release beside those that were handed out."""
    return 1 + max((int(release.record["number"]) for release in handed), default=0)


def attacked(release: Release, snapshot: Snapshot, registry: Registry, ledger: ReleaseLedger) -> Attacked:
    """What the attack of a release reached beside all that was handed out before it: once, not once per reader.

    Where the ledger has it from handing the release out to somebody else, of the same bytes, beside the same releases
    and by the same code, that is it. A draft is made again, attacked on the way, and compared with what is kept.
    Raises ReleaseDamaged, Tampered, Refused.
    """
    handed = handed_out(store.kept(release.folder.parent), ledger)
    beside = {other.name: other.seal for other in earlier_than(release, handed)}
    code = digest([code_sha256("flows.release", "schemas"), repr(sorted(engine_versions().items()))])
    for handout in ledger.handouts:
        kept = handout.attack
        same_bytes = (handout.of_release, handout.seal) == (release.name, release.seal)
        if same_bytes and (kept.beside, kept.code) == (beside, code):
            release.require_whole()
            return kept
    if release not in handed:
        require_as_made(release, snapshot, registry, handed)
        return Attacked(**release.record["attack"], beside=beside, code=code)
    findings = attack_again(release, earlier_than(release, handed))
    findings.require_safe()
    reached = {interval.key for interval in findings.intervals}
    return Attacked(cells=len(reached), intervals=len(findings.intervals), leaks=0, beside=beside, code=code)


def attack_again(release: Release, earlier: Sequence[Release]) -> Findings:
    """Attack a release as it is kept, together with all that was handed out before it, year by year."""
    years = [
        attack(release.exhibit(year), [other.exhibit(year) for other in earlier]) for year in release.years_of_cells
    ]
    intervals = tuple(interval for findings in years for interval in findings.intervals)
    return Findings(intervals, tuple(leak for findings in years for leak in findings.leaks))


def _inputs(snapshot: Snapshot, registry: Registry, year: int, earlier: Sequence[Release], secret: bytes) -> str:
    before = [f"{release.name} {release.record['files']['cells']}" for release in earlier]
    # The SQL that makes figures of counts is run by the build, and the views are those of the marts.
    code = code_sha256("flows.release", "flows.marts", "schemas", "sql")
    engines = repr(sorted(engine_versions().items()))
    return digest([snapshot.id, registry.fingerprint, str(year), code, engines, secret.decode(), *before])


def check(snapshot: Snapshot, year: int) -> None:
    """Raise CannotRelease where a snapshot has no figure of a year, or an area without a name."""
    files = {mart: snapshot.path(mart) for mart in ("area_profile", "place_figures", "dim_areas")}
    parts = [
        pl.read_parquet(files[mart], columns=["year", "value"], glob=False)
        for mart in ("area_profile", "place_figures")
    ]
    years = {year for part in parts for year in part.drop_nulls("value")["year"].unique()}
    if year not in years:
        found = f"{min(years)} to {max(years)}" if years else "none"
        raise CannotRelease(f"the snapshot has no figure of {year}; there are figures of {found}")
    areas = pl.read_parquet(files["dim_areas"], glob=False).filter(pl.col("secretariat_id").is_not_null())
    if nameless := areas.filter(pl.col("area_name").fill_null("").str.strip_chars() == "")["area_id"].to_list():
        raise CannotRelease(
            f"{', '.join(nameless)}: no name in schemas/codes/areas.csv (column area_name); readers would not know "
            "what the page is about. Fill it in and run 'boligprofil run'"
        )


def _make(
    snapshot: Snapshot,
    registry: Registry,
    year: int,
    name: str,
    earlier: Sequence[Release],
    files: Mapping[str, Path],
    releases: Path,
    secret: bytes,
) -> Release:
    marts = {mart: pl.read_parquet(file, glob=False) for mart, file in files.items()}
    years = range(year - registry.extracts.years + 1, year + 1)
    asked = scope.of_secretariats(marts, registry)
    # No sum holds cells of several years: each year is cleared alone, so that one is held in memory at a time.
    cleared_years = [_clear(marts, registry, of_year, asked, earlier, secret) for of_year in years]
    origin = str(snapshot.manifest["origin"])
    others = sorted(set(other_boundaries(marts["dim_areas"]).values()))
    counts = pl.concat([cleared.counts for cleared in cleared_years])
    cleared = figures.figures(counts, asked, others, files, list(years), registry, origin, base_of(registry))
    record = {
        "release": name,
        "number": _next(earlier),
        "year": year,
        "origin": origin,
        "snapshot": snapshot.id,
        "method": registry.disclosure.method,
        "base": base_of(registry),
        "registry_sha256": registry.fingerprint,
        "inputs_sha256": _inputs(snapshot, registry, year, earlier, secret),
        "earlier": [release.name for release in earlier],
        **_joined([cleared.account for cleared in cleared_years]),
    }
    tables_of = {
        "cells": pl.concat([cleared.cells for cleared in cleared_years]),
        "sums": pl.concat([cleared.sums for cleared in cleared_years]),
        "figures": cleared["cleared_figures"],
        "movements": cleared["cleared_movements"],
    }
    return store.keep(releases, name, tables_of, record, registry)


@dataclass(frozen=True)
class _Year:
    """One year of a release: its cells and sums as they are kept, what is told, and what the checker reads."""

    cells: pl.DataFrame
    sums: pl.DataFrame
    counts: pl.DataFrame
    account: Mapping[str, Any]


@dataclass(frozen=True)
class _Guarded:
    """One year's cells after hiding or rounding: what readers get, the marks, and what the checker reads of it."""

    own: Tables
    whole: Tables  # with all that was handed out before
    shown: Mapping[Key, int]  # of this release's cells
    given: Mapping[Key, int]  # the same, and older counts where a revision is held back
    marks: Mapping[Key, str]
    rules: Mapping[Key, str]  # of cells that are not shown, as in RULES
    held: tuple[Held, ...]
    not_additive: tuple[str, ...] = ()


def _clear(
    marts: Mapping[str, pl.DataFrame],
    registry: Registry,
    year: int,
    asked: Scope,
    earlier: Sequence[Release],
    secret: bytes,
) -> _Year:
    """Guard and attack the figures of one year beside all that was handed out of it.

    Raises Refused, OtherSums, CannotRelease.
    """
    built = sums.build(marts, registry, [year], asked)
    base = base_of(registry)
    before = [release.exhibit(year) for release in earlier]
    for release, exhibit in zip(earlier, before, strict=True):
        _same_method(registry, built.tables, release, exhibit, year)
    alike = [exhibit for exhibit in before if exhibit.base == base]
    guarded = _hidden(built.tables, alike, secret) if base is None else _rounded(built.tables, alike, base)
    exhibit = Exhibit(guarded.own, guarded.shown, base)
    findings = attack(exhibit, before)
    findings.require_safe()
    cells, relations = store.frames(exhibit)
    of_money = amounts.cleared(marts, registry, year, asked, _amounts_told(earlier, registry, year))
    account = _account(built, guarded, findings, of_money, registry)
    counts = figures.counts(guarded.given, {**guarded.marks, **of_money.marks}, of_money.means)
    return _Year(cells, relations, counts, account)


def _amounts_told(earlier: Sequence[Release], registry: Registry, year: int) -> dict[Key, float]:
    """The means of money of a year that readers have, by the last release that told them."""
    money = [indicator.id for indicator in registry.indicators.values() if indicator.count_basis == "money"]
    asked = (pl.col("year") == year) & pl.col("indicator").is_in(money) & pl.col("value").is_not_null()
    columns = ("place_kind", "place_id", "year", "indicator", "value")
    means: dict[Key, float] = {}
    for release in earlier:
        rows = release.figures_where(asked & ~pl.col("is_published")).select(columns)
        for kind, place, _, indicator, mean in rows.iter_rows():
            means[Key(kind, place, year, indicator, "value")] = mean
    return means


def base_of(registry: Registry) -> int | None:
    """The base that a release's counts are rounded to; None where small counts are hidden."""
    return registry.disclosure.base if registry.disclosure.method == "rounding" else None


def _same_method(registry: Registry, own: Tables, release: Release, exhibit: Exhibit, year: int) -> None:
    """Raise CannotRelease where readers have cells of a year by the other method, or rounded to another base."""
    if exhibit.base == base_of(registry):
        return
    both = [
        key
        for key, cell in own.cells.items()
        if cell.standing == "open" and key in exhibit.tables.cells and exhibit.tables.cells[key].standing == "open"
    ]
    if both:
        words = [_method(exhibit.base), _method(base_of(registry))]
        raise CannotRelease(
            f"readers have {len(both)} figures of {year} by {words[0]} (release {release.name}), and by {words[1]} "
            f"they would learn more than by either; set schemas/disclosure.toml to {words[0]} again, or let the "
            "extracts begin with a year of which nobody has figures ('years' in schemas/extracts.toml)"
        )


def _method(base: int | None) -> str:
    return "hiding" if base is None else f"rounding to base {base}"


def _hidden(own: Tables, earlier: Sequence[Exhibit], secret: bytes) -> _Guarded:
    whole = revisions.together(earlier, own)
    hiding = hide(whole, drawn(whole.keys, secret))
    _require_protected(hiding)
    rules = {key: cell.reason or "hidden" for key, cell in whole.cells.items() if cell.standing == "withheld"}
    rules |= dict.fromkeys(hiding.primary, "primary") | dict.fromkeys(hiding.secondary, "secondary")
    readers = {key: value for key, value in shown(whole, hiding).items() if key in own.cells}
    given, held = revisions.as_readers_have_it(earlier, own, readers)
    return _Guarded(
        own=own,
        whole=whole,
        shown=readers,
        given=given,
        marks=_without(marks(whole, hiding), own, given),
        rules=_without(rules, own, given),
        held=held,
    )


def _rounded(own: Tables, earlier: Sequence[Exhibit], base: int) -> _Guarded:
    after, held, whole, stay = _rounded_beside(own, earlier)
    try:
        rounded = round_(whole, base, stay)
    except ValueError as error:
        raise CannotRelease(f"{error}; nothing is released") from error
    _require_protected(rounded)
    rules = {key: cell.reason or "hidden" for key, cell in whole.cells.items() if cell.standing == "withheld"}
    rules = _without({**rules, **rounded.withheld}, after, {})
    readers = {key: value for key, value in rounded.shown.items() if key in after.cells}
    return _Guarded(
        own=after.with_(whole.cells[key] for key in readers),
        whole=whole,
        shown=readers,
        given=readers,
        marks=rules,
        rules=rules,
        held=held,
        not_additive=rounded.not_additive,
    )


def _without(words: Mapping[Key, str], own: Tables, given: Mapping[Key, int]) -> dict[Key, str]:
    """The words for cells of this release of which readers are given no count."""
    return {key: word for key, word in words.items() if key in own.cells and key not in given}


def _require_protected(made: Hiding | Rounded) -> None:
    if made.unprotected:
        words = "\n  ".join(f"{u.key}: {u.requirement}, by {'; '.join(u.sums)}" for u in made.unprotected)
        raise Refused(
            f"{len(made.unprotected)} figures cannot be protected beside what is known already; nothing is released. "
            f"Take their indicator out of the release, or settle it with the owner of the figures:\n  {words}"
        )


def other_boundaries(areas: pl.DataFrame) -> dict[str, str]:
    """Areas of a secretariat to the area of another boundary of which figures are published; of dim_areas."""
    beside = areas.filter(
        pl.col("secretariat_id").is_not_null(),
        pl.col("listed_as").is_not_null(),
        pl.col("boundary_on_lists") != "same",
    )
    return dict(beside.sort("area_id").select("area_id", "listed_as").iter_rows())


def _rounded_beside(
    own: Tables, earlier: Sequence[Exhibit]
) -> tuple[Tables, tuple[Held, ...], Tables, Mapping[Key, int]]:
    """The tables with revisions held back, which these are, the tables joined with all that readers have, and the
    rounded counts that stay as readers have them."""
    if not earlier:
        return own, (), own, {}
    before, readers = earlier[0].tables, dict(earlier[0].shown)
    for exhibit in earlier[1:]:
        before, _ = revisions.joined_rounded(before, readers, exhibit.tables)
        readers |= exhibit.shown
    after, held = revisions.hold_back(before, readers, own)
    return after, held, *revisions.joined_rounded(before, readers, after)


def _joined(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the checker reads of all years together."""
    left_out = sum((account["left_out"] for account in accounts), Counter[str]())
    attacked = [account["attack"] for account in accounts]
    return {
        **{name: sum(account[name] for account in accounts) for name in TOTALS},
        **{name: [entry for account in accounts for entry in account[name]] for name in LISTS},
        "left_out": dict(sorted(left_out.items())),
        "attack": {name: sum(year[name] for year in attacked) for name in ("cells", "intervals", "leaks")},
    }


def _account(
    built: Built, guarded: _Guarded, findings: Findings, of_money: ClearedAmounts, registry: Registry
) -> dict[str, Any]:
    """What the checker reads: what was hidden and why, or rounded although small, what was left out, what the attack
    reached. No true counts."""
    own, k = guarded.own, {key: cell.k for key, cell in guarded.whole.cells.items()}
    reached: dict[Key, dict[str, list[int | None]]] = {}
    for interval in findings.intervals:
        reached.setdefault(interval.key, {})[interval.attacker] = [interval.low, interval.high]
    hidden = [
        {"cell": _named(key), "rule": RULES[rule], "k": k[key], "reached": reached.get(key, {})}
        for key, rule in sorted(guarded.rules.items())
        if key.part != "complement"
    ]
    fewest = registry.disclosure.amounts.contributors
    hidden += [
        {"cell": _named(key), "rule": {**RULES, "hidden": DOMINATED}[mark], "k": fewest, "reached": {}}
        for key, mark in sorted(of_money.marks.items())
    ]
    judged = {key[:4] for key in (*of_money.means, *of_money.marks)}
    left_out = [
        left for left in built.left_out if (left.geography, left.geography_id, left.year, left.indicator) not in judged
    ]
    held = [(entry.key, entry.reason) for entry in guarded.held] + [(key, REVISED) for key in of_money.held]
    small = [key for key in sorted(guarded.shown) if guarded.whole.cells[key].is_primary]
    return {
        "cells": len(own.cells),
        "cells_that_could_be_shown": sum(cell.standing == "open" for cell in own.cells.values()),
        "sums": len(own.sums),
        "hidden": hidden,
        "rounded": [{"cell": _named(key), "k": k[key], "reached": reached.get(key, {})} for key in small],
        "held_back": [{"cell": _named(key), "reason": reason} for key, reason in held],
        "left_out": Counter(f"{left.indicator}: {left.reason}" for left in left_out),
        "not_exact": list(built.not_exact),
        "nearly_exact": list(built.nearly_exact),
        "not_additive": list(guarded.not_additive),
        "attack": {"cells": len(reached), "intervals": len(findings.intervals), "leaks": len(findings.leaks)},
    }


def _named(key: Key) -> dict[str, Any]:
    return {**key._asdict(), "geography_id": key.geography_id.split(" (")[0]}
