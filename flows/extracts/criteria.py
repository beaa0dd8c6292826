"""The statutory watch in plain Danish sentences: the rule, how far each criterion is, what one household can do."""

from flows.extracts.model import Criterion, OtherList, Watch
from flows.extracts.phrases import amount, capital, step
from flows.present import notation
from flows.present.language import Words, say
from schemas.indicators import Indicator
from schemas.registry import Registry

SIGNS = Words({">": "over", ">=": "mindst", "<": "under", "<=": "højst"})


def of_watch(watch: Watch, registry: Registry) -> tuple[str, ...]:
    """The statutory watch: the rule, how far away each criterion is, and what one household could change, both ways."""
    sentences = [_rule(watch, registry)]
    sentences += [_of_criterion(criterion, registry) for criterion in watch.every_criterion()]
    sentences.append(
        {
            True: say("Efter de viste tal opfylder området reglen."),
            False: say("Efter de viste tal opfylder området ikke reglen."),
            None: say("De viste tal kan ikke afgøre, om området opfylder reglen."),
        }[watch.meets_rule]
    )
    sentences.append(
        {
            (True, True): say(
                "Én husstand mere eller færre kan være nok til, at området ikke længere opfylder reglen."
            ),
            (True, False): say("Én husstand mere eller færre kan være nok til, at området opfylder reglen."),
            (False, True): say("Én husstand mere eller færre ændrer ikke, at området opfylder reglen."),
            (False, False): say("Én husstand mere eller færre ændrer ikke, at området ikke opfylder reglen."),
        }[watch.could_flip, watch.meets_rule]
        if watch.could_flip is not None and watch.meets_rule is not None
        else say("Vi ved ikke, om én husstand mere eller færre kan ændre det.")
    )
    sentences.append(
        say("En husstand er her regnet som {persons}.", persons=notation.many(watch.household, "person", "personer"))
    )
    sentences.append(
        {
            True: say("Området står på ministeriets liste for {year}.", year=watch.year),
            False: say("Området står ikke på ministeriets liste for {year}.", year=watch.year),
            None: say("Området er ikke nævnt i den afskrift af listen for {year}, vi har.", year=watch.year),
        }[watch.on_list]
        if watch.is_delivered
        else say(
            "Ministeriets liste for {year} er ikke leveret, så vi ved ikke, om området står på den.", year=watch.year
        )
    )
    if None not in (watch.meets_rule, watch.on_list) and watch.meets_rule != watch.on_list:
        sentences.append(say("Listen og de viste tal siger ikke det samme; det er listen, der gælder."))
    return tuple(sentences)


def _rule(watch: Watch, registry: Registry) -> str:
    """What the rule of the list asks for."""
    counted = notation.many(len(watch.criteria), "kriterium", "kriterier")
    conditions = [say("det har beboere nok")] if watch.size else []
    conditions += [
        say(
            "kriteriet for {name} er opfyldt",
            name=notation.subject(registry.indicators[criterion.indicator]).rstrip(","),
        )
        for criterion in watch.always
    ]
    if watch.criteria:
        conditions.append(
            say(
                "mindst {needed} af {whom} er opfyldt",
                needed=watch.needed,
                whom=say("dem") if not watch.always else say("de andre {counted}", counted=counted),
            )
        )
    if watch.requirement:
        conditions.append(_required(watch.requirement))
    first = say("Reglen for listen »{list_name}« i {year}", list_name=watch.list_name, year=watch.year)
    begins = (
        say("{first} har {counted}. Et område opfylder reglen", first=first, counted=counted)
        if _counted_alone(watch)
        else say("{first} er opfyldt", first=first)
    )
    several = ", ".join(conditions[:-1])
    return (
        say("{begins}, når {several}, og {last}.", begins=begins, several=several, last=conditions[-1])
        if several
        else say("{begins}, når {last}.", begins=begins, last=conditions[-1])
    )


def _counted_alone(watch: Watch) -> bool:
    """Whether the rule is one of a number of criteria alone, beside that of residents."""
    return bool(watch.criteria) and not watch.always and not watch.requirement


def _required(requirement: OtherList) -> str:
    if requirement.years == 1:
        return say("det også står på listen »{list_name}« det år", list_name=requirement.list_name)
    return say(
        "det har stået på listen »{list_name}« {years} år i træk",
        list_name=requirement.list_name,
        years=requirement.years,
    )


def limit(criterion: Criterion, number: str) -> str:
    """The threshold in words: 'over 2,7', or as a multiple of a national mean that is not known."""
    if criterion.threshold is None and criterion.times_national is not None:
        return say(
            "{sign} {times_national} gange landsgennemsnittet",
            sign=SIGNS[criterion.sign],
            times_national=notation.number(criterion.times_national, 0),
        )
    return f"{SIGNS[criterion.sign]} {number}"


def _limit(criterion: Criterion, indicator: Indicator) -> str:
    """'mindst 1.000', 'over 2,7 procent': a threshold with no more decimals than it has."""
    if criterion.threshold is None:
        return limit(criterion, say("en grænse, der ikke er oplyst"))
    text = notation.number(criterion.threshold, indicator.decimals)
    if indicator.decimals:
        text = text.rstrip("0").rstrip(".,")
    return limit(criterion, say("{number} procent", number=text) if indicator.kind in ("share", "relative") else text)


def _of_criterion(criterion: Criterion, registry: Registry) -> str:
    indicator = registry.indicators[criterion.indicator]
    subject = capital(notation.subject(indicator))
    bound = _limit(criterion, indicator)
    if criterion.value is not None and criterion.threshold is None:
        shown = amount(criterion.value, indicator)
        return say(
            "{subject} er {shown}; kriteriet er {bound}; det kan ikke afgøres her, for landets tal er ikke leveret.",
            subject=subject,
            shown=shown,
            bound=bound,
        )
    if criterion.value is None or criterion.distance is None:
        mark = say(registry.extracts.mark[criterion.mark].label_da) if criterion.mark else say("ikke oplyst")
        return say(
            "{subject}: kriteriet er {bound}; det kan ikke afgøres her, for tallet vises ikke ({mark}).",
            subject=subject,
            bound=bound,
            mark=mark,
        )
    away = step(criterion.distance, indicator)
    how = (
        say("opfyldt med {away}", away=away)
        if criterion.is_met
        else say("ikke opfyldt, og der mangler {away}", away=away)
    )
    if criterion.distance == 0:
        how = say(
            "{how}, og tallet ligger lige på grænsen", how=say("opfyldt") if criterion.is_met else say("ikke opfyldt")
        )
    return say(
        "{subject} er {amount}; kriteriet er {bound}: {how}. {near}.",
        subject=subject,
        amount=amount(criterion.value, indicator),
        bound=bound,
        how=how,
        near=_near(criterion),
    )


def _near(criterion: Criterion) -> str:
    """What one household more or fewer could do to a criterion, both ways."""
    if criterion.is_near is None:
        return say("Vi ved ikke, om én husstand kan ændre det")
    if not criterion.is_near:
        return say("Én husstand mere eller færre ændrer det ikke")
    turn = say("ikke længere er opfyldt") if criterion.is_met else say("bliver opfyldt")
    return say("Én husstand mere eller færre kan være nok til, at det {turn}", turn=turn)
