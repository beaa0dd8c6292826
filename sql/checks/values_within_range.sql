-- values_within_range: every figure lies within its indicator's range, but for declared exceptions.
-- mart: area_profile
select area_profile.area_id, area_profile.year, area_profile.indicator
from area_profile
join dim_indicators using (indicator)
where area_profile.value not between dim_indicators.range_low and dim_indicators.range_high
    and not exists (
        select 1
        from known_exceptions
        where known_exceptions."check" = 'out_of_range'
            and known_exceptions.area_id = area_profile.area_id
            and known_exceptions.indicator = area_profile.indicator
            and coalesce(known_exceptions.exception_year, area_profile.year) = area_profile.year
    )
order by area_profile.area_id, area_profile.year, area_profile.indicator
