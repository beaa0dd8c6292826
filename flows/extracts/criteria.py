"""The statutory watch in plain Danish sentences: the rule, how far each criterion is, what one household can do."""

from flows.extracts.model import Criterion, OtherList, Watch
from flows.extracts.phrases import amount, capital, name, step
from flows.present import danish
from schemas.indicators import Indicator
from schemas.registry import Registry

SIGNS = {">": "over", ">=": "mindst", "<": "under", "<=": "højst"}


def of_watch(watch: Watch, registry: Registry) -> tuple[str, ...]:
    """The statutory watch: the rule, how far away each criterion is, and what one household could change, both ways."""
    sentences = [_rule(watch, registry)]
    sentences += [_of_criterion(criterion, registry) for criterion in watch.every_criterion()]
    sentences.append(
        {
            True: "Efter de viste tal opfylder området reglen.",
            False: "Efter de viste tal opfylder området ikke reglen.",
            None: "De viste tal kan ikke afgøre, om området opfylder reglen.",
        }[watch.meets_rule]
    )
    sentences.append(
        {
            (True, True): "Én husstand mere eller færre kan være nok til, at området ikke længere opfylder reglen.",
            (True, False): "Én husstand mere eller færre kan være nok til, at området opfylder reglen.",
            (False, True): "Én husstand mere eller færre ændrer ikke, at området opfylder reglen.",
            (False, False): "Én husstand mere eller færre ændrer ikke, at området ikke opfylder reglen.",
        }[watch.could_flip, watch.meets_rule]
        if watch.could_flip is not None and watch.meets_rule is not None
        else "Vi ved ikke, om én husstand mere eller færre kan ændre det."
    )
    sentences.append(f"En husstand er her regnet som {danish.many(watch.household, 'person', 'personer')}.")
    sentences.append(
        {
            True: f"Området står på ministeriets liste for {watch.year}.",
            False: f"Området står ikke på ministeriets liste for {watch.year}.",
            None: f"Området er ikke nævnt i den afskrift af listen for {watch.year}, vi har.",
        }[watch.on_list]
        if watch.is_delivered
        else f"Ministeriets liste for {watch.year} er ikke leveret, så vi ved ikke, om området står på den."
    )
    if None not in (watch.meets_rule, watch.on_list) and watch.meets_rule != watch.on_list:
        sentences.append("Listen og de viste tal siger ikke det samme; det er listen, der gælder.")
    return tuple(sentences)


def _rule(watch: Watch, registry: Registry) -> str:
    """What the rule of the list asks for."""
    counted = danish.many(len(watch.criteria), "kriterium", "kriterier")
    conditions = ["det har beboere nok"] if watch.size else []
    conditions += [
        f"kriteriet for {name(registry.indicators[criterion.indicator]).rstrip(',')} er opfyldt"
        for criterion in watch.always
    ]
    if watch.criteria:
        conditions.append(f"mindst {watch.needed} af {'dem' if not watch.always else f'de andre {counted}'} er opfyldt")
    if watch.requirement:
        conditions.append(_required(watch.requirement))
    first = f"Reglen for listen »{watch.list_name}« i {watch.year}"
    begins = f"{first} har {counted}. Et område opfylder reglen" if _counted_alone(watch) else f"{first} er opfyldt"
    several = ", ".join(conditions[:-1])
    return f"{begins}, når {several}, og {conditions[-1]}." if several else f"{begins}, når {conditions[-1]}."


def _counted_alone(watch: Watch) -> bool:
    """Whether the rule is one of a number of criteria alone, beside that of residents."""
    return bool(watch.criteria) and not watch.always and not watch.requirement


def _required(requirement: OtherList) -> str:
    if requirement.years == 1:
        return f"det også står på listen »{requirement.list_name}« det år"
    return f"det har stået på listen »{requirement.list_name}« {requirement.years} år i træk"


def limit(criterion: Criterion, number: str) -> str:
    """The threshold in words: 'over 2,7', or as a multiple of a national mean that is not known."""
    if criterion.threshold is None and criterion.times_national is not None:
        return f"{SIGNS[criterion.sign]} {danish.number(criterion.times_national, 0)} gange landsgennemsnittet"
    return f"{SIGNS[criterion.sign]} {number}"


def _limit(criterion: Criterion, indicator: Indicator) -> str:
    """'mindst 1.000', 'over 2,7 procent': a threshold with no more decimals than it has."""
    if criterion.threshold is None:
        return limit(criterion, "en grænse, der ikke er oplyst")
    text = danish.number(criterion.threshold, indicator.decimals)
    if "," in text:
        text = text.rstrip("0").rstrip(",")
    return limit(criterion, f"{text}{' procent' if indicator.kind in ('share', 'relative') else ''}")


def _of_criterion(criterion: Criterion, registry: Registry) -> str:
    indicator = registry.indicators[criterion.indicator]
    subject = capital(name(indicator))
    bound = _limit(criterion, indicator)
    if criterion.value is not None and criterion.threshold is None:
        shown = amount(criterion.value, indicator)
        return f"{subject} er {shown}; kriteriet er {bound}; det kan ikke afgøres her, for landets tal er ikke leveret."
    if criterion.value is None or criterion.distance is None:
        mark = registry.extracts.mark[criterion.mark].label_da if criterion.mark else "ikke oplyst"
        return f"{subject}: kriteriet er {bound}; det kan ikke afgøres her, for tallet vises ikke ({mark})."
    away = step(criterion.distance, indicator)
    how = f"opfyldt med {away}" if criterion.is_met else f"ikke opfyldt, og der mangler {away}"
    if criterion.distance == 0:
        how = f"{'opfyldt' if criterion.is_met else 'ikke opfyldt'}, og tallet ligger lige på grænsen"
    return f"{subject} er {amount(criterion.value, indicator)}; kriteriet er {bound}: {how}. {_near(criterion)}."


def _near(criterion: Criterion) -> str:
    """What one household more or fewer could do to a criterion, both ways."""
    if criterion.is_near is None:
        return "Vi ved ikke, om én husstand kan ændre det"
    if not criterion.is_near:
        return "Én husstand mere eller færre ændrer det ikke"
    turn = "ikke længere er opfyldt" if criterion.is_met else "bliver opfyldt"
    return f"Én husstand mere eller færre kan være nok til, at det {turn}"
