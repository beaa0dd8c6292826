-- bands_add_up: the areas of the size bands add up to all.
-- mart: band_profile
select funding_band, year, indicator
from band_profile
group by funding_band, year, indicator
having sum(areas) filter (where size_band_or_all = 'all') <> sum(areas) filter (where size_band_or_all <> 'all')
order by funding_band, year, indicator
