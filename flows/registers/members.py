"""Populations of the registry as conditions on the attributes of a person or household, as SQL."""

from collections.abc import Collection, Mapping

from schemas.populations import Populations
from schemas.relations import Value


def conditions(populations: Populations, universe: str, attributes: Collection[str]) -> dict[str, str]:
    """By population of a universe that asks for these attributes alone: its condition on columns named like them."""
    return {
        name: condition(populations.regions[name])
        for name in populations.population
        if populations.universe_of(name) == universe and populations.regions[name].keys() <= set(attributes)
    }


def condition(region: Mapping[str, frozenset[Value]]) -> str:
    """What a region asks of each attribute; 'true' where it asks nothing."""
    return " and ".join(_asked(attribute, values) for attribute, values in sorted(region.items())) or "true"


def _asked(attribute: str, values: frozenset[Value]) -> str:
    numbers = sorted(value for value in values if isinstance(value, int))
    if numbers and numbers[-1] - numbers[0] + 1 == len(values):
        return f"{attribute} between {numbers[0]} and {numbers[-1]}"
    listed = ", ".join(map(str, numbers)) if numbers else ", ".join(f"'{value}'" for value in sorted(map(str, values)))
    return f"{attribute} in ({listed})"
