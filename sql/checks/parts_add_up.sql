-- parts_add_up: the municipalities of a region and of the country add up to it, but for a thousandth.
-- mart: place_figures
-- severity: warning
select geography, geography_id, "year", indicator
from place_figures
where abs(parts_difference) > 0.001 * abs(value)
order by geography, geography_id, "year", indicator
