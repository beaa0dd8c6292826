-- baseline_event_covariance: the covariance of att_universal of baseline_event, as HonestDiD asks for it.
-- One row per contrast, indicator, event time, other event time.
with pairs as (
    select contrast, arm_1, arm_0, indicator, unnest(covariances) as pair from statistics.events
)
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    pair.event_time,
    pair.other_event_time,
    pair.covariance,
    getvariable('origin') as origin
from pairs
order by contrast, indicator, pair.event_time, pair.other_event_time
