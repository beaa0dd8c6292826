-- dim_criteria: the criteria and thresholds of the ministry's lists. One row per list type, first year and indicator.
select
    list_type,
    from_year,
    to_year,
    criteria_required,
    criteria_in_rule,
    indicator,
    operator,
    threshold,
    threshold_times_national,
    rule_note,
    source,
    origin
from facts.statutory_rules
where indicator is not null
order by list_type, from_year, indicator
