-- size_of: the size band of every number of dwellings that occurs, by the left-closed rule.
-- One row per number of dwellings.
with sizes as (
    select dwellings from area_sizes
    union
    select dwellings from plan_facts where dwellings is not null
),
bands as (
    select size_band, cast(lower_dwellings as bigint) as lower_dwellings, cast(nullif(upper_dwellings, '') as bigint) as upper_dwellings
    from codes.size_bands
)
select sizes.dwellings, bands.size_band
from sizes
join bands on sizes.dwellings >= bands.lower_dwellings and (bands.upper_dwellings is null or sizes.dwellings < bands.upper_dwellings)
order by sizes.dwellings
