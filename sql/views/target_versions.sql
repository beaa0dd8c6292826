-- target_versions: the targets of the plans as they were set, each with its plan, its number among the versions, and what it
-- says of its way. One row per plan, target and version.
with placed as (
    select
        targets.* exclude (plan_name, is_withdrawn),
        plans.plan_id,
        plans.plan_name,
        plans.secretariat_id,
        coalesce(targets.is_withdrawn, false) as is_withdrawn,
        sources.is_example
    from facts.plan_targets as targets
    join dim_plans as plans
        on slug(plans.plan_name) = slug(targets.plan_name) and plans.municipality_code = targets.municipality_code
    join codes.sources as sources using (source)
)
select
    *,
    row_number() over versions as target_version,
    lead(set_on) over versions as replaced_on,
    lead(set_on) over versions is null and not is_withdrawn as is_current,
    target_year - start_year as span,
    if(direction = 'up', 1, -1) as sign
from placed
window versions as (partition by plan_id, target_no order by set_on, received_at, source_file, source_line)
order by plan_id, target_no, target_version
