-- years_add_up: delivered and missing years add up to the expected ones.
-- mart: coverage
select area_id, indicator
from coverage
where years_delivered + years_missing <> years_expected
    or missing_not_delivered + missing_withheld + missing_not_defined + missing_nobody <> years_missing
order by area_id, indicator
