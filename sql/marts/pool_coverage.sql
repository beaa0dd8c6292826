-- pool_coverage: control totals, what was delivered against the published totals of the pool.
-- One row per published total; a total that the deliveries cannot give is empty.
with delivered as (
    select 'plans' as measure, count(*) as delivered_total from plan_facts
    union all
    select 'grants', if(count(grants) = count(*), cast(sum(grants) as bigint), null) from plan_facts
    union all
    select 'pool_amount_dkk', if(count(grant_dkk) = count(*), cast(sum(grant_dkk) as bigint), null) from plan_facts
    union all
    select 'case_areas', count(*) from facts.case_areas
    union all
    select 'case_areas_with_secretariat', count(*) from facts.case_areas where supported_by_secretariat
    union all
    select 'secretariats', count(*) from codes.secretariats
)
select
    totals.measure,
    totals.total,
    totals.measure_unit,
    totals.stated_in,
    delivered.delivered_total,
    100 * cast(delivered.delivered_total as double) / nullif(totals.total, 0) as covered_pct,
    totals.origin
from facts.pool_totals as totals
left join delivered using (measure)
order by totals.measure
