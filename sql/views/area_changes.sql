-- area_changes: change since the year before and since the area's first year with a value.
-- One row per area, year, indicator. Refused across a break of boundary or definition, between repeated figures, between
-- means over overlapping or over different numbers of years, and between figures of different owners.
with valued as (
    select * from area_values where value is not null
),
firsts as (
    select area_id, indicator, min(year) as first_year from valued group by area_id, indicator
),
pairs as (
    select
        now.area_id,
        now.year,
        now.indicator,
        now.kind,
        now.value,
        now.ci_low,
        now.ci_high,
        now.window_years,
        now.figure_owner,
        now.boundary_era,
        now.definition_era,
        now.observed_year,
        now.repeats_year,
        before.year as before_year,
        before.value as before_value,
        before.ci_low as before_low,
        before.ci_high as before_high,
        apart(
            now.boundary_era, now.definition_era, now.window_years, now.figure_owner,
            before.boundary_era, before.definition_era, before.window_years, before.figure_owner
        ) as before_apart,
        before.repeats_year as before_repeats,
        firsts.first_year,
        first.value as first_value,
        first.ci_low as first_low,
        first.ci_high as first_high,
        apart(
            now.boundary_era, now.definition_era, now.window_years, now.figure_owner,
            first.boundary_era, first.definition_era, first.window_years, first.figure_owner
        ) as first_apart,
        first.observed_year as first_observed
    from area_values as now
    left join valued as before
        on before.area_id = now.area_id and before.indicator = now.indicator and before.year = now.year - 1
    left join firsts on firsts.area_id = now.area_id and firsts.indicator = now.indicator
    left join valued as first
        on first.area_id = now.area_id and first.indicator = now.indicator and first.year = firsts.first_year
),
judged as (
    select
        *,
        case
            when value is null then 'no_value'
            when before_value is null then 'no_earlier_value'
            when repeats_year is not null or before_repeats is not null then 'repeated_figure'
            when before_apart is not null then before_apart
            when year - before_year < window_years then 'overlapping_windows'
        end as change_year_missing_reason,
        case
            when value is null then 'no_value'
            when year = first_year then 'is_first_value'
            when observed_year = first_observed then 'repeated_figure'
            when first_apart is not null then first_apart
            when observed_year - first_observed < window_years then 'overlapping_windows'
        end as change_first_missing_reason
    from pairs
)
select
    area_id,
    year,
    indicator,
    if(change_year_missing_reason is null, tidy(value - before_value), null) as change_year,
    if(
        change_year_missing_reason is null and kind = 'share',
        newcombe_low(value, ci_low, ci_high, before_value, before_low, before_high),
        null
    ) as change_year_low,
    if(
        change_year_missing_reason is null and kind = 'share',
        newcombe_high(value, ci_low, ci_high, before_value, before_low, before_high),
        null
    ) as change_year_high,
    change_year_missing_reason,
    first_year,
    if(change_first_missing_reason is null, tidy(value - first_value), null) as change_first,
    if(
        change_first_missing_reason is null and kind = 'share',
        newcombe_low(value, ci_low, ci_high, first_value, first_low, first_high),
        null
    ) as change_first_low,
    if(
        change_first_missing_reason is null and kind = 'share',
        newcombe_high(value, ci_low, ci_high, first_value, first_low, first_high),
        null
    ) as change_first_high,
    change_first_missing_reason
from judged
order by area_id, year, indicator
