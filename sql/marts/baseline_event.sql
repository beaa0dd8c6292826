-- baseline_event: what funded areas moved beyond their comparison by the years to their own start, on average over cohorts.
-- One row per contrast, indicator, event time.
with events as (
    select contrast, arm_1, arm_0, indicator, clustered_by, unnest(events) as event from statistics.events
)
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    event.event_time,
    event.cohorts,
    event.areas_1,
    clustered_by,
    event.att,
    event.att_se,
    event.att_df,
    event.att_low,
    event.att_high,
    event.att_low_uniform,
    event.att_high_uniform,
    event.att_universal,
    event.breakdown_point,
    getvariable('origin') as origin
from events
order by contrast, indicator, event.event_time
