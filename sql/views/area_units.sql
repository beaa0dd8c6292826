-- area_units: the plans of each funded area and the area secretariat that supports them.
-- One row per area and unit. A secretariat that the registry does not list is known by its municipality. `first_grant` is the first day
-- of a plan's grants, for a secretariat that of all the area's plans; empty where no list says it.
with covered as (
    select covered.area_id, plan_facts.plan_id, plan_facts.granted_from
    from plan_facts, unnest(string_split(plan_facts.area_ids, ', ')) as covered (area_id)
),
started as (
    select area_id, min(granted_from) as first_grant from covered group by area_id
)
select area_id, 'plan' as unit_kind, plan_id as unit_id, granted_from as first_grant
from covered
union all
select
    area_id,
    'secretariat' as unit_kind,
    coalesce(area_secretariats.secretariat_id, here.secretariat_id, area_funding.municipality_code) as unit_id,
    started.first_grant
from area_funding
join started using (area_id)
left join area_secretariats using (area_id)
left join codes.secretariats as here on here.municipality_code = area_funding.municipality_code
where area_funding.has_secretariat
order by area_id, unit_kind, unit_id
