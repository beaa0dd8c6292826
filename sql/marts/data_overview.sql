-- data_overview: which figures exist in each municipality: of its areas and of itself, who owns them, which years, and
-- what is missing. One row per municipality and indicator.
with homes as (
    select municipality_code, count(*) as known_areas from dim_areas group by municipality_code
),
of_areas as (
    select
        profile.municipality_code,
        profile.indicator,
        count(distinct profile.area_id) as areas_with_figures,
        count(*) as area_years,
        list_sort(list_distinct(list(profile.year))) as years,
        tidy(100 * cast(count(profile.numerator + profile.denominator) as double) / count(*)) as counts_pct,
        string_agg(distinct sources.publisher, '; ' order by sources.publisher) as owners,
        string_agg(distinct profile.source, ', ' order by profile.source) as owner_sources
    from area_profile as profile
    join codes.sources as sources using (source)
    where profile.value is not null
    group by profile.municipality_code, profile.indicator
),
of_itself as (
    select
        figures.geography_id as municipality_code,
        figures.indicator,
        list_sort(list_distinct(list(figures.year))) as years,
        string_agg(distinct sources.publisher, '; ' order by sources.publisher) as owners,
        string_agg(distinct figures.source, ', ' order by figures.source) as owner_sources
    from place_figures as figures
    join codes.sources as sources using (source)
    where figures.geography = 'municipality' and figures.value is not null
    group by figures.geography_id, figures.indicator
),
joined as (
    select
        municipalities.municipality_code,
        municipalities.municipality_name,
        municipalities.origin,
        indicators.indicator,
        indicators.of_areas,
        indicators.kind,
        indicators.drawn_from,
        coalesce(homes.known_areas, 0) as known_areas,
        coalesce(of_areas.areas_with_figures, 0) as areas_with_figures,
        of_areas.years,
        of_areas.area_years,
        list_filter(range(of_areas.years[1], of_areas.years[-1]), lambda y: not list_contains(of_areas.years, y)) as gaps,
        of_areas.counts_pct,
        of_areas.owners,
        of_areas.owner_sources,
        of_itself.years as municipality_years,
        of_itself.owners as municipality_owners,
        of_itself.owner_sources as municipality_sources
    from dim_municipalities as municipalities
    cross join codes.indicators as indicators
    left join homes using (municipality_code)
    left join of_areas on of_areas.municipality_code = municipalities.municipality_code and of_areas.indicator = indicators.indicator
    left join of_itself on of_itself.municipality_code = municipalities.municipality_code and of_itself.indicator = indicators.indicator
)
select
    municipality_code,
    municipality_name,
    indicator,
    of_areas,
    known_areas,
    areas_with_figures,
    array_to_string(years, ', ') as figure_years,
    nullif(array_to_string(gaps, ', '), '') as gap_years,
    if(kind in ('share', 'rate'), counts_pct, null) as counts_pct,
    owners,
    owner_sources,
    drawn_from,
    array_to_string(municipality_years, ', ') as municipality_years,
    municipality_owners,
    municipality_sources,
    case
        when not of_areas then if(municipality_years is null, 'nothing_delivered', 'none')
        when known_areas = 0 then 'no_area'
        when areas_with_figures = 0 then 'nothing_delivered'
        when areas_with_figures < known_areas then 'some_areas'
        when len(gaps) > 0 or area_years < areas_with_figures * len(years) then 'some_years'
        when kind in ('share', 'rate') and counts_pct = 0 then 'no_counts'
        else 'none'
    end as gap,
    origin
from joined
order by municipality_code, indicator
