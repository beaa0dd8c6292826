"""The registry as SQL reads it: a frame for each table of the schema `codes`, and the variables."""

from typing import Any

import polars as pl

from schemas.code_lists import CODES
from schemas.registry import Registry

EXCEPTIONS = {
    **dict.fromkeys(("exception_id", "check", "area_id"), pl.String()),
    "year": pl.Int32(),
    **dict.fromkeys(("list_type", "indicator", "file", "source", "mart", "reason", "owner"), pl.String()),
    "until": pl.Date(),
}
CORRECTIONS = {
    **dict.fromkeys(("correction_id", "source", "file", "column", "wrong", "right", "reason", "owner"), pl.String()),
    "until": pl.Date(),
}
SOURCES = {
    **dict.fromkeys(("source", "title", "publisher", "baseline_caveat"), pl.String()),
    **dict.fromkeys(("is_example", "already_published"), pl.Boolean()),
}


def variables(origin: str, registry: Registry) -> dict[str, str | int]:
    """The variables that queries read by `getvariable`; `origin` is that of the facts."""
    evaluation = registry.evaluation
    return {
        "origin": origin,
        "last_baseline_year": evaluation.baseline.last_year,
        "open_through": evaluation.open_through,
        "open_event": evaluation.open_event,
        "balancing_window": evaluation.balancing.window,
        "withheld_least": evaluation.withheld.least,
        "withheld_most": evaluation.withheld.most,
    }


def frames(registry: Registry) -> dict[str, pl.DataFrame]:
    """The tables of the schema `codes` by name."""
    files = {
        name: pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()))
        for name, rows in registry.codes.items()
        if (columns := list(rows[0] if rows else CODES[name].model_fields if name in CODES else ()))
    }
    exceptions = [{"exception_id": e.id, **e.model_dump(exclude={"id"})} for e in registry.exceptions.values()]
    corrections = [
        {"correction_id": c.id, **c.model_dump(exclude={"id", "where"})} for c in registry.corrections.values()
    ]
    return {
        **files,
        "indicators": _indicators(registry),
        "sources": _sources(registry),
        "exceptions": pl.DataFrame(exceptions, schema=EXCEPTIONS),
        "corrections": pl.DataFrame(corrections, schema=CORRECTIONS),
        "baseline_windows": _baseline_windows(registry),
        "funded_contrasts": _funded_contrasts(registry),
        "change_links": _change_links(registry),
        "indicator_years": _indicator_years(registry),
        "precedence": _precedence(registry),
    }


def _indicators(registry: Registry) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                **indicator.model_dump(exclude={"id", "comparator_by_definition", "numerator", "denominator"}),
                "indicator": indicator.id,
                "numerator_is": indicator.numerator,
                "denominator_is": indicator.denominator,
                "factor": float(indicator.factor),
                "interval": indicator.interval,
                "stays": indicator.counts is not None and registry.populations.stays(indicator.counts),
                "comparator_geography": known.geography if (known := indicator.comparator_by_definition) else None,
                "comparator_value": known.value if known else None,
            }
            for indicator in registry.indicators.values()
        ],
        schema_overrides={"comparator_geography": pl.String, "comparator_value": pl.Float64, "decimals": pl.Int64},
        infer_schema_length=None,
    )


def _sources(registry: Registry) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                **source.model_dump(include=set(SOURCES)),
                "source": source.id,
                "is_example": source.example is not None,
            }
            for source in registry.sources.values()
        ],
        schema=SOURCES,
    )


def _baseline_windows(registry: Registry) -> pl.DataFrame:
    """The windows of evaluation.toml as years."""
    evaluation = registry.evaluation
    return pl.DataFrame(
        [
            {
                "baseline_window": name,
                "window_from": evaluation.first_year(name),
                "window_to": evaluation.baseline.last_year,
                "years": window.years,
            }
            for name, window in evaluation.window.items()
        ],
        schema_overrides={"window_from": pl.Int32(), "window_to": pl.Int32()},
    )


def _funded_contrasts(registry: Registry) -> pl.DataFrame:
    """The contrasts of funded against never-funded areas, and which exposed areas each leaves out."""
    rows = [
        {"contrast": contrast.id, "spillover": contrast.spillover}
        for contrast in registry.evaluation.contrast.values()
        if contrast.by == "funded"
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("contrast", "spillover"), pl.String()))


def _change_links(registry: Registry) -> pl.DataFrame:
    """The proposed links of change_theory.toml: a row per effort area, step and indicator."""
    rows = [
        {"effort_area_id": step.effort_area, "step": step.label_da, "indicator": indicator, "link_source": step.source}
        for step in registry.change_theory.step.values()
        for indicator in step.indicators
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("effort_area_id", "step", "indicator", "link_source"), pl.String()))


def _precedence(registry: Registry) -> pl.DataFrame:
    """Whose figure of each indicator is shown first: a row per indicator and owner."""
    rows = [
        {"indicator": indicator, "figure_owner": owner, "place": place}
        for indicator in registry.indicators
        for place, owner in enumerate(registry.precedence(indicator))
    ]
    return pl.DataFrame(rows, schema={"indicator": pl.String(), "figure_owner": pl.String(), "place": pl.Int32()})


def _indicator_years(registry: Registry) -> pl.DataFrame:
    """The years of the columns that must hold one indicator; a column without declared years was always there."""
    rows: list[dict[str, Any]] = [
        {
            "indicator": column.indicator,
            "from_year": column.years.first if column.years else None,
            "to_year": column.years.last if column.years else None,
        }
        for layout in registry.layouts.values()
        for column in layout.columns
        if column.indicator and not column.optional
    ]
    return pl.DataFrame(rows, schema={"indicator": pl.String(), "from_year": pl.Int32(), "to_year": pl.Int32()})
