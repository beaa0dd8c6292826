"""A night as a page in Markdown: what was read, set aside, gone and published, and what differs from the night before.

It lies in Prefect's database, which more people may read than the marts: it counts figures that moved and names their
indicators, and holds no figure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.core.outcome import Report
from flows.publish import differences
from flows.publish.differences import Differences
from flows.publish.snapshots import Snapshot
from schemas.registry import Registry

# A page is read from above; what is behind the first lines stands in the manifest.
LINES = 20
DATA_DOCS, SITE = "data_docs/index.html", "sites/{snapshot}/index.html"


def page(
    report: Report,
    night: str,
    before: Snapshot | None,
    after: Snapshot | None,
    registry: Registry | None,
    address: str = "",
    marts: Path = Path(),
) -> str:
    """What became of the night of a day.

    `before` and `after` are the snapshots in force before and after it, `registry` that of the keys by which they are
    compared; `address` is where the folder of snapshots (`marts`) is served, none where it is not.
    """
    parts = [[f"# {night}: {became(report)}"], _lead(report, before, after)]
    if report.outcome == "refused":
        parts.append(_quoted(report.message))
    parts.append(_numbers(report, before, after))
    parts += [_deliveries(report.deliveries), _gone(report, after)]
    if registry and before and after and report.outcome == "published" and before.id != after.id:
        parts.append(_differences(differences.compare(before, after, registry)))
    parts += [_warnings(report.warnings), _places(report, after, address, marts), _steps(report)]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def became(report: Report, letters: int | None = None) -> str:
    """What became of a night, in two words; of the snapshot's name so many letters, or all."""
    words = {
        "published": f"published {report.snapshot[:letters]}",
        "unchanged": "nothing new",
        "refused": "refused",
        "rebuilt": f"rebuilt {report.snapshot[:letters]}",
    }
    return words[report.outcome]


def plain(text: object) -> str:
    """Words of the world as Markdown shows them letter by letter: file names and headers hold stars, bars and tags."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", re.sub(r"\s+", " ", str(text)))


def _lead(report: Report, before: Snapshot | None, after: Snapshot | None) -> list[str]:
    in_force = f"Snapshot `{after.id}` is in force" if after else "Nothing is in force"
    since = f", published {after.published_at:%Y-%m-%d %H:%M} UTC" if after else ""
    figures = f", **{plain(after.manifest['origin'])}** figures" if after and after.manifest.get("origin") else ""
    if report.outcome == "published" and before and after and before.id != after.id:
        return [f"{in_force}{figures}. Before it: `{before.id}`."]
    if report.outcome == "refused":
        return [f"**Nothing was published.** {in_force}{since}{figures}: readers see what they saw before."]
    return [f"{in_force}{since}{figures}."]


def _numbers(report: Report, before: Snapshot | None, after: Snapshot | None) -> list[str]:
    if not report.deliveries:
        return []
    outcomes = Counter(entry["outcome"] for entry in report.deliveries)
    rows = {name: sum(entry.get(name, 0) for entry in report.deliveries) for name in ("used", "quarantined")}
    aside = rows["quarantined"] + sum(entry.get("set_aside", 0) for entry in report.deliveries)
    lines = [
        "| | tonight | last night |",
        "|---|---:|---:|",
        f"| deliveries that are used | {outcomes['accepted']:,} | {_count(before, 'accepted')} |",
        f"| deliveries that are refused | {outcomes.total() - outcomes['accepted']:,} | {_count(before, 'refused')} |",
        f"| rows that are used | {rows['used']:,} | {_sum(before, 'used')} |",
        f"| rows that are set aside | {aside:,} | {_sum(before, 'quarantined', 'set_aside')} |",
    ]
    if report.outcome == "published" and after:
        made, taken = len(report.marts) - len(report.taken_over), len(report.taken_over)
        lines.append(f"| marts | {len(report.marts):,} ({made:,} made, {taken:,} as before) | {_marts(before)} |")
    return lines


def _count(snapshot: Snapshot | None, outcome: str) -> str:
    if snapshot is None:
        return ""
    accepted = sum(entry.get("outcome") == "accepted" for entry in snapshot.manifest["deliveries"])
    return f"{accepted if outcome == 'accepted' else len(snapshot.manifest['deliveries']) - accepted:,}"


def _sum(snapshot: Snapshot | None, *names: str) -> str:
    if snapshot is None:
        return ""
    return f"{sum(entry.get(name, 0) for entry in snapshot.manifest['deliveries'] for name in names):,}"


def _marts(snapshot: Snapshot | None) -> str:
    return "" if snapshot is None else f"{len(snapshot.manifest['marts']):,}"


def _deliveries(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The deliveries of which anything was refused or set aside."""
    lines = []
    for entry in entries:
        aside = entry.get("quarantined", 0) + entry.get("set_aside", 0)
        if entry["outcome"] != "accepted" or aside:
            found = entry.get("rules", {})
            why = entry.get("rule") or ", ".join(f"{rule} ({count})" for rule, count in found.items())
            became = "set aside" if entry["outcome"] == "accepted" else "**refused whole**"
            lines.append(f"| {plain(entry['path'])} | {became} | {aside:,} of {entry['rows']:,} | {plain(why)} |")
    if not lines:
        return []
    return _cut(
        ["## Set aside", "", "`boligprofil quarantine --letter` writes to the senders.", ""],
        ["| delivery | became | rows | rules |", "|---|---|---:|---|"],
        lines,
    )


def _gone(report: Report, after: Snapshot | None) -> list[str]:
    entries = after.manifest.get("gone", ()) if after and report.outcome == "published" else ()
    lines = [
        f"| {plain(entry['path'])} | {plain(entry['source'])} | {plain(entry['since'])} | "
        f"{'not known' if entry['rows'] is None else format(entry['rows'], ',')} | {plain(entry['accepted_by'])} |"
        for entry in entries
    ]
    if not lines:
        return []
    return _cut(
        ["## Gone", ""],
        ["| delivery | source | since | rows that rested on it | accepted by |", "|---|---|---|---:|---|"],
        lines,
    )


def _differences(found: Differences) -> list[str]:
    """Numbers of what moved, never the figures that did."""
    lines = ["## What differs from the night before", ""]
    if found.is_none:
        return [*lines, "No delivery, row or definition. Made by another " + " and ".join(found.made_by) + "."]
    if found.made_by:
        lines.append(f"- made by another {' and '.join(found.made_by)}")
    lines += [f"- {moved.how}: {plain(moved.path)}" for moved in found.deliveries[:LINES]]
    lines += [f"- and {len(found.deliveries) - LINES:,} deliveries more"] if len(found.deliveries) > LINES else []
    if found.figures:
        by_indicator = Counter(figure.where.get("indicator", figure.mart) for figure in found.figures)
        most = ", ".join(f"{plain(name)} {count:,}" for name, count in by_indicator.most_common(8))
        more = f", and {len(by_indicator) - 8} indicators more" if len(by_indicator) > 8 else ""
        moved = "1 figure" if len(found.figures) == 1 else f"{len(found.figures):,} figures"
        lines.append(f"- **{moved} moved**: {most}{more}")
    flips = Counter((flip.mart, flip.column) for flip in found.flips)
    lines += [f"- **{count:,} flipped**: {plain(column)} in {plain(mart)}" for (mart, column), count in flips.items()]
    lines += [f"- {len(found.definitions):,} definitions were reworded"] if found.definitions else []
    lines += _rows(found)
    return [*lines, "", f"In full: `boligprofil diff {found.before} {found.after}`"]


def _rows(found: Differences) -> Iterator[str]:
    if not found.rows:
        return
    yield from ("", "| mart | rows before | rows now | new | gone | changed |", "|---|---:|---:|---:|---:|---:|")
    for moved in found.rows:
        counts = ("" if count is None else f"{count:,}" for count in (moved.before, moved.after))
        numbers = (*counts, *(f"{count:,}" for count in (moved.new, moved.gone, moved.changed)))
        yield f"| {plain(moved.mart)} | {' | '.join(numbers)} |"


def _warnings(warnings: Sequence[str]) -> list[str]:
    return _cut(["## Worth a look", ""], [], [f"- {plain(words)}" for words in warnings]) if warnings else []


def _places(report: Report, after: Snapshot | None, address: str, marts: Path) -> list[str]:
    """Links where the pages are served, else the paths of their files: a browser opens no file from a server's page."""
    found = {}
    if report.outcome == "refused" and "refused" in report.message and (marts / "refused" / "index.html").is_file():
        found["The promises that were broken"] = marts / "refused" / "index.html"
    folder = Path(report.folder) if report.outcome == "rebuilt" else after.folder if after else None
    if folder is not None and (folder / DATA_DOCS).is_file():
        found["Data Docs"] = folder / DATA_DOCS
    site = marts / SITE.format(snapshot=after.id) if after else None
    if site is not None and site.is_file():
        found["The site"] = site
    lines = []
    for name, path in found.items():
        link = f"[{name}]({address.rstrip('/')}/{path.relative_to(marts).as_posix()})" if address else ""
        lines.append(f"- {link or f'{name}: `{path.absolute()}`'}")
    if report.outcome == "published" and "The site" not in found:
        lines.append("- The site of this snapshot: `boligprofil site` makes it")
    return ["## Where to look", "", *lines] if lines else []


def _steps(report: Report) -> list[str]:
    if not report.seconds:
        return []
    return ["## Seconds", "", ", ".join(f"{plain(step)} {seconds:.1f}" for step, seconds in report.seconds.items())]


def _quoted(message: str) -> list[str]:
    return ["```text", *message.replace("```", "'''").splitlines(), "```"]


def _cut(head: Iterable[str], table: Iterable[str], lines: Sequence[str]) -> list[str]:
    more = ["", f"And {len(lines) - LINES:,} more; `boligprofil status` names them all."] if len(lines) > LINES else []
    return [*head, *table, *lines[:LINES], *more]
