-- household_counts: how many households of one partition are in each population of homes, by municipality and area.
-- One row per municipality and area of the partition's year; area_id is empty for those in no area on 1 January.
-- Reads households (one partition), dated. {populations}: a count per population that asks for `household` alone.
select
    homes.municipality_code,
    dated.area_id,
    cast(getvariable('year') as integer) as "year",
    {populations}
from (select municipality_code, address_key, household_type as household from households) as homes
left join dated using (address_key)
group by homes.municipality_code, dated.area_id
order by homes.municipality_code, dated.area_id nulls first
