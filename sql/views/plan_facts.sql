-- plan_facts: each plan with the areas and grants that were delivered for it.
-- One row per plan.
with grants as (
    select *, slug(plan_name) as plan_id from facts.grants
),
areas as (
    select area_id, dwellings, secretariat_municipality_code from facts.case_areas
)
select
    plan_id,
    min(plan_name) as plan_name,
    count(*) as plan_areas,
    string_agg(area_id, ', ' order by area_id) as area_ids,
    min(grants.municipality_code) as municipality_code,
    if(count(dwellings) = count(*), cast(sum(dwellings) as bigint), null) as dwellings,
    min(funding_band) as funding_band,
    max(grant_period_years) as grant_period_years,
    if(count(grants.grants) = count(*), cast(sum(grants.grants) as bigint), null) as grants,
    if(count(grant_dkk) = count(*), cast(sum(grant_dkk) as bigint), null) as grant_dkk,
    if(count(grant_dkk) = count(*), null, coalesce(min(grant_dkk_missing_reason), 'not_delivered')) as grant_dkk_missing_reason,
    min(secretariat_municipality_code) as secretariat_municipality_code,
    min(origin) as origin
from grants
left join areas using (area_id)
group by plan_id
order by plan_id
