-- counts: how many residents of one partition are in each population of persons, and what they sum up to, by municipality and area.
-- One row per municipality and area of the partition's year; area_id is empty for those who live in no area on 1 January.
-- Reads residents. {populations}: a count per population of populations.toml that asks for attributes of residents.
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
