-- dated: in which area each address is on 1 January of the partition's year; an address in no area then has no row.
-- Reads addresses (the dated key).
select address_key, area_id
from addresses
where valid_from <= make_date(getvariable('year'), 1, 1)
    and (valid_to is null or valid_to > make_date(getvariable('year'), 1, 1))
