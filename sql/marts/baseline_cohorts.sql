-- baseline_cohorts: what each cohort moved beyond its comparison in the years before its own start, one year at a time.
-- One row per contrast, indicator, cohort, year.
with cells as (
    select contrast, arm_1, arm_0, indicator, clustered_by, unnest(cells) as cell from statistics.events
)
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    cell.gname,
    cell.year,
    cell.event_time,
    cell.base_year,
    cell.att,
    cell.att_se,
    cell.att_df,
    cell.att_low,
    cell.att_high,
    cell.att_low_uniform,
    cell.att_high_uniform,
    cell.areas_1,
    cell.areas_0,
    clustered_by,
    cell.clusters_1,
    cell.clusters_0,
    cell.why,
    getvariable('origin') as origin
from cells
order by contrast, indicator, cell.gname, cell.year
