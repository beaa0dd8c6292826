-- value_or_reason: a figure has either a value or the reason why it has none.
-- mart: area_profile
select area_id, year, indicator
from area_profile
where (value is null) <> (missing_reason is not null)
order by area_id, year, indicator
