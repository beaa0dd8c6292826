-- baseline_cohort_trends: whether each cohort moved as its comparison did in the years before its own start.
-- One row per contrast, indicator, cohort.
with cohorts as (
    select contrast, arm_1, arm_0, indicator, clustered_by, unnest(cohorts) as cohort from statistics.events
)
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    cohort.gname,
    cohort.trend_from,
    cohort.trend_to,
    cohort.trend_years,
    cohort.areas_1,
    cohort.areas_0,
    cohort.missing_1,
    cohort.missing_0,
    clustered_by,
    cohort.clusters,
    cohort.clusters_1,
    cohort.clusters_0,
    cohort.slope_difference,
    cohort.slope_se,
    cohort.slope_df,
    cohort.slope_low,
    cohort.slope_high,
    cohort.slope_p,
    cohort.slope_p_holm,
    cohort.equivalence_level,
    cohort.slope_equivalence,
    cohort.joint_p,
    cohort.joint_p_holm,
    cohort.cohort_verdict,
    cohort.why,
    getvariable('origin') as origin
from cohorts
order by contrast, indicator, cohort.gname
