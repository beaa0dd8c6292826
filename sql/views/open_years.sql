-- open_years: the last year of each area whose outcomes may be looked at: up to the lock, and before its own first grant; of areas that
-- never got one, before the first grants of the last cohort. One row per area.
with starts as (
    select max(first_grant_year) filter (where treatment = 'funded') as last_start from area_funding
)
select
    area_funding.area_id,
    cast(greatest(
        getvariable('open_through'),
        case area_funding.treatment
            when 'funded' then area_funding.first_grant_year + getvariable('open_event')
            when 'never_funded' then starts.last_start + getvariable('open_event')
        end
    ) as integer) as open_through
from area_funding
cross join starts
order by area_funding.area_id
