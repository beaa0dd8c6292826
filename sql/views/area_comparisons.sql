-- area_comparisons: each area figure beside its municipality, region and country.
-- One row per area, year, indicator. A repeated figure is not compared with another year's comparator, nor a mean over
-- several years with a single year.
with places as (
    select area_id, municipality_code, region_code from dim_areas
),
comparable as (
    select area_values.*, places.municipality_code, places.region_code
    from area_values
    join places using (area_id)
),
joined as (
    select
        comparable.area_id,
        comparable.year,
        comparable.indicator,
        comparable.value,
        comparable.ci_low,
        comparable.ci_high,
        comparable.kind,
        comparable.polarity,
        max(comparators.value) filter (where comparators.geography = 'municipality') as municipality_value,
        max(comparators.value) filter (where comparators.geography = 'region') as region_value,
        max(comparators.value) filter (where comparators.geography = 'country') as country_value
    from comparable
    left join comparators
        on comparators.indicator = comparable.indicator
        and (
            comparators.geography_id is null
            or (
                comparators.year = comparable.year
                and comparable.repeats_year is null
                and comparators.window_years = comparable.window_years
                and comparators.geography_id = case comparators.geography
                    when 'municipality' then comparable.municipality_code
                    when 'region' then comparable.region_code
                    else '000'
                end
            )
        )
    group by all
)
select
    area_id,
    year,
    indicator,
    municipality_value,
    if(kind = 'count', null, tidy(value - municipality_value)) as municipality_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, municipality_value, polarity)) as municipality_verdict,
    region_value,
    if(kind = 'count', null, tidy(value - region_value)) as region_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, region_value, polarity)) as region_verdict,
    country_value,
    if(kind = 'count', null, tidy(value - country_value)) as country_difference,
    if(kind = 'count', null, verdict(ci_low, ci_high, country_value, polarity)) as country_verdict,
    case
        when value is null then 'no_value'
        when ci_low is null or kind = 'count' then 'no_interval'
        when coalesce(municipality_value, region_value, country_value) is null then 'no_comparator'
    end as verdict_missing_reason
from joined
order by area_id, year, indicator
