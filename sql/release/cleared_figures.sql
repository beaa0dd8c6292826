-- cleared_figures: the cleared figures with comparisons, changes and trends, which are all worked out from cleared figures.
-- One row per place, year, indicator.
-- Where counts are rounded, a verdict stands only if it would for all that the other place's share can be, and changes and trends have
-- no interval: those of two rounded shares say nothing of what rounding does to their difference.
with ends as (
    select place_kind, place_id, year, indicator, value_least, value_most from cleared_values where value is not null
)
select
    cleared_values.place_kind,
    cleared_values.place_id,
    cleared_values.place_name,
    cleared_values.year,
    cleared_values.indicator,
    cleared_values.value,
    cleared_values.shown_numerator,
    cleared_values.shown_denominator,
    cleared_values.rounded_to,
    cleared_values.ci_low,
    cleared_values.ci_high,
    cleared_values.interval_basis,
    cleared_values.mark,
    cleared_values.status,
    cleared_values.figure_owner,
    cleared_values.window_years,
    cleared_values.repeats_year,
    cleared_values.broken_by,
    area_comparisons.municipality_value,
    verdict_when_rounded(
        cleared_values.rounded_to,
        area_comparisons.municipality_verdict,
        cleared_values.ci_low,
        cleared_values.ci_high,
        coalesce(of_municipality.value_least, area_comparisons.municipality_value),
        coalesce(of_municipality.value_most, area_comparisons.municipality_value)
    ) as municipality_verdict,
    area_comparisons.country_value,
    verdict_when_rounded(
        cleared_values.rounded_to,
        area_comparisons.country_verdict,
        cleared_values.ci_low,
        cleared_values.ci_high,
        coalesce(of_country.value_least, area_comparisons.country_value),
        coalesce(of_country.value_most, area_comparisons.country_value)
    ) as country_verdict,
    area_comparisons.twin_value,
    verdict_when_rounded(
        cleared_values.rounded_to,
        area_comparisons.twin_verdict,
        cleared_values.ci_low,
        cleared_values.ci_high,
        coalesce(of_twins.value_least, area_comparisons.twin_value),
        coalesce(of_twins.value_most, area_comparisons.twin_value)
    ) as twin_verdict,
    area_changes.change_year,
    if(cleared_values.rounded_to is null, area_changes.change_year_low, null) as change_year_low,
    if(cleared_values.rounded_to is null, area_changes.change_year_high, null) as change_year_high,
    area_changes.change_year_missing_reason,
    area_changes.first_year,
    area_changes.change_first,
    if(cleared_values.rounded_to is null, area_changes.change_first_low, null) as change_first_low,
    if(cleared_values.rounded_to is null, area_changes.change_first_high, null) as change_first_high,
    area_changes.change_first_missing_reason,
    if(cleared_values.rounded_to is null, area_trends.trend, null) as trend,
    if(
        cleared_values.rounded_to is null or area_trends.trend is null, area_trends.trend_missing_reason, 'no_interval'
    ) as trend_missing_reason,
    cleared_values.is_published,
    cleared_values.source,
    getvariable('origin') as origin
from cleared_values
left join area_comparisons
    on cleared_values.place_kind = 'area'
    and area_comparisons.area_id = cleared_values.place_id
    and area_comparisons.year = cleared_values.year
    and area_comparisons.indicator = cleared_values.indicator
left join area_changes
    on cleared_values.place_kind = 'area'
    and area_changes.area_id = cleared_values.place_id
    and area_changes.year = cleared_values.year
    and area_changes.indicator = cleared_values.indicator
left join area_trends
    on cleared_values.place_kind = 'area'
    and area_trends.area_id = cleared_values.place_id
    and area_trends.year = cleared_values.year
    and area_trends.indicator = cleared_values.indicator
left join dim_areas on cleared_values.place_kind = 'area' and dim_areas.area_id = cleared_values.place_id
left join ends as of_municipality
    on of_municipality.place_kind = 'municipality'
    and of_municipality.place_id = dim_areas.municipality_code
    and of_municipality.year = cleared_values.year
    and of_municipality.indicator = cleared_values.indicator
left join ends as of_country
    on of_country.place_kind = 'country'
    and of_country.year = cleared_values.year
    and of_country.indicator = cleared_values.indicator
left join ends as of_twins
    on of_twins.place_kind = 'twins'
    and of_twins.place_id = cleared_values.place_id
    and of_twins.year = cleared_values.year
    and of_twins.indicator = cleared_values.indicator
order by cleared_values.place_kind, cleared_values.place_id, cleared_values.year, cleared_values.indicator
