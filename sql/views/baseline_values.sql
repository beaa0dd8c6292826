-- baseline_values: each area's figure over a baseline window: of a share or rate the pooled one, else the mean of the years.
-- One row per area, window, indicator; areas with figures of fewer than half of the window's years have none. Years with a withheld
-- count are years with a figure: value_least and value_most are what it then can be, value lies midway.
with windowed as (
    select
        baseline_figures.*,
        windows.baseline_window,
        windows.years as years_asked,
        if(is_withheld, factor * numerator_least / denominator, value) as at_least,
        if(is_withheld, factor * numerator_most / denominator, value) as at_most
    from baseline_figures
    join codes.baseline_windows as windows on baseline_figures.year between windows.window_from and windows.window_to
),
pooled as (
    select
        area_id,
        baseline_window,
        indicator,
        any_value(kind) in ('share', 'rate')
        and count(numerator_most) = count(*)
        and count(denominator) = count(*)
        and sum(denominator) > 0 as has_counts,
        any_value(factor) * cast(sum(numerator_least) as double) / cast(sum(denominator) as double) as least,
        any_value(factor) * cast(sum(numerator_most) as double) / cast(sum(denominator) as double) as most,
        cast(sum(exact(value)) as double) / count(*) as mean_value,
        cast(sum(exact(at_least)) as double) / count(*) as mean_least,
        cast(sum(exact(at_most)) as double) / count(*) as mean_most,
        count_if(is_withheld) as withheld,
        count(*) as years,
        count(*) = any_value(years_asked) as is_complete
    from windowed
    group by area_id, baseline_window, indicator
    having 2 * count(*) >= any_value(years_asked)
)
select
    area_id,
    baseline_window,
    indicator,
    tidy(if(has_counts, (least + most) / 2, mean_value)) as value,
    tidy(if(has_counts, least, mean_least)) as value_least,
    tidy(if(has_counts, most, mean_most)) as value_most,
    withheld,
    years,
    is_complete
from pooled
order by area_id, baseline_window, indicator
