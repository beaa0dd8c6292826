-- place_counts: the counts that readers have of a release's places, those of areas' twins made of what may be shown of them.
-- One row per place, year, indicator. Twins that are too small stand in no sum. Half of the twins or more must be shown; one that is
-- hidden is left out where the others have so many on average (variable twins_mean), with and without, that it is hardly a small
-- one: else leaving out what is small would make the figure too large.
-- Where counts are rounded (variable rounding_base), a true count lies less than the base from the one shown, and is 0 to 2 base - 1
-- where the base is shown: columns _least and _most.
with counts as (
    select
        place_kind,
        place_id,
        year,
        indicator,
        count,
        numerator,
        if(numerator <= base, 0, numerator - coalesce(base - 1, 0)) as numerator_least,
        numerator + coalesce(base - 1, 0) as numerator_most,
        denominator,
        if(denominator <= base, 0, denominator - coalesce(base - 1, 0)) as denominator_least,
        denominator + coalesce(base - 1, 0) as denominator_most,
        mark,
        mean
    from release.counts
    cross join (select getvariable('rounding_base') as base)
),
pools as (
    select area_id, count(*) as twins from release.twins group by area_id
),
of_twins as (
    select
        twins.area_id,
        counts.year,
        counts.indicator,
        count(*) as with_figure,
        count(*) filter (counts.mark is null) as shown,
        cast(sum(counts.count) filter (counts.mark is null) as bigint) as count,
        cast(sum(counts.numerator) filter (counts.mark is null) as bigint) as numerator,
        cast(sum(counts.numerator_least) filter (counts.mark is null) as bigint) as numerator_least,
        cast(sum(counts.numerator_most) filter (counts.mark is null) as bigint) as numerator_most,
        cast(sum(counts.denominator) filter (counts.mark is null) as bigint) as denominator,
        cast(sum(counts.denominator_least) filter (counts.mark is null) as bigint) as denominator_least,
        cast(sum(counts.denominator_most) filter (counts.mark is null) as bigint) as denominator_most,
        indicators.kind
    from release.twins as twins
    join counts
        on counts.place_kind = 'area'
        and counts.place_id = twins.candidate_id
        and counts.year <= twins.last_year
    join codes.indicators as indicators using (indicator)
    where
        counts.mark is distinct from 'area_too_small'
        and counts.mark is distinct from 'size_unknown'
        and indicators.kind <> 'mean'
    group by twins.area_id, counts.year, counts.indicator, indicators.kind
),
judged as (
    select
        of_twins.*,
        2 * shown >= twins and (
            shown = with_figure
            or least(numerator, if(kind = 'share', denominator - numerator, numerator)) >= getvariable('twins_mean') * shown
        ) as is_told
    from of_twins
    join pools using (area_id)
    where 2 * with_figure >= twins
)
select
    place_kind,
    place_id,
    year,
    indicator,
    count,
    numerator,
    numerator_least,
    numerator_most,
    denominator,
    denominator_least,
    denominator_most,
    mark,
    mean
from counts
union all
select
    'twins',
    area_id,
    year,
    indicator,
    if(is_told, count, null),
    if(is_told, numerator, null),
    if(is_told, numerator_least, null),
    if(is_told, numerator_most, null),
    if(is_told, denominator, null),
    if(is_told, denominator_least, null),
    if(is_told, denominator_most, null),
    if(is_told, null, 'hidden'),
    null
from judged
order by place_kind, place_id, year, indicator
