-- comparison_support: how many twins each area has, and why it has none.
-- One row per area.
select
    area_id,
    treatment,
    candidates,
    caliper,
    twins,
    on_support,
    off_support_on,
    twins_missing_reason,
    pool_sha256,
    getvariable('origin') as origin
from statistics.twins
order by area_id
