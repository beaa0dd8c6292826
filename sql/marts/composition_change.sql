-- composition_change: how much of the change of an area's share is change among those who stayed, and how much came and went with movers.
-- One row per area, indicator, span of years with delivered flows. With shares s of those who stayed, i of those who came, o of those who
-- left: p1 - p0 = (s1 - s0) + I / (S + I) * (i1 - s1) - O / (S + O) * (o0 - s0) (Melitz & Polanec 2015, as shares of persons). Who came of
-- age counts as come, who grew out of it or died as left. Those who stayed are chosen by what happened to them: no part is an effect.
with flows as (
    select
        area_id,
        indicator,
        change_from,
        change_to,
        cast(sum(denominator) filter (where flow = 'stayed') as bigint) as stayed,
        cast(coalesce(sum(denominator) filter (where flow in ('in', 'in_by_age')), 0) as bigint) as came,
        cast(coalesce(sum(denominator) filter (where flow in ('out', 'out_by_age')), 0) as bigint) as went,
        sum(numerator_from) filter (where flow = 'stayed') as stayed_from,
        sum(numerator_to) filter (where flow = 'stayed') as stayed_to,
        coalesce(sum(numerator_to) filter (where flow in ('in', 'in_by_age')), 0) as came_to,
        coalesce(sum(numerator_from) filter (where flow in ('out', 'out_by_age')), 0) as went_from,
        bool_or(
            (numerator_from is null and flow in ('stayed', 'out', 'out_by_age'))
            or (numerator_to is null and flow in ('stayed', 'in', 'in_by_age'))
        ) as lacks_a_count,
        bool_or(numerator_from > denominator or numerator_to > denominator) as counts_too_many,
        string_agg(distinct source, ', ' order by source) as sources
    from facts.composition
    group by area_id, indicator, change_from, change_to
),
held as (
    select
        flows.*,
        first_year.denominator as base_from,
        last_year.denominator as base_to,
        indicators.kind
    from flows
    join codes.indicators as indicators using (indicator)
    left join area_values as first_year
        on first_year.area_id = flows.area_id and first_year.indicator = flows.indicator and first_year.year = flows.change_from
    left join area_values as last_year
        on last_year.area_id = flows.area_id and last_year.indicator = flows.indicator and last_year.year = flows.change_to
),
judged as (
    select
        *,
        stayed + went - base_from as base_gap_from,
        stayed + came - base_to as base_gap_to,
        case
            when kind <> 'share' then 'not_a_share'
            when stayed is null then 'stayers_not_delivered'
            when counts_too_many then 'more_counted_than_there_are'
            when base_gap_from <> 0 or base_gap_to <> 0 then 'does_not_add_up'
            when lacks_a_count then 'withheld_by_source'
            when stayed < 10 or came between 1 and 9 or went between 1 and 9 then 'fewer_than_10_in_a_flow'
        end as composition_missing_reason
    from held
),
shares as (
    select
        *,
        100.0 * stayed_from / stayed as s0,
        100.0 * stayed_to / stayed as s1,
        100.0 * (stayed_from + went_from) / (stayed + went) as p0,
        100.0 * (stayed_to + came_to) / (stayed + came) as p1,
        coalesce(100.0 * came_to / nullif(came, 0) - s1, 0) as came_apart,
        coalesce(100.0 * went_from / nullif(went, 0) - s0, 0) as went_apart
    from judged
)
select
    area_id,
    indicator,
    change_from,
    change_to,
    stayed,
    came,
    went,
    base_gap_from,
    base_gap_to,
    100.0 * stayed / nullif(stayed + came, 0) as stayed_pct,
    if(composition_missing_reason is null, tidy(p0), null) as share_from,
    if(composition_missing_reason is null, tidy(p1), null) as share_to,
    if(composition_missing_reason is null, tidy(p1 - p0), null) as share_change,
    if(composition_missing_reason is null, tidy(s1 - s0), null) as part_of_stayers,
    if(composition_missing_reason is null, tidy(came_apart * came / (stayed + came)), null) as part_of_arrivals,
    if(composition_missing_reason is null, tidy(-went_apart * went / (stayed + went)), null) as part_of_departures,
    composition_missing_reason,
    sources,
    getvariable('origin') as origin
from shares
order by area_id, indicator, change_from, change_to
