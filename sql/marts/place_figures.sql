-- place_figures: the figures of municipalities, regions and the country, those before 2007 carried to the 98.
-- One row per kind of place, place, year, indicator. Where the parts of a place are known, parts_difference says what
-- they lack to the whole; a figure delivered for the geography of 2007 goes before one that was carried.
with delivered as (
    select *, if(geography = 'municipality', 0.0, null) as estimated_pct
    from shown_figures
    where geography in ('municipality', 'region', 'country', 'elsewhere')
),
carried as (
    select * exclude (municipality_code), 'municipality' as geography, municipality_code as geography_id
    from carried_figures
    anti join delivered
        on delivered.geography = 'municipality'
        and delivered.geography_id = carried_figures.municipality_code
        and delivered."year" = carried_figures."year"
        and delivered.indicator = carried_figures.indicator
),
every_place as (
    select * from delivered
    union all by name
    select * from carried
),
parts as (
    select every_place."year", every_place.indicator, every_place.value, municipalities.region_code
    from every_place
    join codes.indicators as indicators using (indicator)
    left join facts.municipalities as municipalities on municipalities.municipality_code = every_place.geography_id
    where every_place.geography in ('municipality', 'elsewhere') and indicators.kind = 'count'
),
sums as (
    select
        'region' as geography,
        region_code as geography_id,
        "year",
        indicator,
        sum(exact(value)) as total,
        count(value) as known
    from parts
    where region_code is not null
    group by region_code, "year", indicator
    union all
    select 'country', '000', "year", indicator, sum(exact(value)), count(value) filter (where region_code is not null)
    from parts
    group by "year", indicator
),
expected as (
    select 'region' as geography, region_code as geography_id, count(*) as municipalities from facts.municipalities group by region_code
    union all
    select 'country', '000', count(*) from facts.municipalities
),
names as (
    select 'municipality' as geography, municipality_code as geography_id, municipality_name as place_name from facts.municipalities
    union all
    select distinct 'region', region_code, region_name from facts.municipalities
    union all
    select 'country', '000', 'Hele landet'
)
select
    geography,
    geography_id,
    names.place_name,
    every_place."year",
    indicator,
    tidy(every_place.value) as value,
    every_place.numerator,
    every_place.denominator,
    every_place.status,
    every_place.missing_reason,
    every_place.estimated_pct,
    if(sums.known = expected.municipalities, tidy(every_place.value - cast(sums.total as double)), null) as parts_difference,
    every_place.figure_owner,
    every_place.window_years,
    every_place.other_figures,
    every_place.reference_from,
    every_place.reference_to,
    every_place.source,
    every_place.source_file,
    every_place.source_line,
    every_place.published_at,
    every_place.received_at,
    every_place.origin
from every_place
join names using (geography, geography_id)
left join sums using (geography, geography_id, "year", indicator)
left join expected using (geography, geography_id)
order by geography, geography_id, every_place."year", indicator
