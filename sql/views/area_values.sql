-- area_values: every figure of every area with its interval and, where its edition repeats an earlier one, that year.
-- One row per area, year, indicator. Counts of full-time persons, of contacts and of money get no interval. The two eras
-- number the stretches between breaks of the area's boundary and of the indicator's definition.
with figures as (
    select * exclude (geography, geography_id, period, breakdown, value), geography_id as area_id, tidy(value) as value
    from shown_figures
    where geography = 'area'
),
with_method as (
    select
        figures.*,
        indicators.kind,
        indicators.polarity,
        indicators.factor,
        indicators.comparator_geography,
        indicators.comparator_value,
        case
            when numerator is null or denominator is null or denominator = 0 or value is null then null
            when indicators.interval = 'wilson' then 'wilson'
            when indicators.interval = 'poisson' then if(numerator >= 10, 'byar', 'exact_poisson')
        end as interval_basis
    from figures
    join codes.indicators as indicators using (indicator)
)
select
    with_method.*,
    case
        when interval_basis = 'wilson' then wilson_low(numerator, denominator)
        when interval_basis is not null then factor * poisson_low(numerator) / denominator
    end as ci_low,
    case
        when interval_basis = 'wilson' then wilson_high(numerator, denominator)
        when interval_basis is not null then factor * poisson_high(numerator) / denominator
    end as ci_high,
    repeats_year,
    coalesce(repeats_year, year) as observed_year,
    boundary_era(area_id, coalesce(repeats_year, year)) as boundary_era,
    definition_era(indicator, figure_owner, coalesce(repeats_year, year)) as definition_era
from with_method
left join repeated_editions using (area_id, indicator, year)
order by area_id, year, indicator
