-- flows: the movements of all partitions as the groups that a delivery of composition tells.
-- One row per area, year (the second of two 1 Januaries), indicator and flow; who stayed has a row even where nobody did.
-- Who came into the denominator or went out of it by age, birth or death did not move. Reads partials (of movements).
with parted as (
    select
        area_id, "year", indicator, 'stayed' as flow,
        remained as persons, remained_from as counted_from, remained_to as counted_to
    from partials
    union all
    select area_id, "year", indicator, case movement when 'in_mover' then 'in' else 'in_by_age' end, came, null, came_to from partials
    union all
    select area_id, "year", indicator, case movement when 'out_mover' then 'out' else 'out_by_age' end, went, went_from, null from partials
)
select
    area_id, "year", indicator, flow,
    cast(sum(persons) as bigint) as denominator,
    cast(sum(counted_from) as bigint) as numerator_from,
    cast(sum(counted_to) as bigint) as numerator_to
from parted
group by area_id, "year", indicator, flow
having sum(persons) > 0 or flow = 'stayed'
order by area_id, "year", indicator, flow
