-- mergers_reach_municipalities: every heir of the reform is one of the 98, and every one of the 98 has a predecessor.
-- mart: dim_municipality_mergers
select coalesce(mergers.municipality_code, municipalities.municipality_code) as municipality_code
from dim_municipality_mergers as mergers
full join dim_municipalities as municipalities using (municipality_code)
where mergers.municipality_code is null or municipalities.municipality_code is null
order by 1
