-- change_or_reason: a change is given or the reason why it is not, and never between repeated figures.
-- mart: area_profile
select area_id, year, indicator
from area_profile
where (change_year is null) <> (change_year_missing_reason is not null)
    or (change_first is null) <> (change_first_missing_reason is not null)
    or (change_year is not null and repeats_year is not null)
order by area_id, year, indicator
