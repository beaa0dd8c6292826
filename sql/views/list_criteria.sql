-- list_criteria: each criterion of each list that there was in a year, held against the figures that the lists print.
-- One row per area, list year, list type, criterion. A threshold that is a multiple of the national mean is that of the
-- national figure; the number that the rule prints beside it is that of its first year alone.
with thresholds as (
    select
        looked_at.area_id,
        looked_at."year",
        looked_at.list_type,
        rules.indicator,
        rules.operator,
        rules.criteria_required,
        rules.criteria_in_rule,
        rules.list_type_or_all = 'alle' or coalesce(rules.criterion_kind, 'counted') = 'always' as is_always,
        case
            when rules.threshold_times_national is null then rules.threshold
            when national_means."value" is not null then tidy(rules.threshold_times_national * national_means."value")
            when rules.from_year = looked_at."year" then rules.threshold
        end as threshold,
        case
            when rules.threshold_times_national is null then if(rules.threshold is not null, 'rule', null)
            when national_means."value" is not null then national_means.basis
            when rules.from_year = looked_at."year" and rules.threshold is not null then 'printed'
        end as basis
    from list_area_years as looked_at
    join facts.statutory_rules as rules
        on rules.list_type_or_all in (looked_at.list_type, 'alle')
        and looked_at."year" between coalesce(rules.from_year, 0) and coalesce(rules.to_year, 9999)
    left join national_means on national_means."year" = looked_at."year" and national_means.indicator = rules.indicator
    where looked_at.has_rule and rules.indicator is not null
)
select
    thresholds.*,
    list_figures."value",
    case thresholds.operator
        when '>' then list_figures."value" > thresholds.threshold
        when '>=' then list_figures."value" >= thresholds.threshold
        when '<' then list_figures."value" < thresholds.threshold
        when '<=' then list_figures."value" <= thresholds.threshold
    end as is_met,
    tidy(if(
        thresholds.operator in ('>', '>='),
        list_figures."value" - thresholds.threshold,
        thresholds.threshold - list_figures."value"
    )) as distance
from thresholds
left join list_figures using (area_id, "year", indicator)
order by thresholds.area_id, thresholds."year", thresholds.list_type, thresholds.indicator
