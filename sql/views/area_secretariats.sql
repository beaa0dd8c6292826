-- area_secretariats: whose area it is: the one secretariat that gets an area's figures.
-- One row per area that has one. The report's own mark of the area goes before its plans; of plans with several
-- secretariats the one of the area's municipality is taken, else the first by name, so that an area stands in one extract.
with marked as (
    select case_areas.area_id, secretariats.secretariat_id
    from facts.case_areas as case_areas
    join codes.secretariats as secretariats on secretariats.municipality_code = case_areas.secretariat_municipality_code
),
by_plans as (
    select covered.area_id, plan_secretariats.secretariat_id
    from plan_secretariats, unnest(string_split(plan_secretariats.area_ids, ', ')) as covered (area_id)
),
candidates as (
    select area_id, secretariat_id, 1 as place from marked
    union all
    select
        by_plans.area_id,
        by_plans.secretariat_id,
        if(secretariats.municipality_code = areas.municipality_code, 2, 3) as place
    from by_plans
    join codes.secretariats as secretariats using (secretariat_id)
    join codes.areas as areas on areas.area_id = by_plans.area_id
)
select area_id, secretariat_id
from candidates
qualify row_number() over (partition by area_id order by place, secretariat_id) = 1
order by area_id
