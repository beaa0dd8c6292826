-- baseline_panel: the analysis file: treatment, dose, clusters and indicators by area and year, up to the lock.
-- One row per area, year with a figure of any area; years whose outcomes are locked are not in it.
with years as (
    select distinct year from area_profile_wide where year <= getvariable('open_through')
)
select
    area_funding.* exclude (dwellings, project_organisation_missing_reason, origin),
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
cross join years
left join area_profile_wide as wide on wide.area_id = area_funding.area_id and wide.year = years.year
order by area_funding.area_id, years.year
