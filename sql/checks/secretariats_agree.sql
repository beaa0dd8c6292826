-- secretariats_agree: a secretariat's plans and areas are the same in every mart: each area of its plans is an area of a
-- secretariat, and each area of a secretariat is marked as its area or lies in a plan of it.
-- mart: dim_areas
with covered as (
    select dim_plans.plan_id, dim_plans.secretariat_id, areas.area_id
    from dim_plans, unnest(string_split(dim_plans.area_ids, ', ')) as areas (area_id)
),
of_nobody as (
    select covered.area_id, covered.secretariat_id, 'the plan is supported, the area is nobody''s' as fault
    from covered
    left join dim_areas using (area_id)
    where covered.secretariat_id is not null and dim_areas.secretariat_id is null
),
without_plan as (
    select dim_areas.area_id, dim_areas.secretariat_id, 'neither the area nor a plan of it is marked' as fault
    from dim_areas
    where
        dim_areas.secretariat_id is not null
        and not coalesce(dim_areas.is_case_area, false)
        and not exists (
            select 1
            from covered
            where covered.area_id = dim_areas.area_id and covered.secretariat_id = dim_areas.secretariat_id
        )
)
select area_id, secretariat_id, fault from of_nobody
union
select area_id, secretariat_id, fault from without_plan
order by area_id, secretariat_id, fault
