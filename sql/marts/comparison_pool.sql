-- comparison_pool: the twins of each area: never-funded areas that were most like it before the grants.
-- One row per area, twin within the caliper.
with pairs as (
    select area_id, twin_method, baseline_window, pool_sha256, unnest(found) as twin from statistics.twins
)
select
    area_id,
    twin.candidate_id,
    twin.twin_rank,
    twin.distance,
    twin.is_tied,
    twin_method,
    baseline_window,
    pool_sha256,
    getvariable('origin') as origin
from pairs
order by area_id, twin.twin_rank, twin.candidate_id
