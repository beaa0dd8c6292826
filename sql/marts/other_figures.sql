-- other_figures: the figures that stand beside those that the profiles show: whose they are, and by how much they differ.
-- One row per kind of place, place, year, indicator, owner and number of years; none where a figure stands alone.
select
    others.geography,
    others.geography_id,
    others."year",
    others.indicator,
    others.figure_owner,
    others.window_years,
    tidy(others.value) as value,
    others.numerator,
    others.denominator,
    others.status,
    others.missing_reason,
    shown.figure_owner as profile_owner,
    shown.window_years as profile_window_years,
    tidy(shown.value) as profile_value,
    tidy(others.value - shown.value) as difference,
    others.source,
    others.source_file,
    others.source_line,
    others.published_at,
    others.received_at,
    others.origin
from yearly_figures as others
join shown_figures as shown using (geography, geography_id, "year", indicator)
where (others.figure_owner, others.window_years) <> (shown.figure_owner, shown.window_years)
order by others.geography, others.geography_id, others."year", others.indicator, others.figure_owner, others.window_years
