-- dim_plans: the development plans that grants were given to.
-- One row per plan. Its secretariat is the one that its areas are marked with, else, where the plan is said to be supported,
-- the one of its municipality.
select
    plans.plan_id,
    plans.plan_name,
    plans.plan_areas,
    plans.area_ids,
    plans.municipality_code,
    municipalities.municipality_name,
    plans.dwellings,
    size_of.size_band,
    plans.funding_band,
    secretariats.secretariat_id,
    plans.origin
from plan_facts as plans
join facts.municipalities as municipalities using (municipality_code)
left join size_of using (dwellings)
left join codes.secretariats as secretariats
    on secretariats.municipality_code = coalesce(
        plans.secretariat_municipality_code, if(plans.supported_by_secretariat, plans.municipality_code, null)
    )
order by plans.plan_id
