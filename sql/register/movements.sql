-- movements: those who stayed in an area from one 1 January to the next, who came and who left, each group by its populations.
-- One row per area, group (movement) and side: 'before' on 1 January of the year before, 'after' on that of the partition's year.
-- The area is what it is on the second day. stayer: there on both; in_mover, born: there on the second alone; out_mover: on the
-- first alone, and living elsewhere in the country on the second; gone: died or left the country.
-- Reads person_years (one partition), earlier (the same persons' rows of the year before), addresses, low_income.
with dated as (
    select address_key, area_id
    from addresses
    where valid_from <= make_date(getvariable('year'), 1, 1)
        and (valid_to is null or valid_to > make_date(getvariable('year'), 1, 1))
),
both_years as (
    select * from person_years
    union all by name
    select * from earlier where "year" = getvariable('year') - 1
),
residents as (
    select
        persons.person_id,
        dated.area_id,
        persons."year",
        persons.age,
        persons.person_origin as origin,
        coalesce(persons.november_activity, 'neither') as activity,
        case when persons.october_enrolled then 'yes' else 'no' end as enrolled,
        coalesce(persons.december_benefit, 'neither') as benefit,
        coalesce(persons.highest_education, 'basic_or_unknown') as highest_education,
        case when persons.income_dkk <= low_income.income_dkk then 'low' else 'not_low' end as income,
        case when persons.convictions > 0 then 'yes' else 'no' end as convicted
    from both_years as persons
    join dated using (address_key)
    left join low_income on low_income."year" = persons."year"
),
places as (
    select
        person_id, area_id,
        bool_or("year" < getvariable('year')) as was_here,
        bool_or("year" = getvariable('year')) as is_here,
        max(age) filter (where "year" = getvariable('year')) as age
    from residents
    group by person_id, area_id
),
grouped as (
    select
        places.person_id, places.area_id,
        case
            when places.was_here and places.is_here then 'stayer'
            when places.is_here and places.age = 0 then 'born'
            when places.is_here then 'in_mover'
            when later.person_id is not null then 'out_mover'
            else 'gone'
        end as movement
    from places
    left join (select person_id from person_years where address_key is not null) as later using (person_id)
)
select
    residents.area_id,
    cast(getvariable('year') as integer) as "year",
    grouped.movement,
    case when residents."year" = getvariable('year') then 'after' else 'before' end as side,
    {populations}
from residents
join grouped on grouped.person_id = residents.person_id and grouped.area_id = residents.area_id
group by residents.area_id, grouped.movement, side
order by residents.area_id, grouped.movement, side
