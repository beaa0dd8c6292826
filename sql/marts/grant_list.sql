-- grant_list: every grant of Landsbyggefonden's list with its areas and themes.
-- One row per grant; rent support is a kind of its own and belongs to no plan's sum.
with areas as (
    select grant_id, string_agg(area_id, ', ' order by area_id) as area_ids from facts.grant_areas group by grant_id
),
themes as (
    select grant_id, string_agg(effort_area_id, ', ' order by effort_area_id) as effort_area_ids
    from facts.grant_effort_areas
    group by grant_id
)
select
    grants.grant_id,
    grants.plan_name,
    grants.municipality_code,
    municipalities.municipality_name,
    grants.grant_kind,
    grants.estate_id,
    grants.amount_dkk,
    grants.granted_from,
    grants.granted_to,
    areas.area_ids,
    themes.effort_area_ids,
    grants.source_file,
    grants.source_line,
    grants.published_at,
    grants.received_at,
    grants.origin
from facts.listed_grants as grants
join facts.municipalities as municipalities using (municipality_code)
join areas using (grant_id)
left join themes using (grant_id)
order by grants.grant_id
