-- place_breakdowns: what no profile shows because it is a part: of a place's residents (one age, one education), of a year (a
-- quarter, a month), of the country (what lies in no municipality), of a municipality of today (one from before 2007).
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
    or period <> cast("year" as varchar)
    or geography not in ('area', 'municipality', 'region', 'country')
order by geography, geography_id, period, indicator, breakdown, figure_owner, window_years
