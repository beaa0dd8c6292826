-- bands_add_up: the areas of the size bands add up to all.
-- mart: band_profile
select scope, funding_band_or_why, year, indicator
from band_profile
group by scope, funding_band_or_why, year, indicator
having sum(areas) filter (where size_band_or_all = 'all') <> sum(areas) filter (where size_band_or_all <> 'all')
order by scope, funding_band_or_why, year, indicator
