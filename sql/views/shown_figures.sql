-- shown_figures: of the figures that stand side by side, the one that a profile shows.
-- One row per geography, geography_id, year, indicator. One with a value goes before any that is missing, one with its
-- counts before any without, then the owners as the indicator orders them, then the mean over fewer years. other_figures
-- counts those that stand beside it with a value.
select
    yearly_figures.*,
    count(yearly_figures.value) over series - if(yearly_figures.value is null, 0, 1) as other_figures
from yearly_figures
join codes.indicators as indicators using (indicator)
join codes.precedence as precedence using (indicator, figure_owner)
window series as (partition by geography, geography_id, "year", indicator)
qualify row_number() over (
    partition by geography, geography_id, "year", indicator
    order by
        yearly_figures.value is null,
        indicators.kind in ('share', 'rate') and (numerator is null or denominator is null),
        precedence.place,
        window_years
) = 1
order by geography, geography_id, "year", indicator
