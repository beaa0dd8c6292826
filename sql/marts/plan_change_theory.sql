-- plan_change_theory: how each plan's efforts are meant to work: effort area, activity, step, indicator.
-- One row per plan and link. A plan's own word is that of the newest year of each activity. Boligprofil's proposals stand
-- only in effort areas in which no activity of the plan names an indicator.
with newest as (
    select *
    from plan_activity_years
    qualify row_number() over (partition by plan_id, activity order by year desc) = 1
),
own as (
    select
        plan_id,
        effort_area_id,
        activity,
        step,
        unnest(if(indicators is null, [null], string_split(indicators, ', '))) as indicator,
        'plan' as link_source
    from newest
),
proposed as (
    select themes.plan_id, themes.effort_area_id, cast(null as varchar) as activity, links.step, links.indicator, links.link_source
    from plan_effort_areas as themes
    join codes.change_links as links using (effort_area_id)
    anti join (select plan_id, effort_area_id from own where indicator is not null) as said using (plan_id, effort_area_id)
),
links as (
    select * from own
    union all by name
    select * from proposed
)
select
    links.plan_id,
    row_number() over (
        partition by links.plan_id order by effort_area_id, link_source desc, activity nulls last, step nulls last, indicator nulls last
    ) as link_no,
    effort_area_id,
    links.activity,
    links.step,
    links.indicator,
    links.link_source,
    themes.is_example,
    plans.origin
from links
join plan_effort_areas as themes using (plan_id, effort_area_id)
join dim_plans as plans using (plan_id)
order by plan_id, link_no
