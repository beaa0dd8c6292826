-- place_figures: the cleared figures of larger places, with which areas are compared.
-- One row per place, year, indicator.
select place_kind as geography, place_id as geography_id, year, indicator, window_years, figure_owner, value
from cleared_values
where place_kind in ('municipality', 'country')
order by geography, geography_id, year, indicator
