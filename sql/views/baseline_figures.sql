-- baseline_figures: the areas' figures that may stand in the baseline: those of open_figures up to the last baseline year.
-- One row per area, year, indicator.
select *
from open_figures
where year <= getvariable('last_baseline_year')
order by area_id, year, indicator
