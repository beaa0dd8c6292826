-- target_moves: how far the figures of all areas moved over as many years as a target gives itself.
-- One row per indicator, span of years, area and last year. Compared are only figures that may be: no repeated ones, no
-- means over different or overlapping years, none of different owners, none across a break.
with wanted as (
    select distinct indicator, span from target_versions where span is not null
),
figures as (
    select
        area_id,
        year,
        indicator,
        value,
        window_years,
        figure_owner,
        coalesce(repeats_year, year) as observed_year,
        boundary_era(area_id, coalesce(repeats_year, year)) as boundary_era,
        definition_era(indicator, figure_owner, coalesce(repeats_year, year)) as definition_era
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
    and earlier.figure_owner = later.figure_owner
    and earlier.boundary_era = later.boundary_era
    and earlier.definition_era = later.definition_era
    and later.observed_year > earlier.observed_year
    and later.observed_year - earlier.observed_year >= later.window_years
order by later.indicator, wanted.span, later.area_id, later.year
