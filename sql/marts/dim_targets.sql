-- dim_targets: the targets of the plans, each version that was ever set, held against the figures on the day it is read.
-- One row per plan, target and version. The smallest visible change takes the target year's base to be the starting
-- year's: the later one is not known when a target is set.
with started as (
    select
        versions.*,
        indicators.kind,
        indicators.decimals,
        indicators.factor,
        indicators.interval,
        profile.value as start_figure,
        profile.numerator,
        profile.denominator,
        profile.ci_low,
        profile.ci_high,
        tidy(versions.target_value - coalesce(profile.value, versions.start_value)) as step_size
    from target_versions as versions
    left join codes.indicators as indicators using (indicator)
    left join area_profile as profile
        on profile.area_id = versions.area_id
        and profile.indicator = versions.indicator
        and profile.year = versions.start_year
),
measured as (
    select
        *,
        if(
            interval is not null and numerator is not null and denominator is not null,
            visible_change(kind, start_figure, denominator, target_value, denominator, factor),
            null
        ) as visible_change
    from started
),
compared as (
    select
        measured.plan_id,
        measured.target_no,
        measured.target_version,
        count(distinct moves.area_id) as moved_of_areas,
        count(distinct moves.area_id) filter (where sign * move >= sign * step_size) as moved_areas,
        tidy(100 * cast(count(*) filter (where sign * move < sign * step_size) as double) / count(*)) as step_percentile
    from measured
    join target_moves as moves using (indicator, span)
    where sign * measured.step_size > 0
    group by measured.plan_id, measured.target_no, measured.target_version
)
select
    plan_id,
    measured.plan_name,
    measured.municipality_code,
    measured.secretariat_id,
    target_no,
    target_version,
    measured.is_current,
    measured.replaced_on,
    measured.is_withdrawn,
    measured.parent_no,
    measured.set_on,
    measured.set_by,
    measured.effort_area_id,
    measured.goal,
    measured.indicator,
    exists(
        select 1
        from shared_indicators as shared
        where shared.secretariat_id = measured.secretariat_id
            and shared.indicator = measured.indicator
            and shared.is_in_force
    ) as is_shared,
    measured.not_measurable_because,
    measured.target_population,
    measured.area_id,
    dim_areas.area_name,
    measured.direction,
    measured.start_value,
    measured.start_year,
    measured.target_value,
    measured.target_year,
    measured.start_figure,
    case
        when measured.indicator is null then null
        when measured.start_figure is null then 'no_figure'
        when abs(measured.start_value - measured.start_figure) <= 0.5 * 10.0 ^ -measured.decimals + 1e-9 then 'equal'
        when measured.start_value between measured.ci_low and measured.ci_high then 'within_interval'
        else 'differs'
    end as start_check,
    measured.step_size,
    if(
        measured.start_figure is null,
        null,
        measured.numerator is not null and measured.denominator is not null
    ) as has_counts,
    tidy(measured.visible_change) as visible_change,
    tidy(measured.visible_change * measured.denominator / measured.factor) as visible_count,
    measured.sign * measured.step_size > measured.visible_change as step_is_visible,
    coalesce(compared.moved_areas, if(measured.sign * measured.step_size > 0, 0, null)) as moved_areas,
    coalesce(compared.moved_of_areas, if(measured.sign * measured.step_size > 0, 0, null)) as moved_of_areas,
    compared.step_percentile,
    measured.is_example,
    measured.source,
    measured.source_file,
    measured.source_line,
    measured.published_at,
    measured.received_at,
    measured.origin
from measured
left join compared using (plan_id, target_no, target_version)
left join dim_areas using (area_id)
order by plan_id, target_no, target_version
