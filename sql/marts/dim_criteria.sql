-- dim_criteria: the criteria and thresholds of the ministry's lists, and the other list that a list asks for.
-- One row per list type, first year and indicator.
select
    list_type_or_all,
    coalesce(from_year, (select min(cast(list_types.from_year as integer)) from codes.list_types as list_types)) as from_year,
    to_year,
    coalesce(indicator, 'none') as indicator_or_none,
    if(list_type_or_all = 'alle', 'always', coalesce(criterion_kind, 'counted')) as criterion_kind,
    operator,
    threshold,
    threshold_times_national,
    criteria_required,
    criteria_in_rule,
    requires_list,
    years_in_a_row,
    rule_note,
    source,
    origin
from facts.statutory_rules
order by list_type_or_all, from_year, indicator_or_none
