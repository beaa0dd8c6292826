-- repeated_editions: area figures whose edition repeats the year before, so that they are no new observation, and the
-- year in which they were first given. One row per area, year, indicator. An edition (one file's figures of one
-- indicator and year) repeats when every area that also has a figure of the year before has the same one, and at least
-- five different figures do; five areas with 0 are no proof.
with figures as (
    select geography_id as area_id, year, indicator, figure_owner, window_years, value, source_file
    from shown_figures
    where geography = 'area' and value is not null
),
editions as (
    select later.source_file, later.indicator, later.year
    from figures as later
    join figures as earlier using (area_id, indicator, figure_owner, window_years)
    where earlier.year = later.year - 1
    group by later.source_file, later.indicator, later.year
    having count(distinct later.value) >= 5 and bool_and(later.value = earlier.value)
),
-- Years that repeat one after another are a run, and go back to the year before its first.
runs as (
    select
        area_id,
        year,
        indicator,
        year - row_number() over (partition by area_id, indicator order by year) as run
    from figures
    join editions using (source_file, indicator, year)
)
select
    area_id,
    year,
    indicator,
    cast(min(year) over (partition by area_id, indicator, run) - 1 as integer) as repeats_year
from runs
order by area_id, year, indicator
