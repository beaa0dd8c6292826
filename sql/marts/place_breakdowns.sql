-- place_breakdowns: the figures of parts of a place's residents: one age, one marital status, one education.
-- One row per kind of place, place, period, indicator, part, owner and number of years.
select
    geography,
    geography_id,
    "year",
    period,
    indicator,
    breakdown,
    figure_owner,
    window_years,
    tidy(value) as value,
    numerator,
    denominator,
    status,
    missing_reason,
    reference_from,
    reference_to,
    source,
    source_file,
    source_line,
    published_at,
    received_at,
    origin
from facts.figures
where breakdown <> 'all'
order by geography, geography_id, period, indicator, breakdown, figure_owner, window_years
