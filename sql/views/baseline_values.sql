-- baseline_values: each area's figure over a baseline window: of a share or rate the pooled one, else the mean of the years.
-- One row per area, window, indicator; areas with figures of fewer than half of the window's years have none.
with windowed as (
    select baseline_figures.*, windows.baseline_window, windows.years as years_asked
    from baseline_figures
    join codes.baseline_windows as windows on baseline_figures.year between windows.window_from and windows.window_to
)
select
    area_id,
    baseline_window,
    indicator,
    tidy(
        if(
            any_value(kind) in ('share', 'rate') and count(numerator) = count(*) and count(denominator) = count(*) and sum(denominator) > 0,
            any_value(factor) * cast(sum(numerator) as double) / cast(sum(denominator) as double),
            cast(sum(exact(value)) as double) / count(*)
        )
    ) as value,
    count(*) as years,
    count(*) = any_value(years_asked) as is_complete
from windowed
group by area_id, baseline_window, indicator
having 2 * count(*) >= any_value(years_asked)
order by area_id, baseline_window, indicator
