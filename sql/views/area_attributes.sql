-- area_attributes: how the plans of each funded area, and its secretariat, were carried out when its grants began.
-- One row per funded area and attribute, its entries after each other, separated by '|'. What changes counts as it was at the unit's first
-- grant; where no list says when that was, the first that was delivered counts. A need and an earlier effort lie before the grant.
with asked as (
    select
        area_funding.area_id,
        area_funding.has_secretariat,
        attributes.attribute,
        attributes.unit_kind,
        attributes.holds
    from area_funding
    cross join codes.implementation_attributes as attributes
    where area_funding.treatment = 'funded'
),
delivered as (
    select
        asked.area_id,
        asked.attribute,
        asked.holds,
        entries.entry,
        case
            when entries.holds_from is null then true
            when units.first_grant is null
                then entries.holds_from = min(entries.holds_from) over (partition by asked.area_id, asked.attribute, units.unit_id)
            else
                entries.holds_from <= units.first_grant
                and (asked.holds = 'theme' or entries.holds_until is null or entries.holds_until >= units.first_grant)
        end as counts
    from asked
    join area_units as units using (area_id, unit_kind)
    join unit_entries as entries
        on entries.unit_kind = units.unit_kind and entries.unit_id = units.unit_id and entries.attribute = asked.attribute
),
counted as (
    select
        area_id,
        attribute,
        -- Of two plans of an area the one that had no earlier effort says nothing once the other had some.
        coalesce(
            string_agg(distinct entry, '|' order by entry) filter (where counts and not (holds = 'theme' and entry = 'ingen')),
            any_value(entry) filter (where counts)
        ) as entries
    from delivered
    group by area_id, attribute
)
select
    asked.area_id,
    asked.attribute,
    counted.entries,
    case
        when counted.entries is not null then null
        when asked.unit_kind = 'secretariat' and asked.has_secretariat is null then 'secretariat_not_known'
        when asked.unit_kind = 'secretariat' and not asked.has_secretariat then 'no_secretariat'
        when counted.area_id is not null then 'not_delivered_for_the_first_grant'
        else 'not_delivered'
    end as missing_reason
from asked
left join counted using (area_id, attribute)
order by asked.area_id, asked.attribute
