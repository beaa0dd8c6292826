"""The statistics as steps of the build: which tables each reads, and the table of the schema `statistics` it makes."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from flows.marts.baseline import balance, power, trends, twins
from flows.marts.baseline.areas import Tables
from schemas.registry import Registry


@dataclass(frozen=True)
class Statistic:
    """A table of the schema `statistics`: what it reads, and how it is made of it."""

    name: str
    reads: frozenset[str]
    make: Callable[[Tables, Registry], pl.DataFrame]


def _statistics() -> dict[str, Statistic]:
    who, values, figures = "area_funding", "baseline_values", "baseline_figures"
    made = (
        Statistic("statistics.balance", frozenset({who, values}), balance.balance_table),
        Statistic("statistics.trends", frozenset({who, figures}), trends.trends_table),
        Statistic("statistics.power", frozenset({who, figures}), power.power_table),
        Statistic("statistics.twins", frozenset({who, values}), twins.twins_table),
    )
    return {statistic.name: statistic for statistic in made}


STATISTICS = _statistics()
