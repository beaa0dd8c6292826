-- statutory_criteria: membership of the ministry's lists recomputed from the published figures and the year's rule.
-- One row per area, list year. Where figures or thresholds are missing that would decide, membership by rule is empty.
with listed as (
    select area_id, year, on_list, new_on_list, origin from facts.list_membership
),
rules as (
    select * from facts.statutory_rules where list_type in ('udsat', 'alle') and indicator is not null
),
judged as (
    select
        listed.area_id,
        listed.year,
        rules.list_type,
        rules.indicator,
        rules.criteria_required,
        rules.criteria_in_rule,
        case rules.operator
            when '>' then area_values.value > rules.threshold
            when '>=' then area_values.value >= rules.threshold
            when '<' then area_values.value < rules.threshold
            when '<=' then area_values.value <= rules.threshold
        end as is_met,
        tidy(if(rules.operator in ('>', '>='), area_values.value - rules.threshold, rules.threshold - area_values.value)) as distance
    from listed
    join rules on listed.year >= rules.from_year and (rules.to_year is null or listed.year <= rules.to_year)
    left join area_values
        on area_values.area_id = listed.area_id and area_values.year = listed.year and area_values.indicator = rules.indicator
),
wide as (
    select
        area_id,
        year,
        max(is_met) filter (where indicator = 'residents') as residents_met,
        max(distance) filter (where indicator = 'residents') as residents_distance,
        max(is_met) filter (where indicator = 'outside_work_pct') as outside_work_met,
        max(distance) filter (where indicator = 'outside_work_pct') as outside_work_distance,
        max(is_met) filter (where indicator = 'nonwestern_pct') as nonwestern_met,
        max(distance) filter (where indicator = 'nonwestern_pct') as nonwestern_distance,
        max(is_met) filter (where indicator = 'convicted_pct') as convicted_met,
        max(distance) filter (where indicator = 'convicted_pct') as convicted_distance,
        max(is_met) filter (where indicator = 'basic_education_pct') as basic_education_met,
        max(distance) filter (where indicator = 'basic_education_pct') as basic_education_distance,
        max(is_met) filter (where indicator = 'income_region_pct') as income_met,
        max(distance) filter (where indicator = 'income_region_pct') as income_distance,
        count(*) filter (where is_met and list_type = 'udsat') as criteria_met,
        count(*) filter (where is_met is null and list_type = 'udsat') as criteria_unknown,
        max(criteria_required) as criteria_required,
        max(criteria_in_rule) as criteria_in_rule
    from judged
    group by area_id, year
),
decided as (
    -- Unknown stays unknown, unless the figures that are there decide alone.
    select
        *,
        residents_met
        and case
            when criteria_met >= criteria_required then true
            when criteria_met + criteria_unknown < criteria_required then false
        end as on_list_by_rule
    from wide
),
exceptions as (
    select area_id, year, reason from codes.exceptions where "check" = 'list_membership_as_published'
)
select
    area_id,
    dim_areas.area_name,
    dim_areas.municipality_code,
    year,
    decided.residents_met,
    decided.residents_distance,
    decided.outside_work_met,
    decided.outside_work_distance,
    decided.nonwestern_met,
    decided.nonwestern_distance,
    decided.convicted_met,
    decided.convicted_distance,
    decided.basic_education_met,
    decided.basic_education_distance,
    decided.income_met,
    decided.income_distance,
    decided.criteria_met,
    decided.criteria_required,
    decided.criteria_in_rule,
    decided.on_list_by_rule,
    listed.on_list,
    listed.new_on_list,
    decided.on_list_by_rule = listed.on_list as agrees,
    (
        select min(reason)
        from exceptions
        where exceptions.area_id = listed.area_id and coalesce(exceptions.year, listed.year) = listed.year
    ) as known_exception,
    listed.origin
from listed
left join decided using (area_id, year)
join dim_areas using (area_id)
order by area_id, year
