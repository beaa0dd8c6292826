-- target_moves: how far the figures of all areas moved over as many years as a target gives itself.
-- One row per indicator, span of years, area and last year. Compared are only figures that may be: no repeated ones, no
-- means over different or overlapping years.
with wanted as (
    select distinct indicator, span from target_versions where span is not null
),
figures as (
    select area_id, year, indicator, value, window_years, coalesce(repeats_year, year) as observed_year
    from area_profile
    where value is not null
)
select
    later.indicator,
    wanted.span,
    later.area_id,
    later.year,
    tidy(later.value - earlier.value) as move
from wanted
join figures as later using (indicator)
join figures as earlier
    on earlier.area_id = later.area_id
    and earlier.indicator = later.indicator
    and earlier.year = later.year - wanted.span
    and earlier.window_years = later.window_years
    and later.observed_year > earlier.observed_year
    and later.observed_year - earlier.observed_year >= later.window_years
order by later.indicator, wanted.span, later.area_id, later.year
