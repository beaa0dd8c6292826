-- comparators: the municipality's, the region's and the country's figure of the same year.
-- One row per geography, place, year, indicator; a place of null stands for every place (a comparator by definition).
with delivered as (
    select geography, geography_id, year, indicator, value, window_years
    from facts.figures
    where geography <> 'area' and value is not null
),
by_definition as (
    select
        comparator_geography as geography,
        null::varchar as geography_id,
        null::integer as year,
        indicator,
        comparator_value as value,
        null::bigint as window_years
    from codes.indicators
    where comparator_geography is not null
)
select geography, geography_id, year, indicator, value, window_years from delivered
union all by name
select geography, geography_id, year, indicator, value, window_years from by_definition
order by geography, geography_id, year, indicator
