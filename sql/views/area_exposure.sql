-- area_exposure: how many other areas with a grant an area is tied to, by its municipality, housing organisations and school districts.
-- One row per area. What nobody has told of an area's estates is not known; a school district is one of its municipality.
with ties as (
    select area_id, 'municipality' as tie, municipality_code as tied_to from area_funding
    union
    select area_id, 'organisation' as tie, housing_organisation as tied_to from facts.estates where area_id is not null
    union
    select area_id, 'school_district' as tie, municipality_code || ' ' || school_district as tied_to
    from facts.estates
    where area_id is not null and school_district is not null
),
counted as (
    select ties.area_id, ties.tie, count(distinct funded.area_id) as near
    from ties
    left join ties as others on others.tie = ties.tie and others.tied_to = ties.tied_to and others.area_id <> ties.area_id
    left join area_funding as funded on funded.area_id = others.area_id and funded.treatment = 'funded'
    group by ties.area_id, ties.tie
)
select
    area_funding.area_id,
    coalesce(max(counted.near) filter (where counted.tie = 'municipality'), 0) as funded_in_municipality,
    max(counted.near) filter (where counted.tie = 'organisation') as funded_in_organisation,
    max(counted.near) filter (where counted.tie = 'school_district') as funded_in_school_district
from area_funding
left join counted using (area_id)
group by area_funding.area_id
order by area_funding.area_id
