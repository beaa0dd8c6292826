-- residents: who lives at an address on 1 January, in which area that is, and what the populations of populations.toml ask of a person.
-- One row per person and year; area_id is empty for those in no area. What a register lacks of a person counts as docs/registers.md says.
-- Reads person_years, dated, low_income (year, income_dkk: the most that is low).
-- {outside_months}: the months of codes/attachments.csv that count as outside work in the year.
select
    persons.person_id,
    persons."year",
    persons.municipality_code,
    dated.area_id,
    persons.age,
    persons.person_origin as origin,
    coalesce(persons.november_activity, 'neither') as activity,
    case when persons.october_enrolled then 'yes' else 'no' end as enrolled,
    coalesce(persons.december_benefit, 'neither') as benefit,
    coalesce(persons.highest_education, 'basic_or_unknown') as highest_education,
    case when persons.income_dkk <= low_income.income_dkk then 'low' else 'not_low' end as income,
    case when persons.convictions > 0 then 'yes' else 'no' end as convicted,
    case when persons.age between 18 and 64 then cast(round(100 * ({outside_months})) as bigint) end as outside,
    case when persons.age between 15 and 64 and persons.october_enrolled is not true then persons.income_dkk end as taxed_dkk,
    persons.gp_contacts,
    persons.admissions
from person_years as persons
left join dated using (address_key)
left join low_income on low_income."year" = persons."year"
where persons.address_key is not null
