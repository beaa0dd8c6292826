-- pool_coverage: control totals, what was delivered against the published totals of the pool.
-- The pool's amount is that of the plans and of the rent support together.
-- One row per published total; a total that the deliveries cannot give is empty.
with amounts as (
    select grant_dkk as amount_dkk from plan_facts
    union all
    select amount_dkk from facts.listed_grants where grant_kind = 'rent_support'
),
delivered as (
    select 'plans' as measure, count(*) as delivered_total from plan_facts
    union all
    select 'grants', if(count(grants) = count(*), cast(sum(grants) as bigint), null) from plan_facts
    union all
    select 'pool_amount_dkk', if(count(amount_dkk) = count(*), cast(sum(amount_dkk) as bigint), null) from amounts
    union all
    select 'rent_support_estates', nullif(count(distinct estate_id), 0) from facts.listed_grants where grant_kind = 'rent_support'
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
