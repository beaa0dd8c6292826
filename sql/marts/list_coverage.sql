-- list_coverage: the ministry's lists held against the number of areas that they are said to have, and which areas
-- a delivered list seems to lack.
-- One row per list type, year. An area is absent that stands on the delivered list before and on the one after, where it is
-- not said to be new, and has no row at all in this one.
with delivered as (
    select
        list_type,
        "year",
        count(*) filter (where on_list) as areas,
        lag("year") over lists as year_before,
        lead("year") over lists as year_after
    from facts.list_membership
    group by list_type, "year"
    window lists as (partition by list_type order by "year")
),
exceptions as (
    select area_id, "year", list_type, reason from codes.exceptions where "check" = 'lists_are_whole'
),
absent as (
    select
        delivered.list_type,
        delivered."year",
        string_agg(earlier.area_id, ', ' order by earlier.area_id) as areas,
        bool_and(exceptions.reason is not null) as all_known,
        string_agg(distinct exceptions.reason, '; ' order by exceptions.reason) as reasons
    from delivered
    join facts.list_membership as earlier
        on earlier.list_type = delivered.list_type and earlier."year" = delivered.year_before and earlier.on_list
    join facts.list_membership as later
        on later.list_type = delivered.list_type
        and later."year" = delivered.year_after
        and later.area_id = earlier.area_id
        and later.on_list
        and not coalesce(later.new_on_list, false)
    anti join facts.list_membership as same_year
        on same_year.list_type = delivered.list_type
        and same_year."year" = delivered."year"
        and same_year.area_id = earlier.area_id
    left join exceptions
        on exceptions.list_type = delivered.list_type
        and exceptions."year" = delivered."year"
        and exceptions.area_id = earlier.area_id
    group by delivered.list_type, delivered."year"
),
held as (
    select
        list_type,
        "year",
        stated.areas as areas_stated,
        delivered.areas as areas_delivered,
        delivered.areas - stated.areas as areas_difference,
        stated.stated_in
    from facts.list_totals as stated
    full join delivered using (list_type, "year")
),
of_number as (
    select list_type, "year", min(reason) as reason from exceptions where area_id is null group by list_type, "year"
)
select
    held.list_type,
    if(
        list_types.renamed_in <> '' and held."year" < try_cast(list_types.renamed_in as integer),
        list_types.called_before,
        list_types.label_da
    ) as list_name,
    list_types.label_en as list_name_en,
    held."year",
    held.areas_stated,
    held.areas_delivered,
    held.areas_difference,
    absent.areas as absent_areas,
    held.stated_in,
    case
        when absent.areas is not null and not absent.all_known then null
        when coalesce(held.areas_difference, 0) <> 0 and of_number.reason is null then null
        else nullif(concat_ws('; ', absent.reasons, of_number.reason), '')
    end as known_exception,
    getvariable('origin') as origin
from held
join codes.list_types as list_types on list_types.list_type = held.list_type
left join absent on absent.list_type = held.list_type and absent."year" = held."year"
left join of_number on of_number.list_type = held.list_type and of_number."year" = held."year"
order by held.list_type, held."year"
