-- stays: how many residents of an area moved in during the last year, and how many have been there on six 1 Januaries in a row.
-- One row per municipality and area; a count is empty where the register does not reach back as far. Who was born in the last
-- year did not move in. The area is what it is on 1 January of the partition's year, so that nobody moves by a new boundary.
-- Reads person_years (one partition), earlier (the same persons' rows of the five years before), addresses.
with dated as (
    select address_key, area_id
    from addresses
    where valid_from <= make_date(getvariable('year'), 1, 1)
        and (valid_to is null or valid_to > make_date(getvariable('year'), 1, 1))
),
residents as (
    select persons.person_id, persons.age, persons.municipality_code, dated.area_id
    from person_years as persons
    join dated using (address_key)
),
before as (
    select earlier.person_id, earlier."year", dated.area_id
    from earlier
    join dated using (address_key)
    where earlier."year" < getvariable('year')
),
here as (
    select
        residents.person_id,
        count(*) filter (where before."year" = getvariable('year') - 1) as last_year,
        count(*) as years
    from residents
    join before on residents.person_id = before.person_id and residents.area_id = before.area_id
    group by residents.person_id
)
select
    residents.municipality_code,
    residents.area_id,
    cast(getvariable('year') as integer) as "year",
    case when getvariable('reach') >= 1
        then count(*) filter (where residents.age >= 1 and coalesce(here.last_year, 0) = 0)
    end as moved_in,
    case when getvariable('reach') >= 5 then count(*) filter (where here.years = 5) end as stayed_5_years
from residents
left join here on residents.person_id = here.person_id
group by residents.municipality_code, residents.area_id
order by residents.municipality_code, residents.area_id
