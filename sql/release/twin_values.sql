-- twin_values: the cleared figures of areas' twins: the share among all of them together with its interval, not the mean of their
-- shares.
-- One row per area, year, indicator.
select
    place_id as area_id,
    year,
    indicator,
    window_years,
    value as twin_value,
    cast(null as varchar) as twin_owners,
    ci_low as twin_low,
    ci_high as twin_high
from cleared_values
where place_kind = 'twins' and kind <> 'count' and value is not null
order by area_id, year, indicator
