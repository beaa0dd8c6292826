-- dim_addresses: the dated key from addresses (or estates) to areas: to link person registers with.
-- One row per address and period; a period is half-open, and the periods of an address never overlap.
select
    addresses.address_key,
    addresses.valid_from,
    addresses.valid_to,
    addresses.area_id,
    areas.name as area_name,
    addresses.municipality_code,
    addresses.estate_id,
    addresses.source,
    addresses.origin
from facts.addresses as addresses
join codes.areas as areas using (area_id)
order by addresses.address_key, addresses.valid_from
