-- area_profile_wide: the areas' values with a column per indicator of the registry.
-- One row per area, year.
with long as (
    select area_id, area_name, municipality_code, year, cast(indicator as indicator_id) as indicator, value
    from area_profile
    where indicator in (select indicators.indicator from codes.indicators as indicators where indicators.of_areas)
),
wide as (
    pivot long on indicator in indicator_id using max(value) group by area_id, area_name, municipality_code, year
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
select wide.*, caveats.baseline_caveat, caveats.origin
from wide
join caveats using (area_id, year)
order by area_id, year
