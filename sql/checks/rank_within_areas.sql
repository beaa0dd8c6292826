-- rank_within_areas: a rank lies between 1 and the number of areas.
-- mart: area_profile
select area_id, year, indicator
from area_profile
where rank not between 1 and rank_of or (rank is null) <> (value is null)
order by area_id, year, indicator
