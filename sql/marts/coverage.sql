-- coverage: which years of which indicator each area has, and why the others are missing.
-- One row per area, indicator. Expected are the years in which any area has a figure.
with years as (
    select distinct year from area_values
),
defined as (
    select indicator, from_year, to_year from codes.indicator_years
),
cells as (
    select
        dim_areas.area_id,
        dim_areas.area_name,
        dim_areas.origin,
        indicators.indicator,
        years.year,
        area_values.value is not null as is_delivered,
        case
            when area_values.value is not null then null
            when area_values.area_id is not null then area_values.missing_reason
            when exists (select 1 from defined where defined.indicator = indicators.indicator)
                and not exists (
                    select 1
                    from defined
                    where defined.indicator = indicators.indicator
                        and (defined.from_year is null or years.year >= defined.from_year)
                        and (defined.to_year is null or years.year <= defined.to_year)
                )
                then 'not_defined_that_year'
            else 'not_delivered'
        end as why
    from dim_areas
    cross join (select indicator from codes.indicators where of_areas) as indicators
    cross join years
    left join area_values
        on area_values.area_id = dim_areas.area_id
        and area_values.indicator = indicators.indicator
        and area_values.year = years.year
),
reasons as (
    select area_id, indicator, why, why || ': ' || string_agg(cast(year as varchar), ', ' order by year) as words
    from cells
    where why is not null
    group by area_id, indicator, why
),
words as (
    select area_id, indicator, string_agg(words, '; ' order by why) as missing_why from reasons group by area_id, indicator
),
counted as (
    select
        area_id,
        any_value(area_name) as area_name,
        indicator,
        count(*) filter (where is_delivered) as years_delivered,
        string_agg(cast(year as varchar), ', ' order by year) filter (where is_delivered) as delivered_in,
        count(*) as years_expected,
        count(*) filter (where not is_delivered) as years_missing,
        count(*) filter (where why = 'not_delivered') as missing_not_delivered,
        count(*) filter (
            where why in ('withheld_by_source', 'too_uncertain', 'not_published', 'withheld_or_zero', 'withdrawn_by_source')
        ) as missing_withheld,
        count(*) filter (where why = 'not_defined_that_year') as missing_not_defined,
        count(*) filter (where why = 'nobody') as missing_nobody,
        any_value(origin) as origin
    from cells
    group by area_id, indicator
)
select
    area_id,
    counted.area_name,
    indicator,
    counted.years_delivered,
    counted.delivered_in,
    counted.years_expected,
    counted.years_missing,
    counted.missing_not_delivered,
    counted.missing_withheld,
    counted.missing_not_defined,
    counted.missing_nobody,
    words.missing_why,
    counted.origin
from counted
left join words using (area_id, indicator)
order by area_id, indicator
