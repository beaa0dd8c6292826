-- stays: how many residents of an area moved in during the last year, and how many have been there on six 1 Januaries in a row.
-- One row per municipality and area; a count is empty where the register does not reach back as far. Who was born in the last
-- year did not move in. The area is what it is on 1 January of the partition's year, so that nobody moves by a new boundary.
-- Reads person_years (one partition), earlier (the same persons' rows of the five years before), dated.
with rows_of_years as (
    select person_id, "year", municipality_code, age, address_key from person_years
    union all
    select person_id, "year", municipality_code, age, address_key from earlier where "year" < getvariable('year')
),
looked_back as (
    select
        all_years.person_id,
        dated.area_id,
        max(all_years.municipality_code) filter (where all_years."year" = getvariable('year')) as municipality_code,
        max(all_years.age) filter (where all_years."year" = getvariable('year')) as age,
        count(*) filter (where all_years."year" = getvariable('year') - 1) as last_year,
        count(*) filter (where all_years."year" < getvariable('year')) as years
    from rows_of_years as all_years
    join dated using (address_key)
    group by all_years.person_id, dated.area_id
    having bool_or(all_years."year" = getvariable('year'))
)
select
    municipality_code,
    area_id,
    cast(getvariable('year') as integer) as "year",
    case when getvariable('reach') >= 1 then count(*) filter (where age >= 1 and last_year = 0) end as moved_in,
    case when getvariable('reach') >= 5 then count(*) filter (where years = 5) end as stayed_5_years
from looked_back
group by municipality_code, area_id
order by municipality_code, area_id
