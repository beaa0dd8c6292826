-- dim_plans: the development plans that grants were given to.
-- One row per plan. Whose plan it is says plan_secretariats, as it does for the areas.
select
    plan_id,
    plans.plan_name,
    plans.plan_areas,
    plans.area_ids,
    plans.municipality_code,
    municipalities.municipality_name,
    plans.dwellings,
    size_of.size_band,
    plans.funding_band,
    plan_secretariats.secretariat_id,
    plans.origin
from plan_facts as plans
join facts.municipalities as municipalities using (municipality_code)
left join size_of using (dwellings)
left join plan_secretariats using (plan_id)
order by plan_id
