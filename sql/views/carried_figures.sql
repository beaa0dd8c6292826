-- carried_figures: figures of the municipalities before 2007 carried to those of 2007.
-- One row per municipality of 2007, year, indicator. Only what can be added is carried: counts, and shares with both
-- counts. A split municipality goes whole to the heir that took over most of it; every heir of a split one is an
-- estimate. A municipality that lacks the figure of one predecessor has none.
with heirs as (
    select
        mergers.old_municipality_code,
        mergers.municipality_code,
        splits.old_municipality_code is not null as is_split,
        coalesce(splits.main_heir_code, mergers.municipality_code) = mergers.municipality_code as is_main
    from facts.municipality_mergers as mergers
    left join codes.split_municipalities as splits using (old_municipality_code)
),
old as (
    select shown_figures.*, indicators.kind, indicators.factor
    from shown_figures
    join codes.indicators as indicators using (indicator)
    where geography = 'municipality_before_2007'
),
wanted as (
    select distinct heirs.municipality_code, old."year", old.indicator from heirs join old on old.geography_id = heirs.old_municipality_code
),
added as (
    select
        wanted.municipality_code,
        wanted."year",
        wanted.indicator,
        bool_or(heirs.is_split) as is_estimate,
        bool_and(
            not heirs.is_main
            or if(old.kind = 'count', old.value is not null, old.numerator is not null and old.denominator is not null)
        ) as is_known,
        any_value(old.kind) as kind,
        any_value(old.factor) as factor,
        sum(exact(old.value)) filter (where heirs.is_main and old.kind = 'count') as total,
        sum(old.numerator) filter (where heirs.is_main) as numerator,
        sum(old.denominator) filter (where heirs.is_main) as denominator,
        sum(exact(coalesce(old.denominator, old.value))) filter (where heirs.is_main) as basis,
        sum(exact(coalesce(old.denominator, old.value))) filter (where heirs.is_main and heirs.is_split) as estimated_basis,
        max(old.published_at) as published_at,
        max(old.received_at) as received_at,
        max(old.published_in) as published_in,
        min(old.reference_from) as reference_from,
        max(old.reference_to) as reference_to,
        max(old.window_years) as window_years,
        min(old.figure_owner) as figure_owner,
        min(old.source) as source,
        min(old.source_file) as source_file,
        min(old.source_line) as source_line,
        min(old.origin) as origin
    from wanted
    join heirs using (municipality_code)
    left join old
        on old.geography_id = heirs.old_municipality_code and old."year" = wanted."year" and old.indicator = wanted.indicator
    group by wanted.municipality_code, wanted."year", wanted.indicator
)
select
    municipality_code,
    "year",
    indicator,
    case
        when not is_known then null
        when kind = 'count' then cast(total as double)
        else cast(factor as double) * numerator / nullif(denominator, 0)
    end as value,
    if(is_known and kind <> 'count', cast(numerator as bigint), null) as numerator,
    if(is_known and kind <> 'count', cast(denominator as bigint), null) as denominator,
    if(is_estimate, 'estimated', 'final') as status,
    case
        when not is_known then 'not_delivered'
        when kind <> 'count' and denominator = 0 then 'nobody'
    end as missing_reason,
    if(is_known, tidy(100 * cast(coalesce(estimated_basis, 0) as double) / nullif(cast(basis as double), 0)), null) as estimated_pct,
    window_years,
    figure_owner,
    0 as other_figures,
    reference_from,
    reference_to,
    published_in,
    published_at,
    received_at,
    source,
    source_file,
    source_line,
    origin
from added
where kind in ('count', 'share', 'rate')
order by municipality_code, "year", indicator
