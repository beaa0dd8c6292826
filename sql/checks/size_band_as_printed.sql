-- size_band_as_printed: the size band by rule is the one that Table 2.1 prints, but for declared exceptions.
-- mart: dim_areas
select area_id, dwellings, size_band, size_band_printed
from dim_areas
where size_band <> size_band_printed and known_exception is null
order by area_id
