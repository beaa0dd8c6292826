-- area_exposure: how many other areas with a grant lie in the municipality of an area, and belong to one of its housing organisations.
-- One row per area; of an area whose estates nobody has told the organisations are not known. School districts are in no delivery.
with homes as (
    select distinct area_id, housing_organisation from facts.estates where area_id is not null
),
funded as (
    select area_id, municipality_code from area_funding where treatment = 'funded'
),
near as (
    select areas.area_id, count(*) as funded_in_municipality
    from area_funding as areas
    join funded on funded.municipality_code = areas.municipality_code and funded.area_id <> areas.area_id
    group by areas.area_id
),
together as (
    select homes.area_id, count(distinct funded.area_id) as funded_in_organisation
    from homes
    left join homes as others
        on others.housing_organisation = homes.housing_organisation and others.area_id <> homes.area_id
    left join funded on funded.area_id = others.area_id
    group by homes.area_id
)
select
    area_funding.area_id,
    coalesce(near.funded_in_municipality, 0) as funded_in_municipality,
    together.funded_in_organisation
from area_funding
left join near using (area_id)
left join together using (area_id)
order by area_funding.area_id
