-- interval_holds_value: the interval holds the value.
-- mart: area_profile
select area_id, year, indicator
from area_profile
where ci_low is not null and not (ci_low <= value + 0.1 and value - 0.1 <= ci_high)
order by area_id, year, indicator
