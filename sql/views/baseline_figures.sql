-- baseline_figures: the areas' figures that may stand in the baseline: of years up to the last baseline year, no repeated
-- edition, and from no source that says it is no baseline. One row per area, year, indicator.
select
    area_values.area_id,
    area_values.year,
    area_values.indicator,
    area_values.kind,
    area_values.factor,
    area_values.numerator,
    area_values.denominator,
    area_values.value
from area_values
join codes.sources as sources on sources.source = area_values.source
where area_values.value is not null
    and area_values.year <= getvariable('last_baseline_year')
    and area_values.repeats_year is null
    and sources.baseline_caveat is null
order by area_values.area_id, area_values.year, area_values.indicator
