-- cleared_figures: the cleared figures with comparisons, changes and trends, which are all worked out from cleared figures.
-- One row per place, year, indicator.
select
    cleared_values.place_kind,
    cleared_values.place_id,
    cleared_values.place_name,
    cleared_values.year,
    cleared_values.indicator,
    cleared_values.value,
    cleared_values.shown_numerator,
    cleared_values.shown_denominator,
    cleared_values.ci_low,
    cleared_values.ci_high,
    cleared_values.interval_basis,
    cleared_values.mark,
    cleared_values.status,
    cleared_values.window_years,
    cleared_values.repeats_year,
    area_comparisons.municipality_value,
    area_comparisons.municipality_verdict,
    area_comparisons.country_value,
    area_comparisons.country_verdict,
    area_comparisons.twin_value,
    area_comparisons.twin_verdict,
    area_changes.change_year,
    area_changes.change_year_low,
    area_changes.change_year_high,
    area_changes.change_year_missing_reason,
    area_changes.first_year,
    area_changes.change_first,
    area_changes.change_first_low,
    area_changes.change_first_high,
    area_changes.change_first_missing_reason,
    area_trends.trend,
    area_trends.trend_missing_reason,
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
order by cleared_values.place_kind, cleared_values.place_id, cleared_values.year, cleared_values.indicator
