-- figures: the merged counts as figures of areas, municipalities, regions and the country.
-- One row per place, year, indicator and window_years: numerator and denominator of a count of persons or households in the
-- year itself; a value alone where full-time persons, amounts or means over two years are told.
-- Reads counts (merged), measures (indicator, numerator, denominator, factor) of the registry,
-- municipalities (municipality_code, region_code).
with located as (
    select counts.*, municipalities.region_code
    from counts
    join municipalities using (municipality_code)
),
placed as (
    select 'area' as geography, area_id as geography_id, min(region_code) as region, "year", population, sum(total) as total
    from located
    where area_id is not null
    group by area_id, "year", population
    union all
    select 'municipality', municipality_code, min(region_code), "year", population, sum(total)
    from located
    where population not in ('moved_in', 'stayed_5_years')
    group by municipality_code, "year", population
    union all
    select 'region', region_code, min(region_code), "year", population, sum(total)
    from located
    where population not in ('moved_in', 'stayed_5_years')
    group by region_code, "year", population
    union all
    select 'country', '000', null, "year", population, sum(total)
    from located
    where population not in ('moved_in', 'stayed_5_years')
    group by "year", population
),
windowed as (
    select geography, geography_id, region, "year", 1 as window_years, population, total from placed
    union all
    select now.geography, now.geography_id, now.region, now."year", 2, now.population, now.total + before.total
    from placed as now
    join placed as before
        on before.geography = now.geography and before.geography_id = now.geography_id and before.population = now.population
        and before."year" = now."year" - 1
),
shares as (
    select
        over_.geography, over_.geography_id, over_."year", over_.window_years, measures.indicator,
        over_.total as numerator,
        under.total as denominator,
        measures.factor * over_.total / nullif(under.total, 0) as "value",
        measures.is_count
    from measures
    join windowed as over_ on over_.population = measures.numerator
    left join windowed as under
        on under.geography = over_.geography and under.geography_id = over_.geography_id and under."year" = over_."year"
        and under.window_years = over_.window_years and under.population = measures.denominator
    where over_.window_years = 1 or measures.in_windows
),
relative as (
    select
        own.geography, own.geography_id, own."year", 1 as window_years, 'income_region_pct' as indicator,
        100 * (own_dkk.total / nullif(own.total, 0)) / (region_dkk.total / nullif(region.total, 0)) as "value"
    from windowed as own
    join windowed as own_dkk
        on own_dkk.geography = own.geography and own_dkk.geography_id = own.geography_id and own_dkk."year" = own."year"
        and own_dkk.window_years = 1 and own_dkk.population = 'taxed_dkk'
    join windowed as region
        on region.geography = 'region' and region.geography_id = own.region and region."year" = own."year"
        and region.window_years = 1 and region.population = 'taxpayers'
    join windowed as region_dkk
        on region_dkk.geography = 'region' and region_dkk.geography_id = own.region and region_dkk."year" = own."year"
        and region_dkk.window_years = 1 and region_dkk.population = 'taxed_dkk'
    where own.window_years = 1 and own.population = 'taxpayers' and own.geography in ('area', 'municipality')
)
select
    geography, geography_id, "year", window_years, indicator,
    cast(case when is_count and window_years = 1 and denominator is not null then numerator end as bigint) as numerator,
    cast(case when is_count and window_years = 1 then denominator end as bigint) as denominator,
    case when denominator is null then cast(numerator as double) else "value" end as "value"
from shares
union all
select geography, geography_id, "year", window_years, indicator, null, null, "value" from relative
order by geography, geography_id, "year", indicator, window_years
