-- comparison_pool: the twins of each area: never-funded areas that were most like it before the grants.
-- One row per area, twin.
select
    area_id,
    candidate_id,
    twin_rank,
    distance,
    is_tied,
    twin_method,
    baseline_window,
    pool_sha256,
    getvariable('origin') as origin
from statistics.pool
order by area_id, twin_rank, candidate_id
