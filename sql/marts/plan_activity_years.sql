-- plan_activity_years: the activities of the plans with their participants by year.
-- One row per plan, activity and year.
with links as (
    select source_file, source_line, string_agg(indicator, ', ' order by indicator) as indicators
    from facts.activity_indicators
    group by source_file, source_line
)
select
    plans.plan_id,
    plans.plan_name,
    plans.municipality_code,
    activities.effort_area_id,
    activities.activity,
    activities.area_id,
    activities.begins,
    activities.ends,
    activities.year,
    activities.participants,
    activities.step,
    links.indicators,
    sources.is_example,
    activities.source,
    activities.source_file,
    activities.source_line,
    activities.published_at,
    activities.received_at,
    activities.origin
from facts.plan_activities as activities
join dim_plans as plans
    on slug(plans.plan_name) = slug(activities.plan_name) and plans.municipality_code = activities.municipality_code
join codes.sources as sources using (source)
left join links using (source_file, source_line)
order by plan_id, activity, year
