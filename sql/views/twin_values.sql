-- twin_values: the mean of an area's twins, year by year, and the interval of that mean from those of the twins' figures (MOVER, Zou
-- & Donner 2008, Statistics in Medicine 27: 1693-1702): none of one twin alone, or where a twin's figure has no interval.
-- One row per area, year, indicator and number of years; none where fewer than half of the twins have a figure over as many years, none
-- after a break in the boundary of the area or of a twin, and none of years whose outcomes are locked: an area beside its twins
-- afterwards is the effect.
with counted as (
    select area_id, count(*) as twins from comparison_pool group by area_id
),
figures as (
    select
        pool.area_id,
        area_values.year,
        area_values.indicator,
        area_values.window_years,
        cast(sum(exact(area_values.value)) as double) / count(*) as twin_value,
        string_agg(distinct area_values.figure_owner, ', ' order by area_values.figure_owner) as twin_owners,
        count(*) as with_figure,
        count(area_values.ci_low) as with_interval,
        sqrt(cast(sum(exact((area_values.value - area_values.ci_low) ^ 2)) as double)) / count(*) as below,
        sqrt(cast(sum(exact((area_values.ci_high - area_values.value) ^ 2)) as double)) / count(*) as above
    from comparison_pool as pool
    join twin_years on twin_years.area_id = pool.area_id
    join area_values on area_values.area_id = pool.candidate_id
    where area_values.value is not null
        and area_values.repeats_year is null
        and area_values.year <= twin_years.last_year
    group by pool.area_id, area_values.year, area_values.indicator, area_values.window_years
)
select
    figures.area_id,
    figures.year,
    figures.indicator,
    figures.window_years,
    tidy(figures.twin_value) as twin_value,
    figures.twin_owners,
    if(with_figure > 1 and with_interval = with_figure, tidy(twin_value - below), null) as twin_low,
    if(with_figure > 1 and with_interval = with_figure, tidy(twin_value + above), null) as twin_high
from figures
join counted using (area_id)
where 2 * figures.with_figure >= counted.twins
order by figures.area_id, figures.year, figures.indicator, figures.window_years
