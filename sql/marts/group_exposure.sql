-- group_exposure: how many areas of funded and never-funded groups are tied to another area with a grant.
-- One row per contrast of funded against never-funded areas, group and tie.
with ties as (
    select area_id, 'municipality' as tie, funded_in_municipality as near from area_exposure
    union all
    select area_id, 'organisation' as tie, funded_in_organisation as near from area_exposure
    union all
    select area_id, 'school_district' as tie, funded_in_school_district as near from area_exposure
)
select
    contrasts.contrast,
    area_funding.treatment as arm,
    ties.tie,
    count(*) as areas,
    count(*) filter (where ties.near > 0) as exposed,
    count(*) filter (where ties.near is null) as exposure_not_known,
    contrasts.spillover = ties.tie and area_funding.treatment = 'never_funded' as is_left_out,
    getvariable('origin') as origin
from codes.funded_contrasts as contrasts
join area_funding on area_funding.treatment in ('funded', 'never_funded')
join ties using (area_id)
group by contrasts.contrast, contrasts.spillover, area_funding.treatment, ties.tie
order by contrasts.contrast, area_funding.treatment, ties.tie
