-- parts_of_composition_add_up: the parts of stayers, arrivals and departures add up to the change of the share, or a reason stands there.
-- mart: composition_change
-- (Each of the four is rounded to nine decimals, so together they may be off by two in the ninth.)
select area_id, indicator, change_from, change_to
from composition_change
where composition_missing_reason is null
    and not coalesce(abs(part_of_stayers + part_of_arrivals + part_of_departures - share_change) < 3e-9, false)
order by area_id, indicator, change_from, change_to
