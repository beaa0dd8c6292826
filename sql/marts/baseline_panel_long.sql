-- baseline_panel_long: the analysis file with a row per figure: its counts, why it is missing, and all that a comparison needs.
-- One row per area, year, indicator; years whose outcomes are locked are not in it.
select
    panel.area_id,
    panel.municipality_code,
    panel.year,
    area_profile.indicator,
    area_profile.value,
    area_profile.numerator,
    area_profile.denominator,
    area_profile.missing_reason,
    panel.in_baseline,
    panel.treatment,
    panel.gname,
    panel.event_time,
    panel.cluster_plan,
    panel.cluster_municipality,
    panel.w_entropy,
    panel.w_twins,
    area_profile.baseline_caveat,
    panel.origin
from baseline_panel as panel
join area_profile using (area_id, year)
order by panel.area_id, panel.year, area_profile.indicator
