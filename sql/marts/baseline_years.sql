-- baseline_years: the groups year by year before the grants.
-- One row per contrast, pair of groups, indicator, year.
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    year,
    areas_1,
    areas_0,
    mean_1,
    mean_1_low,
    mean_1_high,
    mean_0,
    mean_0_low,
    mean_0_high,
    difference_change,
    difference_low,
    difference_high,
    getvariable('origin') as origin
from statistics.yearly_means
order by contrast, arm_1, arm_0, indicator, year
