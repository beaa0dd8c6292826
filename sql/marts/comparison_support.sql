-- comparison_support: how many twins each area has, and why it has none.
-- One row per area.
with areas as (
    select twin_method, caliper, pool_sha256, unnest(areas) as area from statistics.twins where is_chosen
)
select
    area.area_id,
    area.treatment,
    area.candidates,
    twin_method,
    caliper,
    area.twins,
    area.on_support,
    area.off_support_on,
    area.twins_missing_reason,
    exposure.funded_in_municipality,
    exposure.funded_in_organisation,
    exposure.funded_in_school_district,
    pool_sha256,
    getvariable('origin') as origin
from areas
join area_exposure as exposure on exposure.area_id = area.area_id
order by area.area_id
