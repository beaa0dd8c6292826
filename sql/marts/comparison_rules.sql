-- comparison_rules: the rules for twins that were tried, in their order, how well funded areas and their twins agree under each, and
-- which one the twins are of. One row per rule tried.
select
    rule_no,
    twin_method,
    twins_asked,
    caliper_asked,
    caliper,
    baseline_window,
    is_chosen,
    matched_1,
    twins_lost_1,
    candidates_used,
    ess_0,
    reuse_max,
    median_distance,
    largest_smd,
    balance_limit,
    why,
    getvariable('origin') as origin
from statistics.twins
order by rule_no
