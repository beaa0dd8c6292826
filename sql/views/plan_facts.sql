-- plan_facts: each plan with the areas and grants that were delivered for it.
-- One row per plan. Plans of one name in several municipalities are several plans. Where Landsbyggefonden's list has
-- grants to a plan's social effort, their number, sum and period go before those of the report; rent support is no
-- grant to a plan.
with listed as (
    select
        grants.*,
        areas.area_id
    from facts.listed_grants as grants
    join facts.grant_areas as areas using (grant_id)
    where grants.grant_kind = 'social_effort'
),
pairs as (
    select plan_name, municipality_code, area_id from facts.grants
    union
    select plan_name, municipality_code, area_id from listed
),
plans as (
    select
        plan_name,
        municipality_code,
        area_id,
        if(
            min(municipality_code) over (partition by slug(plan_name)) = max(municipality_code) over (partition by slug(plan_name)),
            slug(plan_name),
            slug(plan_name) || '-' || municipality_code
        ) as plan_id
    from pairs
),
covered as (
    select
        plan_id,
        min(plan_name) as plan_name,
        min(municipality_code) as municipality_code,
        count(*) as plan_areas,
        string_agg(area_id, ', ' order by area_id) as area_ids,
        if(count(dwellings) = count(*), cast(sum(dwellings) as bigint), null) as dwellings,
        sole(secretariat_municipality_code) as secretariat_municipality_code
    from (
        select plan_id, area_id, min(plan_name) as plan_name, min(municipality_code) as municipality_code
        from plans
        group by plan_id, area_id
    )
    left join area_sizes using (area_id)
    left join (select area_id, secretariat_municipality_code from facts.case_areas) using (area_id)
    group by plan_id
),
printed as (
    select
        plan_id,
        sole(funding_band) as funding_band,
        max(grant_period_years) as grant_period_years,
        if(count(grants) = count(*), cast(sum(grants) as bigint), null) as grants,
        if(count(grant_dkk) = count(*), cast(sum(grant_dkk) as bigint), null) as grant_dkk,
        if(count(grant_dkk) = count(*), null, coalesce(min(grant_dkk_missing_reason), 'not_delivered')) as grant_dkk_missing_reason,
        min(origin) as origin
    from facts.grants
    join plans using (plan_name, municipality_code, area_id)
    group by plan_id
),
grants_of_lists as (
    select distinct plan_id, grant_id, amount_dkk, granted_from, granted_to, listed.origin
    from listed
    join plans using (plan_name, municipality_code, area_id)
),
summed as (
    select
        plan_id,
        count(*) as grants,
        if(count(amount_dkk) = count(*), cast(sum(amount_dkk) as bigint), null) as grant_dkk,
        min(granted_from) as granted_from,
        max(granted_to) as granted_to,
        min(origin) as origin
    from grants_of_lists
    group by plan_id
),
organised as (
    select
        plan_id,
        sole(project_organisation) as project_organisation,
        sole(project_secretariat) as project_secretariat,
        sole(supported_by_secretariat) as supported_by_secretariat
    from facts.plan_organisation
    join (select distinct plan_id, plan_name, municipality_code from plans) using (plan_name, municipality_code)
    group by plan_id
),
themes as (
    select plan_id, string_agg(distinct effort_area_id, ', ' order by effort_area_id) as effort_area_ids
    from grants_of_lists
    join facts.grant_effort_areas using (grant_id)
    group by plan_id
),
bands as (
    select
        funding_band,
        1_000_000 * cast(lower_mio_dkk as bigint) as lower_dkk,
        1_000_000 * cast(nullif(upper_mio_dkk, '') as bigint) as upper_dkk,
        lower_included = 'true' as is_lower_included,
        upper_included = 'true' as is_upper_included
    from codes.funding_bands
)
select
    plan_id,
    covered.plan_name,
    covered.plan_areas,
    covered.area_ids,
    covered.municipality_code,
    covered.dwellings,
    coalesce(printed.funding_band, bands.funding_band) as funding_band,
    bands.funding_band as funding_band_by_amount,
    coalesce(
        cast(round(date_diff('day', summed.granted_from, summed.granted_to) / 365.25) as bigint),
        printed.grant_period_years
    ) as grant_period_years,
    coalesce(summed.grants, printed.grants) as grants,
    coalesce(summed.grant_dkk, printed.grant_dkk) as grant_dkk,
    if(
        coalesce(summed.grant_dkk, printed.grant_dkk) is null,
        coalesce(printed.grant_dkk_missing_reason, 'not_published'),
        null
    ) as grant_dkk_missing_reason,
    summed.granted_from,
    summed.granted_to,
    themes.effort_area_ids,
    covered.secretariat_municipality_code,
    organised.project_organisation,
    organised.project_secretariat,
    organised.supported_by_secretariat,
    coalesce(printed.origin, summed.origin) as origin
from covered
left join printed using (plan_id)
left join summed using (plan_id)
left join themes using (plan_id)
left join organised using (plan_id)
left join bands
    on (
        coalesce(summed.grant_dkk, printed.grant_dkk) > bands.lower_dkk
        or (coalesce(summed.grant_dkk, printed.grant_dkk) = bands.lower_dkk and bands.is_lower_included)
    )
    and (
        bands.upper_dkk is null
        or coalesce(summed.grant_dkk, printed.grant_dkk) < bands.upper_dkk
        or (coalesce(summed.grant_dkk, printed.grant_dkk) = bands.upper_dkk and bands.is_upper_included)
    )
order by plan_id
