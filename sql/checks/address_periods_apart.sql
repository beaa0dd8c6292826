-- address_periods_apart: an address belongs to one area at a time: its periods end after they began, and do not overlap.
-- mart: dim_addresses
select address_key, valid_from, valid_to, next_from
from (
    select address_key, valid_from, valid_to, lead(valid_from) over (partition by address_key order by valid_from) as next_from
    from dim_addresses
)
where next_from < coalesce(valid_to, date '9999-12-31') or valid_to <= valid_from
order by address_key, valid_from
