-- area_funding: what each area got: plans, band, first grant, dose, secretariat, organisation, and its clusters.
-- One row per area. A plan's grant is parted among its areas by their dwellings. Plans that share an area are one cluster,
-- named by the first of them; an area without a plan is its own. Without a list of all grants nobody can say of an area
-- that it never got one, and an area that overlaps a funded one under another name did get some of it.
with recursive pairs as (
    select plan_facts.*, covered.area_id
    from plan_facts, unnest(string_split(plan_facts.area_ids, ', ')) as covered (area_id)
),
linked as (
    select plan_id, plan_id as reached from plan_facts
    union
    select linked.plan_id, others.plan_id as reached
    from linked
    join pairs as own on own.plan_id = linked.reached
    join pairs as others on others.area_id = own.area_id
),
clusters as (
    select plan_id, min(reached) as cluster_plan from linked group by plan_id
),
parted as (
    select
        pairs.*,
        clusters.cluster_plan,
        if(pairs.plan_areas = 1, 1.0, cast(area_sizes.dwellings as double) / nullif(pairs.dwellings, 0)) as area_part
    from pairs
    join clusters using (plan_id)
    left join area_sizes using (area_id)
),
funded as (
    select
        area_id,
        count(*) as plans,
        string_agg(plan_id, ', ' order by plan_id) as plan_ids,
        min(cluster_plan) as cluster_plan,
        if(count(funding_band) = count(*), sole(funding_band), null) as funding_band,
        count(funding_band) < count(*) as lacks_band,
        count(grant_dkk) < count(*) as lacks_amount,
        if(
            count(grant_dkk * area_part) = count(*),
            tidy(cast(sum(exact(cast(grant_dkk as double) * area_part)) as double)),
            null
        ) as area_grant_dkk,
        if(count(granted_to) = count(*), year(max(granted_to)), null) as last_grant_year,
        if(
            bool_or(supported_by_secretariat) or count(supported_by_secretariat) = count(*),
            bool_or(supported_by_secretariat),
            null
        ) as supported_by_secretariat,
        sole(project_organisation) as project_organisation,
        count(distinct project_organisation) as organisations
    from parted
    group by area_id
),
rent_support as (
    select area_id, if(count(amount_dkk) = count(*), cast(sum(amount_dkk) as bigint), null) as rent_support_dkk
    from (
        select
            areas.area_id,
            if(estates.area_id is null and count(*) over (partition by grants.grant_id) > 1, null, grants.amount_dkk) as amount_dkk
        from facts.listed_grants as grants
        join facts.grant_areas as areas using (grant_id)
        left join facts.estates as estates on estates.estate_id = grants.estate_id
        where grants.grant_kind = 'rent_support' and areas.area_id = coalesce(estates.area_id, areas.area_id)
    )
    group by area_id
),
overlapping as (
    select distinct relations.listed_as as area_id
    from codes.area_relations as relations
    join funded on funded.area_id = relations.area_id
    where relations.listed_as <> relations.area_id
)
select
    area_id,
    dim_areas.area_name,
    dim_areas.municipality_code,
    dim_areas.region_code,
    dim_areas.dwellings,
    dim_areas.size_band,
    case
        when funded.area_id is not null then 'funded'
        when rent_support.area_id is not null then 'rent_support_only'
        when overlapping.area_id is not null or not exists (select 1 from facts.listed_grants) then 'not_known'
        else 'never_funded'
    end as treatment,
    coalesce(funded.plans, 0) as plans,
    funded.plan_ids,
    plan_starts.start_year as first_grant_year,
    cast(funded.last_grant_year as integer) as last_grant_year,
    funded.funding_band,
    case
        when funded.area_id is null then 'no_grant'
        when funded.lacks_band then 'amount_not_published'
        when funded.funding_band is null then 'several_bands'
    end as funding_band_missing_reason,
    funded.area_grant_dkk,
    funded.area_grant_dkk / nullif(dim_areas.dwellings, 0) as dose_dkk,
    case
        when funded.area_id is null then 'no_grant'
        when funded.lacks_amount then 'amount_not_published'
        when funded.area_grant_dkk is null or dim_areas.dwellings is null then 'dwellings_unknown'
    end as dose_missing_reason,
    rent_support.rent_support_dkk,
    if(funded.area_id is null, null, coalesce(funded.supported_by_secretariat, dim_areas.supported_by_secretariat)) as has_secretariat,
    funded.project_organisation,
    case
        when funded.area_id is null then 'no_grant'
        when funded.organisations > 1 then 'several_organisations'
        when funded.project_organisation is null then 'organisation_not_known'
    end as project_organisation_missing_reason,
    coalesce(funded.cluster_plan, 'area ' || area_id) as cluster_plan,
    dim_areas.municipality_code as cluster_municipality,
    dim_areas.origin
from dim_areas
left join funded using (area_id)
left join plan_starts using (area_id)
left join rent_support using (area_id)
left join overlapping using (area_id)
order by area_id
