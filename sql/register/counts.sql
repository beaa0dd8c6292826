-- counts: how many residents of one partition are in each population of persons, and what they sum up to, by municipality and area.
-- One row per municipality and area of the partition's year; area_id is empty for those who live in no area on 1 January.
-- Reads person_years (one partition), addresses (the dated key), low_income (year, income_dkk: the most that is low).
-- Put in where braces stand: {populations} a count per population of populations.toml that asks for attributes below;
-- {outside_months} the months of codes/attachments.csv that count as outside work in the year.
with dated as (
    select address_key, area_id
    from addresses
    where valid_from <= make_date(getvariable('year'), 1, 1)
        and (valid_to is null or valid_to > make_date(getvariable('year'), 1, 1))
),
residents as (
    select
        persons.municipality_code,
        dated.area_id,
        persons.age,
        persons.person_origin as origin,
        coalesce(persons.november_activity, 'neither') as activity,
        case when persons.october_enrolled then 'yes' else 'no' end as enrolled,
        coalesce(persons.december_benefit, 'neither') as benefit,
        coalesce(persons.highest_education, 'basic_or_unknown') as highest_education,
        case
            when persons.income_dkk <= (select income_dkk from low_income where "year" = getvariable('year')) then 'low'
            else 'not_low'
        end as income,
        case when persons.convictions > 0 then 'yes' else 'no' end as convicted,
        case when persons.age between 18 and 64 then cast(round(100 * ({outside_months})) as bigint) end as outside,
        case when persons.age between 15 and 64 and persons.october_enrolled is not true then persons.income_dkk end as taxed_dkk,
        persons.gp_contacts,
        persons.admissions
    from person_years as persons
    left join dated using (address_key)
    where persons.address_key is not null
)
select
    municipality_code,
    area_id,
    cast(getvariable('year') as integer) as "year",
    {populations},
    cast(coalesce(sum(outside), 0) as bigint) as outside_hundredths,
    count(taxed_dkk) as taxpayers,
    cast(coalesce(sum(taxed_dkk), 0) as bigint) as taxed_dkk,
    cast(coalesce(sum(gp_contacts), 0) as bigint) as gp_contacts,
    cast(coalesce(sum(admissions), 0) as bigint) as admissions
from residents
group by municipality_code, area_id
order by municipality_code, area_id nulls first
