-- target_progress: how far each measured target has come, year by year, and a verdict only where the figures allow one.
-- One row per plan, area, target, version and year from the starting year to the target year. The path is the straight line
-- from the figure of the starting year (from the stated value where there is none) to the target. What the municipality,
-- the country and the twins did stands beside it: a tide is no reason to praise or blame a plan.
with years as (
    select
        targets.*,
        indicators.kind,
        indicators.factor,
        indicators.interval,
        cast(each.year as integer) as year,
        coalesce(targets.start_figure, targets.start_value) as path_from
    from dim_targets as targets
    join codes.indicators as indicators using (indicator),
        unnest(range(targets.start_year, targets.target_year + 1)) as each (year)
    where not targets.is_withdrawn
),
joined as (
    select
        years.* exclude (source, source_file, source_line, published_at, received_at, has_counts, visible_change, visible_count),
        profile.value,
        profile.numerator,
        profile.denominator,
        profile.ci_low,
        profile.ci_high,
        profile.interval_basis,
        coalesce(profile.missing_reason, if(profile.value is null, 'not_delivered', null)) as missing_reason,
        profile.status,
        profile.window_years,
        profile.figure_owner,
        coalesce(profile.repeats_year, profile.year) as observed_year,
        profile.municipality_value,
        coalesce(profile.municipality_owner <> start.municipality_owner, true) as municipality_changed_owner,
        profile.country_value,
        coalesce(profile.country_owner <> start.country_owner, true) as country_changed_owner,
        profile.twin_value,
        profile.source,
        profile.source_file,
        profile.source_line,
        profile.published_at,
        least(profile.published_at, first.published_at) as first_published_at,
        start.denominator as start_denominator,
        start.ci_low as start_low,
        start.ci_high as start_high,
        start.numerator is not null and start.denominator is not null as start_has_counts,
        start.window_years as start_window,
        start.figure_owner as start_owner,
        coalesce(start.repeats_year, start.year) as start_observed,
        start.municipality_value as municipality_start,
        start.country_value as country_start,
        start.twin_value as twin_start,
        support.twins,
        twin_years.last_unbroken_year,
        tidy(
            years.path_from
            + (years.target_value - years.path_from) * (years.year - years.start_year)
            / (years.target_year - years.start_year)
        ) as expected_value
    from years
    left join area_profile as profile
        on profile.area_id = years.area_id and profile.indicator = years.indicator and profile.year = years.year
    left join area_profile as start
        on start.area_id = years.area_id and start.indicator = years.indicator and start.year = years.start_year
    left join facts.first_figures as first
        on first.geography = 'area'
        and first.geography_id = years.area_id
        and first.indicator = years.indicator
        and first.period = cast(years.year as varchar)
        and first.breakdown = 'all'
        and first.figure_owner = profile.figure_owner
        and first.window_years = profile.window_years
    left join comparison_support as support on support.area_id = years.area_id
    left join twin_years on twin_years.area_id = years.area_id
),
placed as (
    select
        *,
        apart(
            boundary_era(area_id, observed_year),
            definition_era(indicator, figure_owner, observed_year),
            window_years,
            figure_owner,
            boundary_era(area_id, start_observed),
            definition_era(indicator, start_owner, start_observed),
            start_window,
            start_owner
        ) as broken_by
    from joined
),
compared as (
    select
        *,
        year = start_year as is_start,
        value is not null and start_figure is not null as has_both,
        case
            when value is null or start_figure is null or year = start_year then null
            when observed_year <> year or start_observed <> start_year then 'repeated_figure'
            when broken_by is not null then broken_by
            when observed_year - start_observed < window_years then 'overlapping_windows'
        end as apart,
        if(
            interval is not null and numerator is not null and denominator is not null and start_has_counts,
            visible_change(kind, start_figure, start_denominator, expected_value, denominator, factor),
            null
        ) as visible_change
    from placed
),
moved as (
    select
        *,
        not is_start and has_both and apart is null as is_comparable,
        array_to_string(
            list_filter(
                if(
                    is_start,
                    ['starting_year'],
                    [
                        if(value is null, 'no_figure', null),
                        if(start_figure is null, 'no_start_figure', null),
                        if(start_check = 'differs', 'start_disagrees', null),
                        if(if(direction = 'up', start_figure >= target_value, start_figure <= target_value), 'reached_at_start', null),
                        if(
                            has_both
                            and kind in ('share', 'rate')
                            and not (numerator is not null and denominator is not null and start_has_counts),
                            'counts_not_delivered',
                            null
                        ),
                        if(has_both and interval is null, 'no_interval_for_basis', null),
                        apart,
                        if(abs(expected_value - start_figure) <= visible_change, 'step_too_small', null)
                    ]
                ),
                lambda reason: reason is not null
            ),
            '; '
        ) as why
    from compared
),
judged as (
    select
        *,
        if(is_comparable, tidy(value - start_figure), null) as change_start,
        if(
            is_comparable and ci_low is not null and start_low is not null,
            tidy(newcombe_low(value, ci_low, ci_high, start_figure, start_low, start_high)),
            null
        ) as change_start_low,
        if(
            is_comparable and ci_low is not null and start_low is not null,
            tidy(newcombe_high(value, ci_low, ci_high, start_figure, start_low, start_high)),
            null
        ) as change_start_high
    from moved
)
select
    plan_id,
    area_id,
    target_no,
    target_version,
    year,
    is_current,
    effort_area_id,
    indicator,
    is_shared,
    direction,
    start_year,
    target_year,
    start_figure,
    target_value,
    value,
    numerator,
    denominator,
    ci_low,
    ci_high,
    interval_basis,
    missing_reason,
    status,
    figure_owner,
    window_years,
    expected_value,
    tidy(value - expected_value) as path_distance,
    change_start,
    change_start_low,
    change_start_high,
    if(is_start, null, tidy(visible_change)) as visible_change,
    if(is_start, null, tidy(visible_change * denominator / factor)) as visible_count,
    case
        when is_start then null
        when why <> '' then 'cannot_be_told'
        else target_verdict(
            direction, ci_low, ci_high, change_start_low, change_start_high, expected_value - start_figure, target_value
        )
    end as target_verdict,
    case
        when is_start then null
        when set_on > first_published_at then 'afterwards'
        when replaced_on <= coalesce(first_published_at, make_date(year, 12, 31)) then 'replaced'
        when year = target_year and status = 'final' and value is not null then 'final'
        else 'interim'
    end as verdict_kind,
    nullif(why, '') as why,
    municipality_start,
    municipality_value,
    if(is_comparable and not municipality_changed_owner, tidy(municipality_value - municipality_start), null) as municipality_change,
    country_start,
    country_value,
    if(is_comparable and not country_changed_owner, tidy(country_value - country_start), null) as country_change,
    twin_start,
    twin_value,
    if(is_comparable, tidy(twin_value - twin_start), null) as twin_change,
    case
        when is_start or (is_comparable and twin_value is not null and twin_start is not null) then null
        when coalesce(twins, 0) = 0 then 'no_twins'
        when year > last_unbroken_year then 'boundary_break'
        when year > getvariable('open_through') then 'locked'
        else 'no_figure'
    end as twin_change_missing_reason,
    is_example,
    source,
    source_file,
    source_line,
    published_at,
    first_published_at,
    origin
from judged
order by plan_id, area_id, target_no, target_version, year
