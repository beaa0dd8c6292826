-- incomes: how many residents of 18 years and over in one partition have each income, so that the median of all partitions is exact.
-- One row per income of the partition's year.
select cast(getvariable('year') as integer) as "year", cast(income_dkk as bigint) as income_dkk, count(*) as persons
from person_years
where age >= 18 and income_dkk is not null and address_key is not null
group by income_dkk
order by income_dkk
