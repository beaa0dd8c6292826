-- comparison_pool: the twins of each area: never-funded areas that were most like it before the grants.
-- One row per area, twin within the caliper.
with areas as (
    select twin_method, baseline_window, pool_sha256, unnest(areas) as area from statistics.twins where is_chosen
),
pairs as (
    select area.area_id, twin_method, baseline_window, pool_sha256, unnest(area.found) as twin from areas
)
select
    pairs.area_id,
    twin.candidate_id,
    twin.twin_rank,
    twin.distance,
    twin.is_tied,
    exposure.funded_in_municipality,
    exposure.funded_in_organisation,
    exposure.funded_in_school_district,
    twin_method,
    baseline_window,
    pool_sha256,
    getvariable('origin') as origin
from pairs
join area_exposure as exposure on exposure.area_id = twin.candidate_id
order by pairs.area_id, twin.twin_rank, twin.candidate_id
