-- low_income: the most that is a low income: at least 25 percent below the median of the country's residents of 18 years and over.
-- One row per year; reads incomes (of all partitions). Of an even number the median is the lower of the two in the middle.
with added as (
    select "year", income_dkk, sum(persons) as persons from incomes group by "year", income_dkk
),
placed as (
    select
        "year", income_dkk,
        sum(persons) over (partition by "year" order by income_dkk) as so_far,
        sum(persons) over (partition by "year") as persons
    from added
)
select "year", cast(min(income_dkk) as bigint) as median_dkk, cast(floor(0.75 * min(income_dkk)) as bigint) as income_dkk
from placed
where 2 * so_far >= persons
group by "year"
order by "year"
