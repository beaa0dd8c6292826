-- list_area_years: which areas are looked at for which list: every list that has a rule or a member in a year in
-- which the ministry's lists say anything of the area.
-- One row per area, list year, list type. `on_list` is what was published, empty where no list of the type and year
-- says anything of the area.
with area_years as (
    select area_id, "year", origin from list_figures
    union
    select area_id, "year", origin from facts.list_membership
),
periods as (
    select
        list_type_or_all as list_type,
        coalesce(from_year, 0) as from_year,
        coalesce(to_year, 9999) as to_year,
        max(requires_list) as requires_list,
        max(if(requires_list is not null, coalesce(years_in_a_row, 1), null)) as years_in_a_row
    from facts.statutory_rules
    where list_type_or_all <> 'alle'
    group by all
),
ruled as (
    select
        area_years.area_id,
        area_years."year",
        periods.list_type,
        max(periods.requires_list) as requires_list,
        max(periods.years_in_a_row) as years_in_a_row,
        any_value(area_years.origin) as origin
    from area_years
    join periods on area_years."year" between periods.from_year and periods.to_year
    group by area_years.area_id, area_years."year", periods.list_type
)
select
    area_id,
    "year",
    list_type,
    ruled.area_id is not null as has_rule,
    ruled.requires_list,
    ruled.years_in_a_row,
    members.on_list,
    members.new_on_list,
    coalesce(members.origin, ruled.origin) as origin
from ruled
full join facts.list_membership as members using (area_id, "year", list_type)
order by area_id, "year", list_type
