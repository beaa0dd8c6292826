-- empty_cells_stay_empty: a cell without areas has no figures.
-- mart: band_profile
select scope, funding_band_or_why, size_band_or_all, year, indicator
from band_profile
where areas = 0 and coalesce(mean_value, median_value, pooled_value, minimum_value, sd_value) is not null
order by scope, funding_band_or_why, size_band_or_all, year, indicator
