-- baseline_panel: the analysis file: treatment, cohort, dose, clusters, weights and indicators by area and year, up to the lock.
-- One row per area, year with a figure of any area; years whose outcomes are locked are not in it: see open_years.
with years as (
    select distinct year from area_profile_wide
)
select
    area_funding.* exclude (dwellings, project_organisation_missing_reason, last_grant_year, origin),
    area_exposure.* exclude (area_id),
    if(area_funding.treatment = 'never_funded', 0, area_funding.first_grant_year) as gname,
    years.year - area_funding.last_grant_year as time_since_end,
    weights.w_entropy,
    weights.w_twins,
    weights.twin_ids,
    years.year,
    years.year <= getvariable('last_baseline_year') as in_baseline,
    years.year - area_funding.first_grant_year as event_time,
    case
        when area_funding.treatment in ('never_funded', 'rent_support_only') then false
        when area_funding.first_grant_year is not null then years.year >= area_funding.first_grant_year
    end as is_treated,
    wide.* exclude (area_id, area_name, municipality_code, year, origin),
    area_funding.origin
from area_funding
join open_years using (area_id)
join area_exposure using (area_id)
join years on years.year <= open_years.open_through
left join statistics.weights as weights on weights.area_id = area_funding.area_id
left join area_profile_wide as wide on wide.area_id = area_funding.area_id and wide.year = years.year
order by area_funding.area_id, years.year
