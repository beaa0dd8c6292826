-- plan_starts: the year in which the first of the grants to an area's plans begins.
-- One row per area that has a plan; no year where the first day of the grants to one of its plans is not known.
select
    covered.area_id,
    if(count(granted_from) = count(*), cast(year(min(granted_from)) as integer), null) as start_year
from grant_summary, unnest(string_split(area_ids, ', ')) as covered (area_id)
group by covered.area_id
order by covered.area_id
