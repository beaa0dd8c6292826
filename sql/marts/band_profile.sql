-- band_profile: who is in which funding band: the case areas whose boundary on the lists is the same, all funded areas, and those that
-- never got a grant, by size band. One row per scope, funding band (or why there is none), size band (or all), year, indicator; a cell
-- without areas stands with areas = 0. All figures of a cell are over as many years as those of most areas are (window_years). Funded and
-- never-funded areas beside each other are what the evaluation compares, so that of years whose outcomes are locked they are counted only.
with members as (
    select
        scopes.scope,
        area_id,
        coalesce(area_funding.funding_band, area_funding.funding_band_missing_reason) as funding_band_or_why,
        coalesce(area_funding.size_band, 'not_known') as size_band
    from area_funding
    join dim_areas using (area_id)
    join (values ('case_areas'), ('funded'), ('never_funded')) as scopes (scope)
        on if(scopes.scope = 'case_areas', is_case_area and boundary_on_lists = 'same', area_funding.treatment = scopes.scope)
),
residents as (
    select area_id, year, value as residents from area_values where indicator = 'residents' and value is not null
),
figures as (
    select
        members.scope,
        members.funding_band_or_why,
        unnest([members.size_band, 'all']) as size_band_or_all,
        area_values.year,
        area_values.indicator,
        area_values.factor,
        area_values.kind,
        members.scope <> 'case_areas' and area_values.year > getvariable('open_through') as is_locked,
        if(is_locked, null, area_values.value) as value,
        if(is_locked, null, area_values.numerator) as numerator,
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
        scope,
        funding_band_or_why,
        size_band_or_all,
        year,
        indicator,
        count(*) as areas,
        bool_or(is_locked) as is_locked,
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
    group by scope, funding_band_or_why, size_band_or_all, year, indicator
),
-- From the mean, since a difference of large squares loses the digits that matter.
spreads as (
    select
        scope,
        funding_band_or_why,
        size_band_or_all,
        year,
        indicator,
        sqrt(cast(sum(exact((figures.value - cells.mean_value) ^ 2)) as double) / nullif(count(*) - 1, 0)) as sd_value
    from figures
    join cells using (scope, funding_band_or_why, size_band_or_all, year, indicator)
    group by scope, funding_band_or_why, size_band_or_all, year, indicator
),
-- Cells that are asked of every year, and those of areas that fit into none of them.
grid as (
    select bands.scope, bands.funding_band_or_why, sizes.size_band_or_all, years.year, indicators.indicator
    from (
        select scopes.scope, funding_band as funding_band_or_why
        from codes.funding_bands
        cross join (values ('case_areas'), ('funded')) as scopes (scope)
        union all
        select 'never_funded', 'no_grant'
    ) as bands
    cross join (
        select size_band as size_band_or_all from codes.size_bands
        union all
        select 'all'
    ) as sizes
    cross join (select distinct year from area_values) as years
    cross join (select distinct indicator from area_values) as indicators
    union
    select scope, funding_band_or_why, size_band_or_all, year, indicator from cells
)
select
    scope,
    funding_band_or_why,
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
        when cells.is_locked then 'locked'
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
left join cells using (scope, funding_band_or_why, size_band_or_all, year, indicator)
left join spreads using (scope, funding_band_or_why, size_band_or_all, year, indicator)
order by scope, funding_band_or_why, size_band_or_all, year, indicator
