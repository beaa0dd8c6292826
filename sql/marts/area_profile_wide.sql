-- area_profile_wide: the areas' values with a column per indicator of the registry.
-- One row per area, year. A column holds figures over as many years as most areas' are, and is empty for any other.
with long as (
    select area_id, year, cast(indicator as indicator_id) as indicator, value
    from area_profile
    join leading_windows using (year, indicator, window_years)
    where indicator in (select indicators.indicator from codes.indicators as indicators where indicators.of_areas)
),
wide as (
    pivot long on indicator in indicator_id using max(value) group by area_id, year
),
caveats as (
    select
        area_id,
        year,
        string_agg(distinct baseline_caveat, '; ' order by baseline_caveat) as baseline_caveat,
        min(origin) as origin
    from area_profile
    group by area_id, year
)
select
    caveats.area_id,
    dim_areas.area_name,
    dim_areas.municipality_code,
    caveats.year,
    wide.* exclude (area_id, year),
    caveats.baseline_caveat,
    caveats.origin
from caveats
join dim_areas using (area_id)
left join wide using (area_id, year)
order by area_id, year
