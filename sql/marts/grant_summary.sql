-- grant_summary: the grants of each plan; amounts only where they are published.
-- One row per plan. The band is the delivered one; the amount, where there is one, gives it once more.
with bands as (
    select
        funding_band,
        1_000_000 * cast(lower_mio_dkk as bigint) as lower_dkk,
        1_000_000 * cast(nullif(upper_mio_dkk, '') as bigint) as upper_dkk,
        lower_included = 'true' as is_lower_included,
        upper_included = 'true' as is_upper_included
    from codes.funding_bands
)
select
    plans.plan_id,
    plans.plan_name,
    plans.municipality_code,
    dim_plans.municipality_name,
    plans.area_ids,
    plans.dwellings,
    dim_plans.size_band,
    plans.funding_band,
    bands.funding_band as funding_band_by_amount,
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
left join bands
    on (plans.grant_dkk > bands.lower_dkk or (plans.grant_dkk = bands.lower_dkk and bands.is_lower_included))
    and (
        bands.upper_dkk is null
        or plans.grant_dkk < bands.upper_dkk
        or (plans.grant_dkk = bands.upper_dkk and bands.is_upper_included)
    )
order by plans.plan_id
