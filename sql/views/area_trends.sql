-- area_trends: recent trend over five yearly points, each weighted by its interval.
-- One row per area, year, indicator. Marked only where (slope / se)^2 > 9.5495 and the slope keeps its sign in all five
-- fits that leave one year out (the rule of the Public Health England profiles).
with points as (
    select
        area_id,
        year,
        indicator,
        value,
        ci_high - ci_low as width,
        coalesce(repeats_year is null and window_years = 1, false) as is_observation,
        boundary_era,
        definition_era,
        lag(boundary_era, 4) over series as first_boundary_era,
        lag(definition_era, 4) over series as first_definition_era,
        figure_owner = lag(figure_owner, 1) over series
        and figure_owner = lag(figure_owner, 2) over series
        and figure_owner = lag(figure_owner, 3) over series
        and figure_owner = lag(figure_owner, 4) over series as is_one_owners,
        lag(year, 4) over series as year_1,
        [lag(value, 4) over series, lag(value, 3) over series, lag(value, 2) over series, lag(value, 1) over series, value] as y,
        [lag(width, 4) over series, lag(width, 3) over series, lag(width, 2) over series, lag(width, 1) over series, width] as widths,
        [lag(is_observation, 4) over series, lag(is_observation, 3) over series, lag(is_observation, 2) over series,
         lag(is_observation, 1) over series, is_observation] as observations
    from area_values
    window series as (partition by area_id, indicator order by year)
),
judged as (
    select
        *,
        case
            when value is null then 'no_value'
            when year_1 is distinct from year - 4 or list_contains(list_transform(y, lambda v: v is null), true) then 'fewer_than_five_years'
            when list_contains(observations, false) then 'repeated_or_overlapping_figures'
            when boundary_era <> first_boundary_era then 'boundary_break'
            when definition_era <> first_definition_era then 'definition_break'
            when not is_one_owners then 'other_owner'
            when list_contains(list_transform(widths, lambda w: coalesce(w, 0) = 0), true) then 'no_interval'
        end as trend_missing_reason
    from points
),
-- Weight 1 / se^2 with se = width / 3.92; the year left out has weight 0 (left_out = 0: none).
weighted as (
    select
        area_id,
        year,
        indicator,
        left_out,
        y,
        list_transform(widths, lambda w, i: if(i = left_out, 0, (3.92 / w) ^ 2)) as w
    from judged, unnest(range(0, 6)) as fits (left_out)
    where trend_missing_reason is null
),
sums as (
    select
        area_id,
        year,
        indicator,
        left_out,
        w[1] + w[2] + w[3] + w[4] + w[5] as sw,
        w[2] + 2 * w[3] + 3 * w[4] + 4 * w[5] as swx,
        w[2] + 4 * w[3] + 9 * w[4] + 16 * w[5] as swxx,
        w[1] * y[1] + w[2] * y[2] + w[3] * y[3] + w[4] * y[4] + w[5] * y[5] as swy,
        w[2] * y[2] + 2 * w[3] * y[3] + 3 * w[4] * y[4] + 4 * w[5] * y[5] as swxy
    from weighted
),
slopes as (
    select
        area_id,
        year,
        indicator,
        left_out,
        tidy((sw * swxy - swx * swy) / (sw * swxx - swx ^ 2)) as slope,
        sw / (sw * swxx - swx ^ 2) as variance
    from sums
),
trends as (
    select
        area_id,
        year,
        indicator,
        max(slope) filter (where left_out = 0) as slope,
        bool_or(left_out = 0 and slope ^ 2 / variance > 9.5495) and (min(slope) > 0 or max(slope) < 0) as is_marked
    from slopes
    group by area_id, year, indicator
)
select
    judged.area_id,
    judged.year,
    judged.indicator,
    case
        when trend_missing_reason is not null then null
        when not is_marked then 'no_clear_trend'
        when slope > 0 then 'rising'
        else 'falling'
    end as trend,
    trend_missing_reason
from judged
left join trends using (area_id, year, indicator)
order by area_id, year, indicator
