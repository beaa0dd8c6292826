-- dim_indicators: what each indicator means, the years in which areas have a figure of it, and how much of the
-- municipalities' figures rests on municipalities that were split in 2007. One row per indicator.
with orders as (
    select indicator, string_agg(figure_owner, ', ' order by place) as precedence from codes.precedence group by indicator
),
years as (
    select indicator, min(year) as first_year, max(year) as last_year from area_values where value is not null group by indicator
),
breaks as (
    select
        indicator,
        string_agg(
            from_year || if(figure_owner = '', '', ' (' || figure_owner || ')') || ': ' || happened_en || ' (' || stated_in || ')',
            '; '
            order by from_year, figure_owner
        ) as definition_breaks
    from codes.definition_breaks
    group by indicator
),
estimates as (
    select
        indicator,
        tidy(
            sum(exact(estimated_pct * coalesce(denominator, value))) / nullif(sum(exact(coalesce(denominator, value))), 0)
        ) as estimated_pct
    from place_figures
    where geography = 'municipality' and value is not null
    group by indicator
)
select
    indicator,
    indicator_group,
    label_da,
    label_en,
    definition,
    definition_da,
    kind,
    unit,
    numerator_is,
    denominator_is,
    count_basis,
    population,
    drawn_from,
    polarity,
    decimals,
    orders.precedence,
    breaks.definition_breaks,
    disclosure_class,
    minimum as range_low,
    coalesce(area_maximum, maximum) as range_high,
    first_year,
    last_year,
    of_areas,
    estimated_pct,
    getvariable('origin') as origin
from codes.indicators
left join orders using (indicator)
left join breaks using (indicator)
left join years using (indicator)
left join estimates using (indicator)
order by indicator
