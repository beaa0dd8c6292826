-- origins_never_meet: no mart holds real and synthetic rows.
-- mart: dim_areas
with origins as (
    select area_id, origin from dim_areas
    union all
    select area_id, origin from area_profile
    union all
    select area_id, origin from statutory_criteria
)
select min(area_id) as area_id, count(distinct origin) as origins
from origins
having count(distinct origin) > 1
