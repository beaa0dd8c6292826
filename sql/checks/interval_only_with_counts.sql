-- interval_only_with_counts: a share without its counts has no interval.
-- mart: area_profile
select area_id, year, indicator
from area_profile
where (numerator is null or denominator is null) and (ci_low is not null or ci_high is not null or interval_basis is not null)
order by area_id, year, indicator
