-- values_within_range: every share lies between 0 and 100, but for declared exceptions.
-- mart: area_profile
select area_profile.area_id, area_profile.year, area_profile.indicator
from area_profile
join dim_indicators using (indicator)
where dim_indicators.kind = 'share' and area_profile.value not between 0 and 100
    and not exists (
        select 1
        from known_exceptions
        where known_exceptions."check" = 'out_of_range'
            and known_exceptions.area_id = area_profile.area_id
            and known_exceptions.indicator = area_profile.indicator
            and coalesce(known_exceptions.exception_year, area_profile.year) = area_profile.year
    )
order by area_profile.area_id, area_profile.year, area_profile.indicator
