-- group_change: how the groups moved between two declared years, and by how much more the first one did: descriptive, no effect.
-- One row per contrast, pair of groups, indicator, span of years; a span that is locked for any of the areas has no figures.
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    change_from,
    change_to,
    areas_1,
    areas_0,
    missing_1,
    missing_0,
    change_1,
    change_1_low,
    change_1_high,
    change_0,
    change_0_low,
    change_0_high,
    change_difference,
    change_difference_se,
    change_difference_df,
    change_difference_low,
    change_difference_high,
    clustered_by,
    clusters_1,
    clusters_0,
    why,
    getvariable('origin') as origin
from statistics.changes
order by contrast, arm_1, arm_0, indicator, change_from, change_to
