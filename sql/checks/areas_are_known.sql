-- areas_are_known: every area of the profile stands in dim_areas, in a known municipality.
-- mart: area_profile
select area_profile.area_id, area_profile.year, area_profile.indicator
from area_profile
left join dim_areas using (area_id)
left join dim_municipalities on dim_municipalities.municipality_code = area_profile.municipality_code
where dim_areas.area_id is null or dim_municipalities.municipality_code is null
order by area_profile.area_id, area_profile.year, area_profile.indicator
