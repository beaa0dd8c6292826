-- design_power_years: what an evaluation over several years can see, where the years of an area are alike and less so farther apart.
-- One row per contrast, pair of groups, indicator, years from the start on, estimator.
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    post_years,
    estimator,
    starts,
    areas_1,
    areas_0,
    missing_1,
    missing_0,
    clustered_by,
    clusters,
    clusters_1,
    clusters_0,
    pre_years,
    lags,
    rho,
    rho_is_assumed,
    share_lasting,
    share_yearly,
    icc_change,
    power_df,
    mde,
    mde_if_independent,
    mde_rho_low,
    mde_rho_high,
    why,
    getvariable('origin') as origin
from statistics.power_years
order by contrast, arm_1, arm_0, indicator, post_years, estimator
