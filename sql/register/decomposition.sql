-- decomposition: what an area's share changed by because stayers changed, and because of who came and who left.
-- One row per area, year (the second of two 1 Januaries) and indicator. With S for stayers, p = x / n on either day:
--   p1 - p0 = (pS1 - pS0) + sum over who came (n / n1) (p - pS1) - sum over who left (n / n0) (p - pS0)
-- which holds whatever the groups are; a term is 0 where its group is empty, and all are empty where nobody of the base stayed.
-- Reads partials (of movements), measures (shares of persons: indicator, numerator, denominator, factor).
with added as (
    select area_id, "year", movement, side, sum(columns(* exclude (area_id, "year", movement, side)))
    from partials
    group by area_id, "year", movement, side
),
long as (
    unpivot added on columns(* exclude (area_id, "year", movement, side)) into name population value total
),
shares as (
    select
        long.area_id, long."year", measures.indicator, any_value(measures.factor) as factor, long.movement, long.side,
        coalesce(sum(long.total) filter (where long.population = measures.numerator), 0) as x,
        coalesce(sum(long.total) filter (where long.population = measures.denominator), 0) as n
    from long
    join measures on long.population in (measures.numerator, measures.denominator)
    group by long.area_id, long."year", measures.indicator, long.movement, long.side
),
sides as (
    select
        area_id, "year", indicator, any_value(factor) as factor,
        sum(x) filter (where side = 'before') as x0, sum(n) filter (where side = 'before') as n0,
        sum(x) filter (where side = 'after') as x1, sum(n) filter (where side = 'after') as n1,
        sum(x) filter (where movement = 'stayer' and side = 'before') as stayers_x0,
        sum(n) filter (where movement = 'stayer' and side = 'before') as stayers_n0,
        sum(x) filter (where movement = 'stayer' and side = 'after') as stayers_x1,
        sum(n) filter (where movement = 'stayer' and side = 'after') as stayers_n1,
        sum(x) filter (where movement = 'in_mover') as in_movers_x, sum(n) filter (where movement = 'in_mover') as in_movers_n,
        sum(x) filter (where movement = 'born') as born_x, sum(n) filter (where movement = 'born') as born_n,
        sum(x) filter (where movement = 'out_mover') as out_movers_x, sum(n) filter (where movement = 'out_mover') as out_movers_n,
        sum(x) filter (where movement = 'gone') as gone_x, sum(n) filter (where movement = 'gone') as gone_n
    from shares
    group by area_id, "year", indicator
)
select
    area_id, "year", indicator,
    cast(x0 as bigint) as numerator_before, cast(n0 as bigint) as denominator_before,
    cast(x1 as bigint) as numerator_after, cast(n1 as bigint) as denominator_after,
    cast(coalesce(stayers_x0, 0) as bigint) as stayers_numerator_before,
    cast(coalesce(stayers_n0, 0) as bigint) as stayers_denominator_before,
    cast(coalesce(stayers_x1, 0) as bigint) as stayers_numerator_after,
    cast(coalesce(stayers_n1, 0) as bigint) as stayers_denominator_after,
    cast(coalesce(in_movers_x, 0) as bigint) as in_movers_numerator, cast(coalesce(in_movers_n, 0) as bigint) as in_movers_denominator,
    cast(coalesce(out_movers_x, 0) as bigint) as out_movers_numerator, cast(coalesce(out_movers_n, 0) as bigint) as out_movers_denominator,
    factor * (x1 / nullif(n1, 0) - x0 / nullif(n0, 0)) as change,
    factor * (stayers_x1 / nullif(stayers_n1, 0) - stayers_x0 / nullif(stayers_n0, 0)) as change_of_stayers,
    factor * (coalesce(in_movers_x, 0) - coalesce(in_movers_n, 0) * stayers_x1 / nullif(stayers_n1, 0)) / nullif(n1, 0) as by_in_movers,
    factor * (coalesce(born_x, 0) - coalesce(born_n, 0) * stayers_x1 / nullif(stayers_n1, 0)) / nullif(n1, 0) as by_born,
    -factor * (coalesce(out_movers_x, 0) - coalesce(out_movers_n, 0) * stayers_x0 / nullif(stayers_n0, 0)) / nullif(n0, 0) as by_out_movers,
    -factor * (coalesce(gone_x, 0) - coalesce(gone_n, 0) * stayers_x0 / nullif(stayers_n0, 0)) / nullif(n0, 0) as by_gone
from sides
order by area_id, "year", indicator
