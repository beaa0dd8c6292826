-- origins_never_meet: no mart holds real and synthetic rows.
-- mart: dim_areas
with origins as (
    select origin from dim_areas
    union
    select origin from dim_municipalities
    union
    select origin from area_profile
    union
    select origin from statutory_criteria
    union
    select origin from grant_summary
    union
    select origin from dim_targets
    union
    select origin from plan_activity_years
    union
    select origin from shared_indicators
)
select count(*) as origins
from origins
having count(*) > 1
