-- area_comparisons: each area figure beside its municipality, region, country and twins.
-- One row per area, year, indicator. Whose the other figures are stands beside them. A repeated figure is not
-- compared with another year's comparator, nor a mean over
-- several years with one over another number of years. A comparator by definition (the region is 100 percent of
-- itself) stands every year. Against twins, which are few, their own chance counts as well: the interval is that of the
-- difference (Newcombe 1998).
with comparators as (
    select geography, geography_id, year, indicator, window_years, figure_owner, value
    from place_figures
    where value is not null
),
placed as (
    select area_values.*, dim_areas.municipality_code, dim_areas.region_code, if(repeats_year is null, year, null) as comparable_year
    from area_values
    join dim_areas using (area_id)
),
joined as (
    select
        placed.*,
        if(comparator_geography = 'municipality', comparator_value, municipality.value) as municipality_value,
        municipality.figure_owner as municipality_owner,
        if(comparator_geography = 'region', comparator_value, region.value) as region_value,
        region.figure_owner as region_owner,
        if(comparator_geography = 'country', comparator_value, country.value) as country_value,
        country.figure_owner as country_owner,
        twin_values.twin_value,
        twin_values.twin_owners,
        newcombe_low(placed.value, ci_low, ci_high, twin_value, twin_low, twin_high) as twin_difference_low,
        newcombe_high(placed.value, ci_low, ci_high, twin_value, twin_low, twin_high) as twin_difference_high
    from placed
    left join comparators as municipality
        on municipality.geography = 'municipality'
        and municipality.geography_id = placed.municipality_code
        and municipality.indicator = placed.indicator
        and municipality.year = placed.comparable_year
        and municipality.window_years = placed.window_years
    left join comparators as region
        on region.geography = 'region'
        and region.geography_id = placed.region_code
        and region.indicator = placed.indicator
        and region.year = placed.comparable_year
        and region.window_years = placed.window_years
    left join comparators as country
        on country.geography = 'country'
        and country.indicator = placed.indicator
        and country.year = placed.comparable_year
        and country.window_years = placed.window_years
    left join twin_values
        on twin_values.area_id = placed.area_id
        and twin_values.indicator = placed.indicator
        and twin_values.year = placed.comparable_year
        and twin_values.window_years = placed.window_years
)
select
    area_id,
    year,
    indicator,
    municipality_value,
    municipality_owner,
    if(kind = 'count', null, tidy(value - municipality_value)) as municipality_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, municipality_value, polarity)) as municipality_verdict,
    region_value,
    region_owner,
    if(kind = 'count', null, tidy(value - region_value)) as region_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, region_value, polarity)) as region_verdict,
    country_value,
    country_owner,
    if(kind = 'count', null, tidy(value - country_value)) as country_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, country_value, polarity)) as country_verdict,
    twin_value,
    twin_owners,
    if(kind = 'count', null, tidy(value - twin_value)) as twin_difference,
    if(kind = 'count', null, tidy(twin_difference_low)) as twin_difference_low,
    if(kind = 'count', null, tidy(twin_difference_high)) as twin_difference_high,
    if(kind = 'count', null, verdict(twin_difference_low, twin_difference_high, 0, polarity)) as twin_verdict,
    case
        when value is null then 'no_value'
        when ci_low is null or kind = 'count' then 'no_interval'
        when coalesce(municipality_value, region_value, country_value, twin_value) is null then 'no_comparator'
    end as verdict_missing_reason
from joined
order by area_id, year, indicator
