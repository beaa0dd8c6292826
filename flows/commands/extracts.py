"""What may leave the house: make a year's extracts, attack a release, and clear it by two people."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.night import run_steps
from flows.commands.options import REFUSED, USAGE, Marts, Schemas, check_clock, opened, stop, stopping
from flows.commands.terminal import out, table_of

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

Releases = Annotated[
    Path | None,
    typer.Option(
        "--releases", help="Folder of releases and their ledger. [releases, beside the marts]", show_default=False
    ),
]
Extracts = Annotated[
    Path | None, typer.Option("--extracts", help="Folder of extracts. [extracts, beside the marts]", show_default=False)
]
# Of which there are words; the grammars are not imported for a command that does without.
LANGUAGES = ("da", "en")
Secretariat = Annotated[
    str | None,
    typer.Option("--secretariat", help="Only this secretariat, such as aarhus; else all.", show_default=False),
]


def extract(
    year: Annotated[int, typer.Option("--year", help="The year that the extracts are about.")],
    secretariat: Secretariat = None,
    areas: Annotated[
        str | None,
        typer.Option(
            "--areas",
            help="Instead: one extract of these areas, such as vollsmose,solbakken, of published figures alone.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Of pages, report and workbook: da or en.")] = "da",
    marts: Marts = None,
    releases: Releases = None,
    extracts: Extracts = None,
    schemas: Schemas = None,
) -> None:
    """Write the yearly extracts of the area secretariats, cleared for disclosure, as drafts for two people to approve.

    With --areas, of any areas: what their sources have published already, which nobody has to clear. Exit code 0:
    written or nothing changed, 1: refused, 2: no such year, secretariat or area.
    """
    if language not in LANGUAGES:
        stop(f"no language {language!r}; there are {', '.join(LANGUAGES)}", USAGE)
    if areas is not None:
        if secretariat is not None:
            stop("--areas and --secretariat ask for two different extracts: give one of them", USAGE)
        _choice(year, areas, language, marts, extracts, schemas)
    else:
        _drafts(year, secretariat, language, marts, releases, extracts, schemas)


def _drafts(
    year: int,
    secretariat: str | None,
    language: str,
    marts: Path | None,
    releases: Path | None,
    extracts: Path | None,
    schemas: Path | None,
) -> None:
    """Write the extracts of one secretariat or all, and say where they lie and who must look at them."""
    from flows.extracts import approve
    from flows.extracts.assemble import NoSecretariat, secretariats
    from flows.publish.snapshots import NoMart
    from flows.release import make
    from flows.release.ledger import Tampered
    from flows.release.store import ReleaseDamaged

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas, releases=releases, extracts=extracts)
    folders = (chosen.releases_folder, chosen.extracts_folder)
    try:
        names = secretariats(snapshot, secretariat)
        make.check(snapshot, year)
        there = approve.standing(year, names, snapshot, registry, *folders, language)
    except (NoSecretariat, make.CannotRelease) as error:
        stop(str(error.args[0]), USAGE)
    except NoMart as error:
        stop(f"{error.args[0]}. The snapshot was made by an earlier version: run 'boligprofil run' first", REFUSED)
    except (Tampered, ReleaseDamaged) as error:
        stop(str(error), REFUSED)
    if there is not None:
        out.print("Nothing changed: the extracts are those that would be written now.")
        _show([{**vars(written), "folder": str(written.folder)} for written in there])
        return

    def plainly() -> dict[str, Any]:
        from flows import year as steps_of_year
        from flows.steps import Plain

        return steps_of_year.run(chosen, year, secretariat, Plain(), language)

    def watched() -> "State[Any]":
        from flows.yearly import yearly

        return yearly(year, secretariat, chosen.marts_place, *folders, chosen.schemas, language, return_state=True)

    report = run_steps(plainly, watched, "and what was there stays")
    if report["outcome"] == "refused":
        stop(report["message"], REFUSED)
    out.print(f"Release {report['release']}, {report['origin']} figures:")
    _show(report["extracts"])
    if not all(written["is_cleared"] for written in report["extracts"]):
        how = f'boligprofil clear {report["release"]} --by "First Last"'
        out.print(f"\nThey are drafts. Two people look at them, and each of them says: {how}", soft_wrap=True)


def _choice(
    year: int, areas: str, language: str, marts: Path | None, extracts: Path | None, schemas: Path | None
) -> None:
    """Write the extract of a choice of areas, and say where it lies."""
    from flows.extracts import assemble, folders
    from flows.extracts.report import CannotSet
    from flows.present.language import say, spoken
    from flows.publish.snapshots import NoMart
    from flows.release import store
    from flows.release.make import CannotRelease

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas, extracts=extracts)
    names = [name for name in areas.split(",") if name.strip()]
    with (
        stopping(USAGE, assemble.NoArea, CannotRelease),
        stopping(REFUSED, NoMart, CannotSet, store.ReleaseBusy),
        store.lock(chosen.releases_folder),
    ):
        with spoken(language, registry):
            made = assemble.choice(names, year, snapshot, registry)
            first = Path(say("sider")) / "index.html"
        folder = folders.write_choice(made, registry, chosen.extracts_folder / str(year) / made.secretariat)
    out.print(f"{made.name}, {year}: published {made.origin} figures in {folder}", soft_wrap=True)
    out.print(f"Begin with {folder / first}", soft_wrap=True)


def attack(
    release: Annotated[str, typer.Argument(help="A release such as 2012-1, or a year for its newest one.")],
    marts: Marts = None,
    releases: Releases = None,
) -> None:
    """Try to work out every hidden figure of a release from all that was ever released. Exit code 1 where one can be.

    Prints the tightest interval that an outsider and an insider reach for each hidden cell, and for a leak the shortest
    chain of sums that tells it. It names hidden cells: the output stays in the house.
    """
    from flows.release import make, store
    from flows.release.ledger import Tampered
    from flows.release.programs import Undecided
    from flows.settings import settings

    chosen = settings(marts=marts, releases=releases)
    refusals = (store.ReleaseDamaged, Tampered, Undecided)
    with stopping(USAGE, store.NoRelease), stopping(REFUSED, *refusals):
        attacked = store.find(chosen.releases_folder, release)
        handed = make.handed_out(store.kept(chosen.releases_folder), store.ledger_of(chosen.releases_folder))
        earlier = make.earlier_than(attacked, handed)
        findings = make.attack_again(attacked, earlier)
    reached: dict[str, dict[str, str]] = {}
    for interval in findings.intervals:
        most = "any" if interval.high is None else f"{interval.high:,}"
        reached.setdefault(str(interval.key), {})[interval.attacker] = f"{interval.low:,} to {most}"
    kind = "small" if attacked.record["method"] == "rounding" else "hidden"
    table = table_of(f"{kind} cell", ">outsider", ">insider")
    for name, ends in reached.items():
        table.add_row(name, ends.get("outsider", ""), ends.get("insider", ""))
    if reached:
        out.print(table)
    beside = f" beside {', '.join(other.name for other in earlier)}" if earlier else ""
    out.print(
        f"Release {attacked.name}{beside}: {len(reached)} {kind} cells attacked as outsider and as insider, "
        f"{len(findings.leaks)} can be worked out."
    )
    for leak in findings.leaks:
        out.print(f"  {leak}", style="red", soft_wrap=True)
    if findings.leaks:
        raise typer.Exit(REFUSED)


def clear(
    release: Annotated[str, typer.Argument(help="A release such as 2012-1, or a year for its newest one.")],
    by: Annotated[str, typer.Option("--by", help="First and last name of the person who has looked at the extracts.")],
    secretariat: Secretariat = None,
    marts: Marts = None,
    releases: Releases = None,
    extracts: Extracts = None,
    schemas: Schemas = None,
) -> None:
    """Say that a person has looked at the extracts; the second person's word hands them out and enters the ledger."""
    from flows.extracts import approve, seals
    from flows.extracts.assemble import NoSecretariat, secretariats
    from flows.extracts.report import CannotSet
    from flows.release import approvals, store
    from flows.release.attack import Refused
    from flows.release.ledger import LedgerBusy, Tampered
    from flows.release.make import CannotRelease
    from flows.release.programs import Undecided

    chosen, registry, snapshot = opened(marts=marts, schemas=schemas, releases=releases, extracts=extracts)
    check_clock(chosen, registry)
    unready = (approvals.ApprovalMissing, CannotRelease, CannotSet, LedgerBusy, Refused, Tampered, Undecided)
    unusable = (store.ReleaseBusy, store.ReleaseDamaged)
    folders = (chosen.releases_folder, chosen.extracts_folder)
    with (
        stopping(USAGE, store.NoRelease, NoSecretariat),
        stopping(REFUSED, *unready, *unusable),
        store.lock(chosen.releases_folder),
    ):
        approved = store.find(chosen.releases_folder, release)
        names = secretariats(snapshot, secretariat)
        _, finished = seals.opened(*folders, registry)
        for folder in finished:
            out.print(f"{folder} was handed out before a run was stopped; it is in its place now.", soft_wrap=True)
        waiting = approve.waiting(approved, names, *folders)
        # One that is asked for by name and was handed out already is an error, among all it is passed over.
        asked = names if secretariat and not finished else waiting
        if not asked:
            out.print(f"{approved.name} has been handed out; nobody has to clear anything.")
        faults: dict[str, None] = {}
        for name in asked:
            try:
                ((_, given),) = approve.approve(by, approved, [name], snapshot, registry, *folders)
            except (CannotRelease, CannotSet) as fault:
                # One secretariat's fault does not stop the others.
                faults[str(fault)] = None
                continue
            is_done = approvals.are_enough(given)
            standing = "cleared by" if is_done else "looked at by"
            lacking = "" if is_done else "; one more person must look at it"
            people = " and ".join(approval.name for approval in given)
            out.print(f"{approved.name}, {name}: {standing} {people}{lacking}", soft_wrap=True)
    if faults:
        stop("\n".join(faults), REFUSED)


def receipt(
    file: Annotated[Path, typer.Argument(help="A receipt that went out with an extract: ...-kvittering.txt.")],
    marts: Marts = None,
    releases: Releases = None,
) -> None:
    """Tell which release a receipt is of: whether the ledger still has all that it had when the extract left.

    Exit code 0: it has, and a zip beside the receipt is the one that left. 1: not so. 2: the file is no receipt.
    """
    from flows.extracts import receipts
    from flows.release import store
    from flows.release.ledger import Tampered
    from flows.settings import settings

    with stopping(USAGE, OSError, receipts.NoReceipt):
        head = receipts.head_on(file)
    with stopping(REFUSED, Tampered):
        ledger = store.ledger_of(settings(marts=marts, releases=releases).releases_folder)
        out.print(receipts.held_against(file, head, ledger), soft_wrap=True)


def _show(extracts: Sequence[Mapping[str, Any]]) -> None:
    table = table_of("secretariat", ">areas", ">figures shown", ">hidden", "status", "folder")
    for entry in extracts:
        counts = (str(entry["areas"]), f"{entry['shown']:,}", f"{entry['hidden']:,}")
        status = "cleared" if entry["is_cleared"] else "draft"
        table.add_row(entry["secretariat"], *counts, status, entry["folder"])
    out.print(table)
