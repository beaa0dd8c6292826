"""The meeting sheet of a plan: goals, verdicts and why, what happened elsewhere, questions, room for decisions."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flows.present import danish, vocabulary
from flows.present.pdf import compiled
from flows.publish.plans_read import Plan, Row
from flows.publish.snapshots import Snapshot
from flows.target_pages import goal_line, sentences
from flows.target_pages.standing import NEW_START, TargetStanding, in_trouble_first, standing
from schemas.registry import Registry

# As many goals as one sheet of A4 can hold; the others are named below with their verdicts.
MOST_ROWS, MOST_LISTED, MOST_QUESTIONS, LONGEST_GOAL = 7, 6, 3, 110
FOOT = "Tallene viser, om det går som planlagt. De kan ikke vise, hvad planen har bevirket."
HEADS = ("Mål", "Start ○, nu ◆, mål |", "Er vi på vej?", "Hvorfor", "Hvad skete der andre steder?")
QUESTIONS, DECISION = "Spørgsmål til mødet", "Hvad beslutter vi?"
TO_FILL_IN = ("Ansvarlig", "Senest", "Følges op den", "Mødets dato", "For kommunen", "For boligorganisationen")


@dataclass(frozen=True)
class GoalRow:
    """A goal on the sheet, all in words; `svg` is the line that `figures` say."""

    number: str
    goal: str
    measured_by: str
    svg: str
    figures: tuple[str, str, str]
    in_words: str
    verdict: str
    why: str
    elsewhere: str


@dataclass(frozen=True)
class MeetingSheet:
    """Everything that a meeting sheet says; `others` are goals beyond those that it has room for."""

    plan_name: str
    title: str
    place: str
    rows: tuple[GoalRow, ...]
    others: str
    without_figures: str
    questions: tuple[str, ...]


def compose(plan: Plan, registry: Registry, until: int | None = None) -> MeetingSheet:
    """The sheet of a plan by the newest figures, of those up to the year `until`."""
    town = plan.row["municipality_name"]
    current = [target for target in plan.walk() if not target.row["is_withdrawn"]]
    measured = [standing(target, town, registry, until) for target in current if target.is_measurable]
    bare = [target.row for target in current if not target.is_measurable]
    standings = in_trouble_first(measured)
    rest = standings[MOST_ROWS:]
    when = f"tal til og med {until}" if until else "seneste vurdering"
    return MeetingSheet(
        plan.row["plan_name"],
        title(standings, len(bare), f"{town} Kommune"),
        f"{town} · {', '.join(plan.areas)} · {when}",
        tuple(_row(each) for each in standings[:MOST_ROWS]),
        _listed([f"{each.row['target_no']} {_short(each.row['goal'])}: {each.words}" for each in rest]),
        _listed([f"{row['target_no']} {_short(row['goal'])} ({_unmeasured(row)})" for row in bare]),
        tuple(questions(standings, bare, plan)),
    )


def pdf(sheet: MeetingSheet, snapshot: Snapshot, is_example: bool) -> bytes:
    """The sheet as one A4 landscape."""
    pictures = {f"goal-{place}.svg": row.svg.encode() for place, row in enumerate(sheet.rows)}
    content = {
        **vars(sheet),
        "rows": [vars(replace(row, svg=f"goal-{place}.svg")) for place, row in enumerate(sheet.rows)],
        "marks": sentences.banners(snapshot.manifest["origin"], is_example),
        "heads": HEADS,
        "heading_questions": QUESTIONS,
        "heading_decision": DECISION,
        "to_fill_in": TO_FILL_IN,
        "foot": FOOT,
        "snapshot": snapshot.id,
    }
    return compiled("flows.target_pages", "meeting.typ", content, pictures)


def title(standings: list[TargetStanding], unmeasured: int, town: str) -> str:
    """The finding: how many goals are where, and who can change that."""
    if not standings:
        many = danish.many(unmeasured, "mål", "mål")
        return f"Planens {many} følges ikke med tal" if unmeasured else "Planen har ingen mål i Boligprofil"
    waiting = [each for each in standings if each.awaits_delivery]
    if 2 * len(waiting) > len(standings):
        counts = all("counts_not_delivered" in each.missing for each in waiting)
        what = "antallene bag andelene" if counts else "de tal, der mangler"
        return f"{len(waiting)} af {len(standings)} mål kan ikke afgøres, før {town} leverer {what}"
    counted = [
        f"{sum(each.verdict == verdict for each in standings)} {word.lower()}"
        for verdict, word in (*vocabulary.VERDICTS.items(), (None, "uden nyt tal"))
        if any(each.verdict == verdict for each in standings)
    ]
    several = danish.many(len(standings), "mål", "mål")
    if len(counted) == 1:
        return f"{'Målet' if len(standings) == 1 else f'Alle {several}'} med tal: {counted[0].split(' ', 1)[1]}"
    return f"Af {several} med tal er {danish.listed(counted)}"


def questions(standings: list[TargetStanding], bare: list[Row], plan: Plan) -> Iterator[str]:
    """At most one question for each kind of verdict, three in all, in the order of trouble."""
    made = (
        _of_off_the_way([each for each in standings if each.verdict == "off_the_way"]),
        _of_unclear([each for each in standings if each.verdict in ("cannot_be_told", None)], plan),
        _of_on_the_way([each for each in standings if each.verdict in ("on_the_way", "reached")]),
        _of_unmeasured(bare),
    )
    yield from [question for question in made if question][:MOST_QUESTIONS]


def _of_off_the_way(found: list[TargetStanding]) -> str:
    if not found:
        return ""
    first = found[0]
    _, now, goal = goal_line.numbers(first)
    return (
        f"Mål {first.row['target_no']}: tallet er {now}, målet er {goal} i {first.row['target_year']}. Fortsætter I, "
        "ændrer I indsatsen, eller sætter I et nyt mål?"
    )


def _of_unclear(found: list[TargetStanding], plan: Plan) -> str:
    if not found:
        return ""
    waiting = [each for each in found if each.awaits_delivery]
    town = f"{plan.row['municipality_name']} Kommune"
    if waiting:
        numbers = danish.listed([each.row["target_no"] for each in waiting])
        counts = any("counts_not_delivered" in each.missing for each in waiting)
        what = "antallene bag andelene" if counts else "tallene"
        return f"Hvem beder {town} om {what} til mål {numbers}, og hvornår skal de være her?"
    first = found[0]
    number, indicator = first.row["target_no"], first.indicator
    if set(first.missing) & set(NEW_START):
        return f"Mål {number} kan ikke afgøres, som det er sat. Skal det have et nyt startår eller en ny målværdi?"
    if "no_interval_for_basis" in first.missing:
        return f"Mål {number} kan ikke afgøres med dette tal. Hvilket tal skal I måle ved i stedet?"
    base = danish.counted(first.of_year["denominator"], indicator) if first.of_year else ""
    together = "for alle planens områder tilsammen" if len(plan.areas) > 1 else "over flere år eller flere områder"
    return f"Mål {number} kan ikke afgøres med {base}. Skal det måles {together}?"


def _of_on_the_way(found: list[TargetStanding]) -> str:
    if not found:
        return ""
    first = found[0]
    number = first.row["target_no"]
    if first.verdict == "reached":
        return f"Mål {number} er nået. Hvem følger det nu, og skal et nyt mål afløse det?"
    return f"Mål {number} er på vej. Hvem følger det, og hvornår ser I på det igen?"


def _of_unmeasured(bare: list[Row]) -> str:
    if not bare:
        return ""
    numbers = danish.listed([row["target_no"] for row in bare])
    return f"Hvordan vil I vide, om mål {numbers} er nået: egen tælling, spørgeskema eller slet ikke?"


def _unmeasured(row: Row) -> str:
    return vocabulary.NOT_MEASURABLE.get(row["not_measurable_because"], "planen har ikke sagt hvorfor")


def _short(goal: str) -> str:
    """A goal on one sheet of paper; the whole of it stands on the plan's page."""
    return textwrap.shorten(goal, LONGEST_GOAL, placeholder=" …")


def _listed(goals: list[str]) -> str:
    rest = len(goals) - MOST_LISTED
    more = f"; {rest} til står på planens side" if rest > 0 else ""
    return "; ".join(goals[:MOST_LISTED]) + more


def _row(each: TargetStanding) -> GoalRow:
    row, indicator = each.row, each.indicator
    where = f" · {row['area_name']}" if row["area_name"] else ""
    return GoalRow(
        row["target_no"],
        _short(row["goal"]),
        f"{indicator.label_da}{where}",
        goal_line.svg(each),
        goal_line.numbers(each),
        goal_line.in_words(each),
        each.words,
        each.why,
        elsewhere(each),
    )


def elsewhere(each: TargetStanding) -> str:
    """What the municipality, the country and the area did in the same years."""
    of_year, indicator = each.of_year, each.indicator
    if of_year is None:
        return "Intet at holde op mod endnu."
    if of_year["change_start"] is None:
        return "Områdets ændring kan ikke opgøres, så den er ikke holdt op mod andres."
    others = [
        f"{place} {danish.signed(of_year[f'{geography}_change'], indicator.decimals)}"
        for geography, place in (("municipality", "kommunen"), ("country", "hele landet"))
        if of_year[f"{geography}_change"] is not None
    ]
    unit = "procentpoint" if indicator.kind in ("share", "relative") else indicator.unit_short_da
    limits = danish.span(of_year["change_start_low"], of_year["change_start_high"], indicator)
    known = "" if limits == danish.ABSENT else f" (mellem {limits.replace(' til ', ' og ')})"
    own = f"Området {danish.signed(of_year['change_start'], indicator.decimals)}{known}"
    return f"{own}; {', '.join(others) or 'kommunens tal er ikke leveret'} ({unit})."
