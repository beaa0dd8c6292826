"""The meeting sheet of a plan: goals, verdicts and why, what happened elsewhere, questions, room for decisions."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flows.present import goal_line, goals, notation, pdf, vocabulary
from flows.present.goals import GoalStanding
from flows.present.language import say
from flows.present.pdf import Typeset

# As many goals as one sheet of A4 can hold; the others are named below with their verdicts.
MOST_ROWS, MOST_LISTED, MOST_QUESTIONS, LONGEST_GOAL = 7, 6, 3, 110
FOOT = "Tallene viser, om det går som planlagt. De kan ikke vise, hvad planen har bevirket."
HEADS = ("Mål", "Start ○, nu ◆, mål |", "Er vi på vej?", "Hvorfor", "Hvad skete der andre steder?")
QUESTIONS, DECISION = "Spørgsmål til mødet", "Hvad beslutter vi?"
TO_FILL_IN = ("Ansvarlig", "Senest", "Følges op den", "Mødets dato", "For kommunen", "For boligorganisationen")
GOAL_LEFT_OUT = "Målets ord vises ikke: de kunne røbe et tal, der ikke er vist"


@dataclass(frozen=True)
class BareGoal:
    """A goal that nothing measures, and why."""

    number: str
    goal: str
    why: str


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


def compose(
    plan: str, town: str, areas: Sequence[str], when: str, measured: Sequence[GoalStanding], bare: Sequence[BareGoal]
) -> MeetingSheet:
    """The sheet of a plan. `town` is its municipality, 'Odense Kommune' without its last word."""
    standings = goals.in_trouble_first(list(measured))
    rest = standings[MOST_ROWS:]
    return MeetingSheet(
        plan,
        title(standings, len(bare), say("{town} Kommune", town=town)),
        f"{town} · {', '.join(areas)} · {when}",
        tuple(_row(each) for each in standings[:MOST_ROWS]),
        _listed([f"{each.number} {_short(each.goal)}: {each.words}" for each in rest]),
        _listed([f"{each.number} {_short(each.goal)} ({each.why})" for each in bare]),
        tuple(questions(standings, bare, len(areas), say("{town} Kommune", town=town))),
    )


def typeset(sheets: Sequence[MeetingSheet], marks: Sequence[tuple[str, str]], edition: str) -> Typeset:
    """The sheets, one A4 landscape each; `marks` stand above each and `edition` below."""
    rows = [(number, place, row) for number, sheet in enumerate(sheets) for place, row in enumerate(sheet.rows)]
    content = {
        "sheets": [
            {**vars(sheet), "rows": [vars(replace(row, svg=_file(number, at))) for at, row in enumerate(sheet.rows)]}
            for number, sheet in enumerate(sheets)
        ],
        "marks": list(marks),
        "heads": list(map(say, HEADS)),
        "heading_questions": say(QUESTIONS),
        "heading_decision": say(DECISION),
        "to_fill_in": list(map(say, TO_FILL_IN)),
        "foot": say(FOOT),
        "edition": edition,
    }
    pictures = {_file(number, place): row.svg.encode() for number, place, row in rows}
    return pdf.typeset("flows.present", "meeting.typ", content, pictures)


def _file(sheet: int, row: int) -> str:
    return f"goal-{sheet}-{row}.svg"


def title(standings: Sequence[GoalStanding], unmeasured: int, town: str) -> str:
    """The finding: how many goals are where, and who can change that."""
    if not standings:
        if not unmeasured:
            return say("Planen har ingen mål i Boligprofil")
        return (
            say("Planens mål følges ikke med tal")
            if unmeasured == 1
            else say("Planens {unmeasured} mål følges ikke med tal", unmeasured=unmeasured)
        )
    waiting = [each for each in standings if each.awaits_delivery]
    if 2 * len(waiting) > len(standings):
        counts = all("counts_not_delivered" in each.missing for each in waiting)
        what = say("antallene bag andelene") if counts else say("de tal, der mangler")
        if len(standings) == 1:
            return say("Planens mål kan ikke afgøres, før {town} leverer {what}", town=town, what=what)
        return say(
            "{waiting} af {standings} mål kan ikke afgøres, før {town} leverer {what}",
            waiting=len(waiting),
            standings=len(standings),
            town=town,
            what=what,
        )
    kinds: list[tuple[str, list[GoalStanding]]] = [
        (word.lower(), [each for each in standings if each.verdict == verdict])
        for verdict, word in vocabulary.VERDICTS.items()
    ]
    kinds.append((say("uden nyt tal"), [each for each in standings if each.verdict is None and not each.hidden]))
    kinds.append((say("vises ikke"), [each for each in standings if each.hidden]))
    counted = [f"{len(found)} {word}" for word, found in kinds if found]
    several = notation.many(len(standings), "mål", "mål")
    if len(counted) == 1:
        whole = say("Planens mål") if len(standings) == 1 else say("Alle {goals}", goals=several)
        return say("{whole} med tal: {verdict}", whole=whole, verdict=counted[0].split(" ", 1)[1])
    return say("Af {goals} med tal er {counted}", goals=several, counted=notation.listed(counted))


def questions(standings: Sequence[GoalStanding], bare: Sequence[BareGoal], areas: int, town: str) -> Iterator[str]:
    """At most one question for each kind of verdict, three in all, in the order of trouble."""
    shown = [each for each in standings if not each.hidden]
    made = (
        _of_off_the_way([each for each in shown if each.verdict == "off_the_way"]),
        _of_unclear([each for each in shown if each.verdict in ("cannot_be_told", None)], areas, town),
        _of_on_the_way([each for each in shown if each.verdict in ("on_the_way", "reached")]),
        _of_unmeasured(bare),
    )
    yield from [question for question in made if question][:MOST_QUESTIONS]


def _of_off_the_way(found: Sequence[GoalStanding]) -> str:
    if not found:
        return ""
    first = found[0]
    _, now, goal = first.numbers
    aim = (
        ""
        if first.target is None
        else say(", målet er {goal} i {target_year}", goal=goal, target_year=first.target_year)
    )
    return say(
        "Mål {number}: tallet er {now}{aim}. Fortsætter I, ændrer I indsatsen, eller sætter I et nyt mål?",
        number=first.number,
        now=now,
        aim=aim,
    )


def _of_unclear(found: Sequence[GoalStanding], areas: int, town: str) -> str:
    if not found:
        return ""
    if waiting := [each for each in found if each.awaits_delivery]:
        numbers = notation.listed([each.number for each in waiting])
        counts = any("counts_not_delivered" in each.missing for each in waiting)
        what = say("antallene bag andelene") if counts else "tallene"
        return say(
            "Hvem beder {town} om {what} til mål {numbers}, og hvornår skal de være her?",
            town=town,
            what=what,
            numbers=numbers,
        )
    first = found[0]
    if set(first.missing) & set(goals.NEW_START):
        return say(
            "Mål {number} kan ikke afgøres, som det er sat. Skal det have et nyt startår eller en ny målværdi?",
            number=first.number,
        )
    if "no_interval_for_basis" in first.missing:
        return say(
            "Mål {number} kan ikke afgøres med dette tal. Hvilket tal skal I måle ved i stedet?", number=first.number
        )
    base = (
        say("med {counted}", counted=notation.counted(first.base, first.indicator))
        if first.base is not None
        else say("med så få")
    )
    together = say("for alle planens områder tilsammen") if areas > 1 else say("over flere år eller flere områder")
    return say(
        "Mål {number} kan ikke afgøres {base}. Skal det måles {together}?",
        number=first.number,
        base=base,
        together=together,
    )


def _of_on_the_way(found: Sequence[GoalStanding]) -> str:
    if not found:
        return ""
    first = found[0]
    if first.verdict == "reached":
        return say("Mål {number} er nået. Hvem følger det nu, og skal et nyt mål afløse det?", number=first.number)
    return say("Mål {number} er på vej. Hvem følger det, og hvornår ser I på det igen?", number=first.number)


def _of_unmeasured(bare: Sequence[BareGoal]) -> str:
    if not bare:
        return ""
    numbers = notation.listed([each.number for each in bare])
    return say(
        "Hvordan vil I vide, om mål {numbers} er nået: egen tælling, spørgeskema eller slet ikke?", numbers=numbers
    )


def _short(goal: str | None) -> str:
    """A goal on one sheet of paper; the whole of it stands on the plan's page."""
    return textwrap.shorten(goal or say(GOAL_LEFT_OUT), LONGEST_GOAL, placeholder=" …")


def _listed(named: Sequence[str]) -> str:
    rest = len(named) - MOST_LISTED
    more = say("; {rest} til står på planens side", rest=rest) if rest > 0 else ""
    return "; ".join(named[:MOST_LISTED]) + more


def _row(each: GoalStanding) -> GoalRow:
    where = f" · {each.area}" if each.area else ""
    return GoalRow(
        each.number,
        _short(each.goal),
        f"{say(each.indicator.label_da)}{where}",
        goal_line.svg(each),
        each.numbers,
        each.in_words,
        each.words,
        goals.why(each),
        goals.elsewhere(each),
    )
