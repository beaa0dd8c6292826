-- plan_secretariats: the secretariat that supports a plan.
-- One row per plan that has one: the secretariat that its areas are marked with in the report's table, else, where the
-- plan is said to be supported, the one of its municipality.
select
    plans.plan_id,
    secretariats.secretariat_id,
    plans.area_ids
from plan_facts as plans
join codes.secretariats as secretariats
    on secretariats.municipality_code = coalesce(
        plans.secretariat_municipality_code, if(plans.supported_by_secretariat, plans.municipality_code, null)
    )
order by plans.plan_id
