-- design_power: what an evaluation of this size can see.
-- One row per contrast, pair of groups, indicator.
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    areas_1,
    areas_0,
    missing_1,
    missing_0,
    clustered_by,
    clusters,
    clusters_1,
    clusters_0,
    areas_per_cluster,
    icc_one_way,
    icc_low,
    icc_high,
    icc_mixed,
    r2_between,
    r2_within,
    power_basis,
    power_df,
    outcome_sd,
    is_adjusted,
    mde_sd,
    mde,
    mde_textbook_sd,
    mde_unadjusted,
    why,
    getvariable('origin') as origin
from statistics.power
order by contrast, arm_1, arm_0, indicator
