-- statutory_criteria: membership of the ministry's lists recomputed from the figures that the lists print, by list
-- and by the rule of its year.
-- One row per area, list year, list type. Where figures, thresholds or years of another list are missing that would
-- decide, membership by rule is empty. Another list that a list asks for is taken as published, else by its own rule; two
-- such steps lead from the omdannelse list to that of udsat, and the law has no longer way.
with wide as (
    select
        area_id,
        "year",
        list_type,
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
        max(threshold) filter (where indicator = 'convicted_pct') as convicted_threshold,
        max(basis) filter (where indicator = 'convicted_pct') as convicted_threshold_basis,
        count(*) filter (where is_met and not is_always) as counted_met,
        count(*) filter (where is_met is null and not is_always) as counted_unknown,
        count(*) filter (where not is_met and is_always) as always_failed,
        count(*) filter (where is_met is null and is_always) as always_unknown,
        max(criteria_required) as criteria_required,
        max(criteria_in_rule) as criteria_in_rule,
        string_agg(
            indicator || if(threshold is null, ' (no threshold: the national figure is not there)', ' (no figure)'),
            '; ' order by indicator
        ) filter (where is_met is null) as unknown_criteria
    from list_criteria
    group by area_id, "year", list_type
),
looked_at as (
    select
        list_area_years.*,
        case
            when wide.always_failed > 0 then false
            when wide.always_unknown > 0 then null
            when list_area_years.has_rule then true
        end as always_met,
        case
            when wide.counted_met >= wide.criteria_required then true
            when wide.counted_met + wide.counted_unknown < wide.criteria_required then false
            when wide.criteria_required is null and list_area_years.has_rule then true
        end as enough_met
    from list_area_years
    left join wide using (area_id, "year", list_type)
),
needed as (
    select
        area_id,
        "year",
        list_type,
        requires_list,
        years_in_a_row,
        unnest(range("year" - years_in_a_row + 1, "year" + 1)) as needed_year
    from looked_at
    where requires_list is not null
),
-- First with the lists that ask for no other one, then with those that ask for these.
standing_alone as (
    select
        area_id, "year", list_type, coalesce(on_list, case when requires_list is null then always_met and enough_met end) as stands
    from looked_at
),
after_one_step as (
    select
        needed.area_id,
        needed."year",
        needed.list_type,
        case
            when bool_or(not standing_alone.stands) then false
            when count(standing_alone.stands) = any_value(needed.years_in_a_row) then true
        end as is_kept
    from needed
    left join standing_alone
        on standing_alone.area_id = needed.area_id
        and standing_alone."year" = needed.needed_year
        and standing_alone.list_type = needed.requires_list
    group by needed.area_id, needed."year", needed.list_type
),
standing as (
    select
        looked_at.area_id,
        looked_at."year",
        looked_at.list_type,
        coalesce(
            looked_at.on_list,
            looked_at.always_met and looked_at.enough_met and (looked_at.requires_list is null or after_one_step.is_kept)
        ) as stands
    from looked_at
    left join after_one_step using (area_id, "year", list_type)
),
requirements as (
    select
        needed.area_id,
        needed."year",
        needed.list_type,
        case
            when bool_or(not standing.stands) then false
            when count(standing.stands) = any_value(needed.years_in_a_row) then true
        end as requirement_met,
        string_agg(needed.requires_list || ' ' || needed.needed_year, '; ' order by needed.needed_year)
            filter (where standing.stands is null) as unknown_years
    from needed
    left join standing
        on standing.area_id = needed.area_id
        and standing."year" = needed.needed_year
        and standing.list_type = needed.requires_list
    group by needed.area_id, needed."year", needed.list_type
),
decided as (
    select
        looked_at.*,
        requirements.requirement_met,
        if(requirements.requirement_met is null, requirements.unknown_years, null) as unknown_years,
        looked_at.always_met
        and looked_at.enough_met
        and (looked_at.requires_list is null or requirements.requirement_met) as on_list_by_rule
    from looked_at
    left join requirements using (area_id, "year", list_type)
),
exceptions as (
    select area_id, "year", list_type, reason from codes.exceptions where "check" = 'list_membership_as_published'
)
select
    area_id,
    dim_areas.area_name,
    dim_areas.municipality_code,
    "year",
    list_type,
    wide.residents_met,
    wide.residents_distance,
    wide.outside_work_met,
    wide.outside_work_distance,
    wide.nonwestern_met,
    wide.nonwestern_distance,
    wide.convicted_met,
    wide.convicted_distance,
    wide.basic_education_met,
    wide.basic_education_distance,
    wide.income_met,
    wide.income_distance,
    wide.convicted_threshold,
    wide.convicted_threshold_basis,
    if(wide.criteria_required is not null, wide.counted_met, null) as criteria_met,
    wide.criteria_required,
    wide.criteria_in_rule,
    decided.always_met,
    decided.requires_list,
    decided.years_in_a_row,
    decided.requirement_met,
    nullif(concat_ws('; ', wide.unknown_criteria, decided.unknown_years), '') as what_is_unknown,
    decided.on_list_by_rule,
    decided.on_list,
    decided.new_on_list,
    decided.on_list_by_rule = decided.on_list as agrees,
    (
        select min(reason)
        from exceptions
        where exceptions.area_id = decided.area_id
            and coalesce(exceptions."year", decided."year") = decided."year"
            and coalesce(exceptions.list_type, decided.list_type) = decided.list_type
    ) as known_exception,
    decided.origin
from decided
left join wide using (area_id, "year", list_type)
join dim_areas using (area_id)
order by area_id, "year", list_type
