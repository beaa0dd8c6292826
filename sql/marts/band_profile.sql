-- band_profile: case areas by funding band and size band. Only areas whose boundary on the lists is the same.
-- One row per funding band, size band (or all), year, indicator; a cell without areas stands with areas = 0. All figures of
-- a cell are over as many years as those of most areas are (window_years).
with members as (
    select area_id, funding_band, size_band
    from dim_areas
    where is_case_area and boundary_on_lists = 'same'
),
residents as (
    select area_id, year, value as residents from area_values where indicator = 'residents' and value is not null
),
figures as (
    select
        members.funding_band,
        unnest([members.size_band, 'all']) as size_band_or_all,
        area_values.year,
        area_values.indicator,
        area_values.factor,
        area_values.kind,
        area_values.value,
        area_values.numerator,
        area_values.denominator,
        area_values.repeats_year,
        area_values.window_years,
        area_values.figure_owner,
        residents.residents,
        sources.baseline_caveat
    from area_values
    join members using (area_id)
    join leading_windows using (year, indicator, window_years)
    left join residents using (area_id, year)
    join codes.sources as sources on sources.source = area_values.source
    where area_values.value is not null
),
cells as (
    select
        funding_band,
        size_band_or_all,
        year,
        indicator,
        count(*) as areas,
        if(count(residents) = count(*), cast(sum(exact(residents)) as bigint), null) as residents,
        if(
            any_value(kind) in ('share', 'rate') and count(numerator) = count(*) and count(denominator) = count(*),
            any_value(factor) * cast(sum(numerator) as double) / nullif(cast(sum(denominator) as double), 0),
            null
        ) as pooled_value,
        tidy(cast(sum(exact(value)) as double) / count(*)) as mean_value,
        tidy(median(value)) as median_value,
        tidy(quantile_cont(value, 0.25)) as lower_quartile,
        tidy(quantile_cont(value, 0.75)) as upper_quartile,
        min(value) as minimum_value,
        max(value) as maximum_value,
        max(repeats_year) as repeats_year,
        any_value(window_years) as window_years,
        string_agg(distinct figure_owner, ', ' order by figure_owner) as figure_owners,
        string_agg(distinct baseline_caveat, '; ' order by baseline_caveat) as baseline_caveat
    from figures
    group by funding_band, size_band_or_all, year, indicator
),
-- From the mean, since a difference of large squares loses the digits that matter.
spreads as (
    select
        funding_band,
        size_band_or_all,
        year,
        indicator,
        sqrt(cast(sum(exact((figures.value - cells.mean_value) ^ 2)) as double) / nullif(count(*) - 1, 0)) as sd_value
    from figures
    join cells using (funding_band, size_band_or_all, year, indicator)
    group by funding_band, size_band_or_all, year, indicator
),
grid as (
    select funding_bands.funding_band, sizes.size_band_or_all, years.year, indicators.indicator
    from codes.funding_bands as funding_bands
    cross join (
        select size_band as size_band_or_all from codes.size_bands
        union all
        select 'all'
    ) as sizes
    cross join (select distinct year from area_values) as years
    cross join (select distinct indicator from area_values) as indicators
)
select
    funding_band,
    size_band_or_all,
    year,
    indicator,
    coalesce(cells.areas, 0) as areas,
    cells.residents,
    cells.pooled_value,
    cells.mean_value,
    spreads.sd_value,
    cells.median_value,
    cells.lower_quartile,
    cells.upper_quartile,
    cells.minimum_value,
    cells.maximum_value,
    case
        when cells.areas is null then 'no_areas'
        when cells.areas = 1 then 'single_area'
        when cells.areas < 5 then 'few_areas'
        else 'enough_areas'
    end as cell_note,
    cells.repeats_year,
    cells.window_years,
    cells.figure_owners,
    cells.baseline_caveat,
    getvariable('origin') as origin
from grid
left join cells using (funding_band, size_band_or_all, year, indicator)
left join spreads using (funding_band, size_band_or_all, year, indicator)
order by funding_band, size_band_or_all, year, indicator
