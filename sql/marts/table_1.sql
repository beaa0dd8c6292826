-- table_1: the groups of each contrast as the first table of a paper shows them, over the window that the weights are made of.
-- One row per contrast, pair of groups, covariate, level. What is not known of all (withheld counts) has bounds; where most is withheld
-- there is no mean, and no median either. Medians and quartiles are those of the areas, every area counting once.
with middles as (
    select
        arms.contrast,
        arms.arm,
        figures.indicator,
        tidy(median(figures.value)) as median_value,
        tidy(quantile_cont(figures.value, 0.25)) as lower_quartile,
        tidy(quantile_cont(figures.value, 0.75)) as upper_quartile
    from statistics.arms as arms
    join baseline_values as figures using (area_id)
    where figures.baseline_window = getvariable('balancing_window')
    group by arms.contrast, arms.arm, figures.indicator
),
regions as (
    select distinct region_code, region_name from dim_municipalities
),
compared as (
    select * from baseline_balance where row_kind = 'pair' and baseline_window = getvariable('balancing_window')
)
select
    compared.contrast,
    compared.arm_1,
    compared.arm_0,
    compared.covariate,
    compared.level,
    coalesce(size_bands.label_en, regions.region_name) as level_label,
    compared.baseline_window,
    compared.window_from,
    compared.window_to,
    compared.areas_1,
    compared.areas_0,
    compared.missing_1,
    compared.missing_0,
    compared.residents_1,
    compared.residents_0,
    compared.mean_1,
    compared.mean_0,
    compared.sd_1,
    compared.sd_0,
    if(compared.mean_1 is null, null, of_1.median_value) as median_1,
    if(compared.mean_0 is null, null, of_0.median_value) as median_0,
    if(compared.mean_1 is null, null, of_1.lower_quartile) as lower_quartile_1,
    if(compared.mean_0 is null, null, of_0.lower_quartile) as lower_quartile_0,
    if(compared.mean_1 is null, null, of_1.upper_quartile) as upper_quartile_1,
    if(compared.mean_0 is null, null, of_0.upper_quartile) as upper_quartile_0,
    compared.withheld_1,
    compared.withheld_0,
    compared.mean_1_least,
    compared.mean_1_most,
    compared.mean_0_least,
    compared.mean_0_most,
    compared.smd,
    compared.smd_least,
    compared.smd_most,
    compared.smd_low,
    compared.smd_high,
    compared.smd_denominator,
    compared.clustered_by,
    compared.error_missing_reason,
    weighted.smd as smd_weighted,
    twins.smd as smd_twins,
    twins.twins_lost_1,
    compared.balance_limit,
    compared.balance_verdict,
    compared.why,
    compared.origin
from compared
left join middles as of_1
    on of_1.contrast = compared.contrast and of_1.arm = compared.arm_1 and of_1.indicator = compared.covariate
left join middles as of_0
    on of_0.contrast = compared.contrast and of_0.arm = compared.arm_0 and of_0.indicator = compared.covariate
left join compared as weighted
    on weighted.contrast = compared.contrast and weighted.arm_1 = compared.arm_1 and weighted.arm_0 = compared.arm_0
    and weighted.covariate = compared.covariate and weighted.level = compared.level
    and weighted.weighting in ('entropy', 'propensity')
left join compared as twins
    on twins.contrast = compared.contrast and twins.arm_1 = compared.arm_1 and twins.arm_0 = compared.arm_0
    and twins.covariate = compared.covariate and twins.level = compared.level and twins.weighting = 'twins'
left join codes.size_bands as size_bands on compared.covariate = 'size_band' and size_bands.size_band = compared.level
left join regions on compared.covariate = 'region' and regions.region_code = compared.level
where compared.weighting = 'none'
order by compared.contrast, compared.arm_1, compared.arm_0, compared.covariate, compared.level
