-- dim_areas: the housing areas that have facts, with size, band and plan where they are case areas, and the secretariat that supports them.
-- One row per area.
with listed as (
    select area_id, string_agg(distinct cast("year" as varchar), ', ' order by cast("year" as varchar)) as list_years
    from (
        select area_id, "year" from facts.list_membership
        union
        select area_id, "year" from list_figures
    )
    group by area_id
),
with_facts as (
    select area_id from facts.case_areas
    union
    select area_id from facts.list_membership
    union
    select area_id from facts.grants
    union
    select area_id from facts.grant_areas
    union
    select area_id from facts.estates
    union
    select geography_id as area_id from yearly_figures where geography = 'area'
),
plans as (
    select covered.area_id, sole(plan_facts.plan_id) as plan_id, sole(plan_facts.funding_band) as funding_band
    from plan_facts, unnest(string_split(plan_facts.area_ids, ', ')) as covered (area_id)
    group by covered.area_id
),
boundaries as (
    select area_id, relation, listed_as
    from codes.area_relations
    qualify row_number() over (partition by area_id order by relation, listed_as) = 1
),
breaks as (
    select
        area_id, string_agg(from_year || ': ' || happened_en || ' (' || stated_in || ')', '; ' order by from_year) as boundary_breaks
    from codes.boundary_breaks
    group by area_id
),
exceptions as (
    select area_id, min(reason) as reason from codes.exceptions where "check" = 'size_band_as_printed' group by area_id
)
select
    areas.area_id,
    areas.name as area_name,
    areas.municipality_code,
    municipalities.municipality_name,
    municipalities.region_code,
    municipalities.region_name,
    case_areas.area_id is not null as is_case_area,
    area_sizes.estates,
    area_sizes.dwellings,
    size_of.size_band,
    case_areas.size_band_printed,
    plans.funding_band,
    plans.plan_id,
    case_areas.supported_by_secretariat,
    area_secretariats.secretariat_id,
    boundaries.relation as boundary_on_lists,
    boundaries.listed_as,
    breaks.boundary_breaks,
    listed.list_years,
    exceptions.reason as known_exception,
    municipalities.origin
from with_facts
join codes.areas as areas using (area_id)
join facts.municipalities as municipalities using (municipality_code)
left join facts.case_areas as case_areas using (area_id)
left join area_sizes using (area_id)
left join size_of on size_of.dwellings = area_sizes.dwellings
left join plans using (area_id)
left join area_secretariats using (area_id)
left join boundaries using (area_id)
left join breaks using (area_id)
left join listed on listed.area_id = coalesce(boundaries.listed_as, areas.area_id)
left join exceptions on exceptions.area_id = areas.area_id
order by areas.area_id
