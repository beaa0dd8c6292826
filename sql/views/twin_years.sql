-- twin_years: the last year in which an area may be held against its twins: before the first break in the boundary of any of
-- them after the baseline, and before the outcomes are locked. One row per area with twins.
select
    pool.area_id,
    min(cast(breaks.from_year as integer)) - 1 as last_unbroken_year,
    least(getvariable('open_through'), min(cast(breaks.from_year as integer)) - 1) as last_year
from comparison_pool as pool
left join codes.boundary_breaks as breaks
    on breaks.area_id in (pool.area_id, pool.candidate_id)
    and cast(breaks.from_year as integer) > getvariable('last_baseline_year')
group by pool.area_id
order by pool.area_id
