-- unit_entries: what was delivered of how plans and area secretariats are carried out, and how plans are organised.
-- One row per unit, attribute, entry and first day. A secretariat that the registry does not list is known by its municipality.
with delivered as (
    select
        entries.*,
        coalesce(split_part(entries.answer, ':', 2), entries.effort_area_id, entries.indicator) as entry,
        coalesce(answers.name_da, themes.name_da, indicators.label_da) as entry_da
    from facts.implementation as entries
    left join codes.implementation_answers as answers using (answer)
    left join codes.effort_areas as themes on themes.effort_area_id = entries.effort_area_id
    left join codes.indicators as indicators on indicators.indicator = entries.indicator
),
organised as (
    select plan_id, 'project_organisation' as attribute, types.project_organisation as entry, types.name_da as entry_da
    from plan_facts
    join codes.project_organisations as types using (project_organisation)
    union all
    select plan_id, 'project_secretariat' as attribute, types.project_secretariat as entry, types.name_da as entry_da
    from plan_facts
    join codes.project_secretariats as types using (project_secretariat)
)
select
    'plan' as unit_kind,
    coalesce(plans.plan_id, slug(delivered.plan_name)) as unit_id,
    coalesce(plans.plan_name, delivered.plan_name) as unit_name,
    delivered.municipality_code,
    delivered.attribute,
    delivered.entry,
    delivered.entry_da,
    delivered.holds_from,
    delivered.holds_until,
    delivered.fit,
    delivered.assessed_by,
    delivered.assessed_on,
    delivered.document,
    plans.plan_id is not null as is_known
from delivered
left join plan_facts as plans
    on slug(plans.plan_name) = slug(delivered.plan_name) and plans.municipality_code = delivered.municipality_code
where delivered.unit_kind = 'plan'
union all
select
    'secretariat' as unit_kind,
    coalesce(secretariats.secretariat_id, delivered.municipality_code) as unit_id,
    coalesce(secretariats.name_da, 'Områdesekretariatet i ' || coalesce(towns.municipality_name, delivered.municipality_code)) as unit_name,
    delivered.municipality_code,
    delivered.attribute,
    delivered.entry,
    delivered.entry_da,
    delivered.holds_from,
    delivered.holds_until,
    delivered.fit,
    delivered.assessed_by,
    delivered.assessed_on,
    delivered.document,
    true as is_known
from delivered
left join codes.secretariats as secretariats using (municipality_code)
left join facts.municipalities as towns using (municipality_code)
where delivered.unit_kind = 'secretariat'
union all
select
    'plan' as unit_kind,
    plan_id as unit_id,
    plan_facts.plan_name as unit_name,
    plan_facts.municipality_code,
    organised.attribute,
    organised.entry,
    organised.entry_da,
    null as holds_from,
    null as holds_until,
    null as fit,
    null as assessed_by,
    null as assessed_on,
    null as document,
    true as is_known
from organised
join plan_facts using (plan_id)
order by unit_kind, unit_id, attribute, holds_from, entry
