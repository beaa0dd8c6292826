-- grant_summary: the grants of each plan; amounts only where they are published.
-- One row per plan. The band is the delivered one; the amount, where there is one, gives it once more.
select
    plans.plan_id,
    plans.plan_name,
    plans.municipality_code,
    dim_plans.municipality_name,
    plans.area_ids,
    plans.dwellings,
    dim_plans.size_band,
    plans.funding_band,
    plans.funding_band_by_amount,
    plans.grant_period_years,
    plans.grants,
    plans.grant_dkk,
    plans.grant_dkk_missing_reason,
    cast(plans.grant_dkk as double) / nullif(plans.dwellings, 0) as grant_per_dwelling_dkk,
    plans.granted_from,
    plans.granted_to,
    plans.effort_area_ids,
    plans.origin
from plan_facts as plans
join dim_plans using (plan_id)
order by plans.plan_id
