-- plan_facts: each plan with the areas and grants that were delivered for it.
-- One row per plan. Plans of one name in several municipalities are several plans.
with named as (
    select *, slug(plan_name) as name_slug from facts.grants
),
grants as (
    select
        *,
        if(
            min(municipality_code) over (partition by name_slug) = max(municipality_code) over (partition by name_slug),
            name_slug,
            name_slug || '-' || municipality_code
        ) as plan_id
    from named
),
covered as (
    select
        plan_id,
        count(*) as plan_areas,
        string_agg(area_id, ', ' order by area_id) as area_ids,
        if(count(dwellings) = count(*), cast(sum(dwellings) as bigint), null) as dwellings,
        sole(secretariat_municipality_code) as secretariat_municipality_code
    from (select distinct plan_id, area_id from grants)
    left join facts.case_areas using (area_id)
    group by plan_id
),
given as (
    select
        plan_id,
        min(plan_name) as plan_name,
        min(municipality_code) as municipality_code,
        sole(funding_band) as funding_band,
        max(grant_period_years) as grant_period_years,
        if(count(grants) = count(*), cast(sum(grants) as bigint), null) as grants,
        if(count(grant_dkk) = count(*), cast(sum(grant_dkk) as bigint), null) as grant_dkk,
        if(count(grant_dkk) = count(*), null, coalesce(min(grant_dkk_missing_reason), 'not_delivered')) as grant_dkk_missing_reason,
        min(origin) as origin
    from grants
    group by plan_id
)
select
    plan_id,
    given.plan_name,
    covered.plan_areas,
    covered.area_ids,
    given.municipality_code,
    covered.dwellings,
    given.funding_band,
    given.grant_period_years,
    given.grants,
    given.grant_dkk,
    given.grant_dkk_missing_reason,
    covered.secretariat_municipality_code,
    given.origin
from given
join covered using (plan_id)
order by plan_id
