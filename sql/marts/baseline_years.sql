-- baseline_years: the groups year by year before the grants, and their difference against the last baseline year.
-- One row per contrast, pair of groups, indicator, year.
with years as (
    select contrast, arm_1, arm_0, indicator, areas_1, areas_0, unnest(yearly) as yearly from statistics.trends
)
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    yearly.year,
    areas_1,
    areas_0,
    yearly.mean_1,
    yearly.mean_1_low,
    yearly.mean_1_high,
    yearly.mean_0,
    yearly.mean_0_low,
    yearly.mean_0_high,
    yearly.difference_change,
    yearly.difference_low,
    yearly.difference_high,
    getvariable('origin') as origin
from years
order by contrast, arm_1, arm_0, indicator, yearly.year
