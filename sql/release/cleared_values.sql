-- cleared_values: every figure of a release's places as readers may see it, or the mark in its place.
-- One row per place, year, indicator. Worked out from the counts that are shown; what a source has published without counts stands as
-- it was published, and a mean of money as far as it was cleared. Nothing here or behind it is made of a count that is not shown.
-- Where counts are rounded (variable rounding_base), value_least and value_most are the ends of what the share can then be, and its
-- interval reaches from the lower end of the one to the upper end of the other: what chance does beside what rounding does.
with figures as (
    select
        'area' as place_kind,
        area_id as place_id,
        year,
        indicator,
        value,
        missing_reason,
        status,
        figure_owner,
        window_years,
        repeats_year,
        source
    from inside.area_profile
    union all
    select
        geography,
        geography_id,
        year,
        indicator,
        value,
        missing_reason,
        status,
        figure_owner,
        window_years,
        null,
        source
    from inside.place_figures
    where geography in ('municipality', 'country')
),
told as (
    select
        places.place_kind,
        places.place_id,
        places.place_name,
        places.has_twins,
        places.twins_until,
        years.year,
        indicators.indicator,
        indicators.kind,
        indicators.polarity,
        indicators.interval,
        indicators.factor,
        indicators.comparator_geography,
        indicators.comparator_value,
        figures.value as own_value,
        figures.missing_reason,
        figures.status,
        figures.figure_owner,
        coalesce(figures.window_years, 1) as window_years,
        figures.repeats_year,
        figures.source,
        coalesce(sources.already_published, false) as is_published,
        counts.count is not null or counts.denominator is not null or counts.numerator is not null or counts.mark is not null as has_cells,
        counts.count,
        counts.numerator,
        counts.numerator_least,
        counts.numerator_most,
        counts.denominator,
        counts.denominator_least,
        counts.denominator_most,
        counts.mark as count_mark,
        counts.mean as told_mean
    from release.places as places
    cross join release.years as years
    cross join codes.indicators as indicators
    left join figures
        on figures.place_kind = places.place_kind
        and figures.place_id = places.place_id
        and figures.year = years.year
        and figures.indicator = indicators.indicator
    left join codes.sources as sources on sources.source = figures.source
    left join place_counts as counts
        on counts.place_kind = places.place_kind
        and counts.place_id = places.place_id
        and counts.year = years.year
        and counts.indicator = indicators.indicator
    where indicators.of_areas
),
valued as (
    select
        *,
        case
            when has_cells and kind in ('share', 'rate') then tidy(factor * numerator / nullif(denominator, 0))
            when has_cells then cast(count as double)
            when is_published then own_value
            else told_mean
        end as value,
        if(has_cells and not is_published, getvariable('rounding_base'), null) as rounded_to
    from told
),
bounded as (
    select
        *,
        -- Of a share of x of n: the fewest of the most, and the most of the fewest.
        if(rounded_to is null, numerator, numerator_least) as x_least,
        if(rounded_to is null, denominator, denominator_most) as n_most,
        if(rounded_to is null, denominator, greatest(denominator_least, 1)) as n_least,
        case
            when value is null or numerator is null or denominator is null or denominator = 0 then null
            when interval = 'wilson' then 'wilson'
            when interval = 'poisson' then if(numerator >= 10, 'byar', 'exact_poisson')
        end as interval_basis,
        least(
            if(rounded_to is null, numerator, numerator_most), if(kind = 'rate', null, n_least)
        ) as x_most
    from valued
),
series as (
    select
        *,
        if(place_kind = 'area', boundary_era(place_id, coalesce(repeats_year, year)), 0) as boundary_era,
        definition_era(indicator, figure_owner, coalesce(repeats_year, year)) as definition_era
    from bounded
)
select
    place_kind,
    place_id,
    place_name,
    year,
    indicator,
    kind,
    polarity,
    comparator_geography,
    comparator_value,
    value,
    coalesce(count, numerator) as shown_numerator,
    denominator as shown_denominator,
    if(value is null, null, rounded_to) as rounded_to,
    if(kind in ('share', 'rate') and denominator > 0, factor * x_least / n_most, value) as value_least,
    if(kind in ('share', 'rate') and denominator > 0, factor * x_most / n_least, value) as value_most,
    case interval_basis
        when 'wilson' then wilson_low(x_least, n_most)
        when 'byar' then factor * poisson_low(x_least) / n_most
        when 'exact_poisson' then factor * poisson_low(x_least) / n_most
    end as ci_low,
    case interval_basis
        when 'wilson' then wilson_high(x_most, n_least)
        when 'byar' then factor * poisson_high(x_most) / n_least
        when 'exact_poisson' then factor * poisson_high(x_most) / n_least
    end as ci_high,
    interval_basis,
    case
        when value is not null then null
        when count_mark is not null then count_mark
        when denominator = 0 then 'nobody'
        -- That a base is 0 is told where the base is a cell of the release, or by a source that has published it.
        when own_value is not null or (missing_reason = 'nobody' and not is_published) then 'not_checkable'
        when place_kind = 'twins' and not has_twins then 'no_twins'
        when place_kind = 'twins' and year > getvariable('open_through') then 'locked'
        when place_kind = 'twins' and year > twins_until then 'boundary_break'
        else coalesce(missing_reason, 'not_delivered')
    end as mark,
    if(value is null, null, status) as status,
    figure_owner,
    window_years,
    repeats_year,
    if(value is null, null, apart(
        boundary_era,
        definition_era,
        window_years,
        figure_owner,
        last_value(if(value is null, null, boundary_era) ignore nulls) over before,
        last_value(if(value is null, null, definition_era) ignore nulls) over before,
        last_value(if(value is null, null, window_years) ignore nulls) over before,
        last_value(if(value is null, null, figure_owner) ignore nulls) over before
    )) as broken_by,
    is_published and value is not null as is_published,
    source
from series
window before as (
    partition by place_kind, place_id, indicator order by year rows between unbounded preceding and 1 preceding
)
order by place_kind, place_id, year, indicator
