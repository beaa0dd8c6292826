-- area_values: the cleared figures of areas in the shape that changes, trends and comparisons are worked out from.
-- One row per area, year, indicator.
select
    place_id as area_id,
    year,
    indicator,
    kind,
    polarity,
    comparator_geography,
    comparator_value,
    value,
    -- Counts that are rounded tell of no movement.
    if(rounded_to is null, shown_numerator, null) as numerator,
    if(rounded_to is null, shown_denominator, null) as denominator,
    ci_low,
    ci_high,
    figure_owner,
    window_years,
    repeats_year,
    coalesce(repeats_year, year) as observed_year,
    boundary_era(place_id, coalesce(repeats_year, year)) as boundary_era,
    definition_era(indicator, figure_owner, coalesce(repeats_year, year)) as definition_era
from cleared_values
where place_kind = 'area'
order by area_id, year, indicator
