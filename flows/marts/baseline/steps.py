"""The statistics as steps of the build: which tables each reads, and the table of the schema `statistics` it makes."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from flows.marts.baseline import arms, balance, changes, events, power, rebounds, trends, twins, weightings
from flows.marts.baseline.areas import Tables
from flows.marts.queries import Step
from schemas.registry import Registry


@dataclass(frozen=True)
class Statistic(Step):
    """A table of the schema `statistics`, and how it is made of what it reads."""

    make: Callable[[Tables, Registry], pl.DataFrame]


STATISTICS = {
    name: Statistic(name, frozenset({"area_funding", "area_attributes", "area_exposure", *read}), make)
    for name, read, make in (
        ("statistics.arms", (), arms.arms_table),
        ("statistics.balance", ("baseline_values", "statistics.twins"), balance.balance_table),
        ("statistics.changes", ("open_figures", "open_years"), changes.changes_table),
        ("statistics.trends", ("baseline_figures",), trends.trends_table),
        ("statistics.power", ("baseline_figures",), power.power_table),
        ("statistics.power_years", ("baseline_figures",), power.power_years_table),
        ("statistics.twins", ("baseline_values",), twins.twins_table),
        ("statistics.weights", ("baseline_values", "statistics.twins"), weightings.weights_table),
        ("statistics.events", ("open_figures",), events.events_table),
        ("statistics.selection", ("baseline_values", "baseline_figures"), rebounds.selection_table),
    )
}
