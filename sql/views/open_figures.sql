-- open_figures: the areas' figures that may be looked at and may stand in a comparison: of years that are open, no repeated edition, and
-- from no source that says it is no baseline. One row per area, year, indicator. All of an indicator are over as many years as most of
-- them are, and none lies before a break of the boundary or of the definition. A count that was withheld as too small is known to lie
-- between two numbers where its base is known: the figure is that of their midpoint, with both ends.
with usual_windows as (
    select indicator, window_years
    from area_values
    where value is not null and year <= getvariable('last_baseline_year')
    group by indicator, window_years
    qualify row_number() over (partition by indicator order by count(*) desc, window_years) = 1
),
known as (
    select
        area_values.*,
        area_values.value is null
        and area_values.missing_reason = 'withheld_by_source'
        and area_values.kind in ('share', 'rate')
        and indicators.count_basis in ('persons', 'events')
        and area_values.denominator >= getvariable('withheld_most') as is_withheld
    from area_values
    join codes.indicators as indicators using (indicator)
)
select
    area_values.area_id,
    area_values.year,
    area_values.indicator,
    area_values.kind,
    area_values.factor,
    is_withheld,
    if(is_withheld, getvariable('withheld_least'), numerator) as numerator_least,
    if(is_withheld, getvariable('withheld_most'), numerator) as numerator_most,
    area_values.denominator,
    if(
        is_withheld,
        tidy(factor * (getvariable('withheld_least') + getvariable('withheld_most')) / (2.0 * denominator)),
        area_values.value
    ) as value
from known as area_values
join usual_windows using (indicator, window_years)
join codes.sources as sources on sources.source = area_values.source
join open_years on open_years.area_id = area_values.area_id
where (area_values.value is not null or is_withheld)
    and area_values.year <= open_years.open_through
    and area_values.repeats_year is null
    and sources.baseline_caveat is null
    and boundary_era = boundary_era(area_values.area_id, getvariable('last_baseline_year'))
    and definition_era = definition_era(area_values.indicator, area_values.figure_owner, getvariable('last_baseline_year'))
order by area_values.area_id, area_values.year, area_values.indicator
