-- plan_overview: each plan's goals and activities by effort area: what can be measured, what is meant to move what, and
-- where the targets stand. One row per plan and effort area with a goal, an activity or a grant.
with standing as (
    select plan_id, target_no, target_version, target_verdict
    from target_progress
    where value is not null and target_verdict is not null
    qualify row_number() over (partition by plan_id, target_no, target_version order by year desc) = 1
),
goals as (
    select
        targets.plan_id,
        targets.effort_area_id,
        count(*) filter (where is_current) as goals,
        count(*) filter (where is_current and indicator is not null) as goals_measurable,
        count(*) filter (where is_current and indicator is null) as goals_not_measurable,
        count(*) filter (where is_withdrawn and replaced_on is null) as goals_withdrawn,
        count(*) filter (where is_current and target_verdict = 'reached') as reached,
        count(*) filter (where is_current and target_verdict = 'on_the_way') as on_the_way,
        count(*) filter (where is_current and target_verdict = 'off_the_way') as off_the_way,
        count(*) filter (where is_current and target_verdict = 'cannot_be_told') as cannot_be_told,
        count(*) filter (where is_current and indicator is not null and target_verdict is null) as without_verdict
    from dim_targets as targets
    left join standing using (plan_id, target_no, target_version)
    group by targets.plan_id, targets.effort_area_id
),
by_activity as (
    select plan_id, effort_area_id, activity, bool_or(indicators is not null) as has_indicator
    from plan_activity_years
    group by plan_id, effort_area_id, activity
),
activities as (
    select
        plan_id,
        effort_area_id,
        count(*) as activities,
        count(*) filter (where has_indicator) as activities_with_indicator,
        count(*) filter (where not has_indicator) as activities_without_indicator
    from by_activity
    group by plan_id, effort_area_id
),
participants as (
    select
        plan_id,
        effort_area_id,
        year as participants_year,
        if(count(participants) = count(*), cast(sum(participants) as bigint), null) as participants_last_year
    from plan_activity_years
    group by plan_id, effort_area_id, year
    qualify row_number() over (partition by plan_id, effort_area_id order by year desc) = 1
)
select
    plan_id,
    plans.plan_name,
    plans.municipality_code,
    plans.secretariat_id,
    effort_area_id,
    effort_areas.name_da as effort_area,
    themes.was_granted,
    coalesce(goals.goals, 0) as goals,
    coalesce(goals.goals_measurable, 0) as goals_measurable,
    coalesce(goals.goals_not_measurable, 0) as goals_not_measurable,
    coalesce(goals.goals_withdrawn, 0) as goals_withdrawn,
    coalesce(goals.reached, 0) as reached,
    coalesce(goals.on_the_way, 0) as on_the_way,
    coalesce(goals.off_the_way, 0) as off_the_way,
    coalesce(goals.cannot_be_told, 0) as cannot_be_told,
    coalesce(goals.without_verdict, 0) as without_verdict,
    coalesce(activities.activities, 0) as activities,
    coalesce(activities.activities_with_indicator, 0) as activities_with_indicator,
    coalesce(activities.activities_without_indicator, 0) as activities_without_indicator,
    participants.participants_last_year,
    participants.participants_year,
    themes.is_example,
    plans.origin
from plan_effort_areas as themes
join dim_plans as plans using (plan_id)
join codes.effort_areas as effort_areas using (effort_area_id)
left join goals using (plan_id, effort_area_id)
left join activities using (plan_id, effort_area_id)
left join participants using (plan_id, effort_area_id)
order by plan_id, effort_area_id
