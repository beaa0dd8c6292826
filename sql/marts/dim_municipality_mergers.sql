-- dim_municipality_mergers: from the municipalities before 2007 to those after.
-- One row per old municipality and heir; a split municipality has several heirs.
select
    old_municipality_code,
    old_municipality_name,
    county_code,
    county_name,
    municipality_code,
    municipality_name,
    part,
    count(*) over (partition by old_municipality_code) > 1 as is_split,
    origin
from facts.municipality_mergers
order by old_municipality_code, municipality_code
