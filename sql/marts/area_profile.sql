-- area_profile: every figure of every area with interval, comparators, rank, change and trend.
-- One row per area, year, indicator.
with ranked as (
    select
        area_id,
        year,
        indicator,
        rank() over (partition by year, indicator, window_years order by value desc) as rank,
        rank() over (partition by year, indicator, window_years order by value) as rank_from_lowest,
        count(*) over (partition by year, indicator, window_years) as rank_of
    from area_values
    where value is not null
),
ranked_owners as (
    select year, indicator, window_years, string_agg(distinct figure_owner, ', ' order by figure_owner) as rank_owners
    from area_values
    where value is not null
    group by year, indicator, window_years
)
select
    area_id,
    dim_areas.area_name,
    dim_areas.municipality_code,
    year,
    indicator,
    area_values.value,
    area_values.numerator,
    area_values.denominator,
    area_values.ci_low,
    area_values.ci_high,
    area_values.interval_basis,
    area_values.missing_reason,
    area_values.status,
    area_values.figure_owner,
    area_values.window_years,
    area_values.other_figures,
    area_values.reference_from,
    area_values.reference_to,
    area_values.published_in,
    area_values.repeats_year,
    area_comparisons.municipality_value,
    area_comparisons.municipality_owner,
    area_comparisons.municipality_difference,
    area_comparisons.municipality_verdict,
    area_comparisons.region_value,
    area_comparisons.region_owner,
    area_comparisons.region_difference,
    area_comparisons.region_verdict,
    area_comparisons.country_value,
    area_comparisons.country_owner,
    area_comparisons.country_difference,
    area_comparisons.country_verdict,
    area_comparisons.twin_value,
    area_comparisons.twin_owners,
    area_comparisons.twin_difference,
    area_comparisons.twin_difference_low,
    area_comparisons.twin_difference_high,
    area_comparisons.twin_verdict,
    case
        when area_comparisons.twin_value is not null then null
        when twin_years.area_id is null then 'no_twins'
        when year > twin_years.last_unbroken_year then 'boundary_break'
        when year > getvariable('open_through') then 'locked'
        else 'no_figure'
    end as twin_missing_reason,
    area_comparisons.verdict_missing_reason,
    ranked.rank,
    ranked.rank_of,
    if(ranked.rank is null, null, ranked_owners.rank_owners) as rank_owners,
    if(ranked.rank_of >= 5, 1 + (5 * (ranked.rank_from_lowest - 1)) // ranked.rank_of, null) as quintile,
    area_changes.change_year,
    area_changes.change_year_low,
    area_changes.change_year_high,
    area_changes.change_year_missing_reason,
    area_changes.first_year,
    area_changes.change_first,
    area_changes.change_first_low,
    area_changes.change_first_high,
    area_changes.change_first_missing_reason,
    area_trends.trend,
    area_trends.trend_missing_reason,
    sources.baseline_caveat,
    area_values.source,
    area_values.source_file,
    area_values.source_line,
    area_values.published_at,
    area_values.received_at,
    area_values.origin
from area_values
join dim_areas using (area_id)
join area_comparisons using (area_id, year, indicator)
join area_changes using (area_id, year, indicator)
join area_trends using (area_id, year, indicator)
left join ranked using (area_id, year, indicator)
left join ranked_owners using (year, indicator, window_years)
left join twin_years using (area_id)
join codes.sources as sources on sources.source = area_values.source
order by area_id, year, indicator
