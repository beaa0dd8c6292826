-- dim_indicators: what each indicator means, and the years in which areas have a figure of it.
-- One row per indicator.
with years as (
    select indicator, min(year) as first_year, max(year) as last_year from area_values where value is not null group by indicator
)
select
    indicator,
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
    polarity,
    decimals,
    disclosure_class,
    first_year,
    last_year,
    getvariable('origin') as origin
from codes.indicators
left join years using (indicator)
order by indicator
