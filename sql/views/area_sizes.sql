-- area_sizes: how many dwellings and estates an area has: as Table 2.1 of the report prints it, else as the estates add up.
-- One row per area whose size is known.
with summed as (
    select area_id, count(*) as estates, cast(sum(dwellings) as bigint) as dwellings from facts.estates group by area_id
)
select
    coalesce(printed.area_id, summed.area_id) as area_id,
    summed.estates,
    coalesce(printed.dwellings, summed.dwellings) as dwellings
from facts.case_areas as printed
full join summed on summed.area_id = printed.area_id
order by area_id
