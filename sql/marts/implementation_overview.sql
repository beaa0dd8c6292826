-- implementation_overview: how plans and area secretariats are carried out, by the dimensions of the report.
-- One row per unit, attribute and entry; a row without an entry where nobody delivered one. The report's own cases are anonymous and are
-- tied to no unit.
with units as (
    select 'plan' as unit_kind, plan_id as unit_id, plan_name as unit_name, municipality_code from plan_facts
    union
    select 'secretariat' as unit_kind, secretariat_id as unit_id, name_da as unit_name, municipality_code from codes.secretariats
    union
    select unit_kind, unit_id, min(unit_name) as unit_name, municipality_code
    from unit_entries
    where unit_id not in (select plan_id from plan_facts) and unit_id not in (select secretariat_id from codes.secretariats)
    group by unit_kind, unit_id, municipality_code
),
sizes as (
    select unit_kind, unit_id, count(*) as unit_areas from area_units group by unit_kind, unit_id
),
known as (
    select distinct unit_kind, unit_id, is_known from unit_entries
),
asked as (
    select units.*, attributes.attribute, attributes.name_da as attribute_da, attributes.stated_in
    from units
    join codes.implementation_attributes as attributes using (unit_kind)
)
select
    asked.unit_kind,
    asked.unit_id,
    asked.unit_name,
    asked.municipality_code,
    coalesce(sizes.unit_areas, 0) as unit_areas,
    asked.attribute,
    asked.attribute_da,
    asked.stated_in,
    row_number() over (
        partition by asked.unit_kind, asked.unit_id, asked.attribute order by entries.holds_from, entries.entry
    ) as entry_no,
    entries.entry,
    entries.entry_da,
    entries.holds_from,
    entries.holds_until,
    entries.fit,
    entries.assessed_by,
    entries.assessed_on,
    entries.document,
    case
        when not coalesce(known.is_known, true) then 'unknown_plan'
        when entries.entry is null then 'not_delivered'
    end as implementation_missing_reason,
    getvariable('origin') as origin
from asked
left join sizes using (unit_kind, unit_id)
left join known using (unit_kind, unit_id)
left join unit_entries as entries
    on entries.unit_kind = asked.unit_kind and entries.unit_id = asked.unit_id and entries.attribute = asked.attribute
order by asked.unit_kind, asked.unit_id, asked.attribute, entry_no
