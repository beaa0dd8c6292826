-- band_figures_in_order: minimum, quartiles, median and maximum of a cell stand in their order, its mean between them.
-- mart: band_profile
select scope, funding_band_or_why, size_band_or_all, year, indicator
from band_profile
where not (
    minimum_value <= lower_quartile
    and lower_quartile <= median_value
    and median_value <= upper_quartile
    and upper_quartile <= maximum_value
    and mean_value between minimum_value and maximum_value
)
order by scope, funding_band_or_why, size_band_or_all, year, indicator
