"""The statutory watch in plain Danish sentences: the rule, how far each criterion is, what one household can do."""

from flows.extracts.model import Criterion, Watch
from flows.extracts.phrases import amount, capital, name, step
from flows.present import danish
from schemas.models import Indicator
from schemas.registry import Registry

SIGNS = {">": "over", ">=": "mindst", "<": "under", "<=": "højst"}


def of_watch(watch: Watch, registry: Registry) -> tuple[str, ...]:
    """The statutory watch: the rule, how far away each criterion is, and what one household could change, both ways."""
    enough = "det har beboere nok, og " if watch.size else ""
    sentences = [
        f"Reglen for listen i {watch.year} har {danish.many(len(watch.criteria), 'kriterium', 'kriterier')}. "
        f"Et område opfylder reglen, når {enough}mindst {watch.needed} af dem er opfyldt."
    ]
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
            None: f"Ministeriet har ikke set på området til listen for {watch.year}.",
        }[watch.on_list]
    )
    if None not in (watch.meets_rule, watch.on_list) and watch.meets_rule != watch.on_list:
        sentences.append("Listen og de viste tal siger ikke det samme; det er listen, der gælder.")
    return tuple(sentences)


def _limit(criterion: Criterion, indicator: Indicator) -> str:
    """'mindst 1.000', 'over 2,7 procent': a threshold with no more decimals than it has."""
    text = danish.number(criterion.threshold, indicator.decimals)
    if "," in text:
        text = text.rstrip("0").rstrip(",")
    return f"{SIGNS[criterion.sign]} {text}{' procent' if indicator.kind in ('share', 'relative') else ''}"


def _of_criterion(criterion: Criterion, registry: Registry) -> str:
    indicator = registry.indicators[criterion.indicator]
    subject = capital(name(indicator))
    limit = _limit(criterion, indicator)
    if criterion.value is None or criterion.distance is None:
        mark = registry.extracts.mark[criterion.mark].label_da if criterion.mark else "ikke oplyst"
        return f"{subject}: kriteriet er {limit}; det kan ikke afgøres her, for tallet vises ikke ({mark})."
    away = step(criterion.distance, indicator)
    how = f"opfyldt med {away}" if criterion.is_met else f"ikke opfyldt, og der mangler {away}"
    if criterion.distance == 0:
        how = f"{'opfyldt' if criterion.is_met else 'ikke opfyldt'}, og tallet ligger lige på grænsen"
    return f"{subject} er {amount(criterion.value, indicator)}; kriteriet er {limit}: {how}. {_near(criterion)}."


def _near(criterion: Criterion) -> str:
    """What one household more or fewer could do to a criterion, both ways."""
    if criterion.is_near is None:
        return "Vi ved ikke, om én husstand kan ændre det"
    if not criterion.is_near:
        return "Én husstand mere eller færre ændrer det ikke"
    turn = "ikke længere er opfyldt" if criterion.is_met else "bliver opfyldt"
    return f"Én husstand mere eller færre kan være nok til, at det {turn}"
