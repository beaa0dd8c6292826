-- list_coverage: the ministry's lists held against the number of areas that they are said to have.
-- One row per list type, year. Delivered are the lists of 2010-2017, which are of the type 'ghetto'.
with delivered as (
    select 'ghetto' as list_type, "year", count(*) filter (where on_list) as areas
    from facts.list_membership
    where "year" between 2010 and 2017
    group by "year"
)
select
    list_type,
    "year",
    stated.areas as areas_stated,
    delivered.areas as areas_delivered,
    stated.stated_in,
    getvariable('origin') as origin
from facts.list_totals as stated
full join delivered using (list_type, "year")
order by list_type, "year"
