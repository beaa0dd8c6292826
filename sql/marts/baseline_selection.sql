-- baseline_selection: how far the groups' difference would shrink by itself if the funded areas were chosen in bad years.
-- One row per contrast, indicator, years between the window and the earlier year.
select
    contrast,
    arm_1,
    arm_0,
    indicator,
    years_apart,
    baseline_window,
    earlier_year,
    reliability,
    reliability_areas,
    reliability_is_clipped,
    rebound_ceiling,
    dip,
    dip_se,
    dip_df,
    dip_low,
    dip_high,
    dip_share,
    areas_1,
    areas_0,
    clustered_by,
    why,
    getvariable('origin') as origin
from statistics.selection
order by contrast, indicator, years_apart
