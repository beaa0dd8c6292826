-- plan_effort_areas: the effort areas that a plan has a goal, an activity or a listed grant in.
-- One row per plan and effort area.
with granted as (
    select plan_id, unnest(string_split(effort_area_ids, ', ')) as effort_area_id
    from grant_summary
    where effort_area_ids is not null
),
every as (
    select plan_id, effort_area_id, is_example from dim_targets
    union all
    select plan_id, effort_area_id, is_example from plan_activity_years
    union all
    select plan_id, effort_area_id, false from granted
)
select
    plan_id,
    effort_area_id,
    bool_or(every.is_example) as is_example,
    bool_or(granted.plan_id is not null) as was_granted
from every
left join granted using (plan_id, effort_area_id)
group by plan_id, effort_area_id
order by plan_id, effort_area_id
