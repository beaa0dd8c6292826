-- merged: the partial counts of all partitions, added up; what no partition could count is absent.
-- One row per municipality, area, year and population (or sum); reads partials (of one kind).
with added as (
    select municipality_code, area_id, "year", sum(columns(* exclude (municipality_code, area_id, "year")))
    from partials
    group by municipality_code, area_id, "year"
),
long as (
    unpivot added on columns(* exclude (municipality_code, area_id, "year")) into name population value total
)
select municipality_code, area_id, "year", population, cast(total as bigint) as total
from long
order by "year", municipality_code, area_id nulls first, population
