-- pooled_changes: the share of an area in the three years before its plan, taken together, against its last two years.
-- One row per area and indicator that is a share and has a figure. An area without a plan, or with one of which nobody knows
-- the first day, is looked at from the first three of its last eight years. Where the same persons or dwellings are counted year after
-- year (universe.stays), several years hold no more of them than one: the interval is that of the mean count of a year.
with shares as (
    select area_values.*, indicators.interval, indicators.stays
    from area_values
    join codes.indicators as indicators using (indicator)
    where area_values.kind = 'share'
),
newest as (
    select
        area_id,
        indicator,
        cast(max(year) as integer) as after_to,
        cast(max(max(year)) over (partition by indicator) as integer) as latest_year
    from shares
    where value is not null
    group by area_id, indicator
),
windows as (
    select
        newest.*,
        plan_starts.start_year,
        if(start_year is null, 'first_of_eight_years', 'before_the_plan') as before_is,
        coalesce(start_year - 3, after_to - 7) as before_from,
        coalesce(start_year - 1, after_to - 5) as before_to,
        after_to - 1 as after_from
    from newest
    left join plan_starts using (area_id)
),
pooled as (
    select
        windows.*,
        any_value(interval) as interval,
        count(value) filter (where year <= before_to) as years_before,
        count(value) filter (where year >= after_from) as years_after,
        count(numerator + denominator) as years_with_counts,
        -- Over how many years the counts stand for more units than one year's.
        if(any_value(stays), 3, 1) as before_parts,
        if(any_value(stays), 2, 1) as after_parts,
        cast(sum(numerator) filter (where year <= before_to) as double) as before_numerator,
        cast(sum(denominator) filter (where year <= before_to) as double) as before_denominator,
        cast(sum(numerator) filter (where year >= after_from) as double) as after_numerator,
        cast(sum(denominator) filter (where year >= after_from) as double) as after_denominator,
        count(repeats_year) as repeats,
        max(window_years) as window_years,
        count(distinct boundary_era) as boundary_eras,
        count(distinct definition_era) as definition_eras,
        count(distinct figure_owner) as owners,
        min(figure_owner) as figure_owner
    from windows
    join shares using (area_id, indicator)
    where shares.value is not null
        and (shares.year between windows.before_from and windows.before_to or shares.year between windows.after_from and windows.after_to)
    group by all
),
judged as (
    select
        *,
        case
            when after_to < latest_year - 1 then 'no_recent_figure'
            when start_year > after_from then 'plan_too_new'
            when years_before < 3 or years_after < 2 then 'years_missing'
            when repeats > 0 then 'repeated_figure'
            when window_years > 1 then 'overlapping_windows'
            when boundary_eras > 1 then 'boundary_break'
            when definition_eras > 1 then 'definition_break'
            when owners > 1 then 'other_owner'
            when interval is null then 'no_interval_for_basis'
            when years_with_counts < 5 then 'no_counts'
        end as movement_missing_reason
    from pooled
),
limited as (
    select
        *,
        100 * before_numerator / before_denominator as before_value,
        100 * after_numerator / after_denominator as after_value,
        wilson_low(before_numerator / before_parts, before_denominator / before_parts) as before_low,
        wilson_high(before_numerator / before_parts, before_denominator / before_parts) as before_high,
        wilson_low(after_numerator / after_parts, after_denominator / after_parts) as after_low,
        wilson_high(after_numerator / after_parts, after_denominator / after_parts) as after_high
    from judged
    where movement_missing_reason is null
)
select
    judged.area_id,
    judged.indicator,
    judged.before_is,
    judged.before_from,
    judged.before_to,
    judged.after_from,
    judged.after_to,
    judged.figure_owner,
    tidy(limited.before_value) as before_value,
    tidy(limited.after_value) as after_value,
    tidy(limited.after_value - limited.before_value) as movement,
    tidy(newcombe_low(after_value, after_low, after_high, before_value, before_low, before_high)) as movement_low,
    tidy(newcombe_high(after_value, after_low, after_high, before_value, before_low, before_high)) as movement_high,
    judged.movement_missing_reason
from judged
left join limited using (area_id, indicator)
order by judged.area_id, judged.indicator
