-- values_within_range: every share lies between 0 and 100.
-- mart: area_profile
select area_profile.area_id, area_profile.year, area_profile.indicator
from area_profile
join dim_indicators using (indicator)
where dim_indicators.kind = 'share' and area_profile.value not between 0 and 100
order by area_profile.area_id, area_profile.year, area_profile.indicator
