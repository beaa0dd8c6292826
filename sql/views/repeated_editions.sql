-- repeated_editions: years whose area figures repeat an earlier year's, so that they are no new observation.
-- One row per indicator and repeating year. An edition repeats when at least five areas have a figure in both years
-- and every one of them is the same.
with area_figures as (
    select geography_id as area_id, year, indicator, value from facts.figures where geography = 'area' and value is not null
),
pairs as (
    select later.indicator, later.year, earlier.year as repeats_year, later.value = earlier.value as is_same
    from area_figures as later
    join area_figures as earlier using (area_id, indicator)
    where earlier.year = later.year - 1
)
select indicator, year, min(repeats_year) as repeats_year
from pairs
group by indicator, year
having count(*) >= 5 and bool_and(is_same)
order by indicator, year
