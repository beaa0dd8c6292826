-- amount_contributors: of means of money how many make them up, and what the two largest of these hold, where the sender gives it.
-- One row per kind of place, place, year, indicator: of the figure that a profile shows. Disclosure control goes by it.
select
    geography,
    geography_id,
    "year",
    indicator,
    figure_owner,
    window_years,
    tidy(value) as value,
    contributors,
    amount_total,
    largest_two,
    source,
    source_file,
    source_line,
    published_at,
    received_at,
    origin
from shown_figures
join codes.indicators as indicators using (indicator)
where
    indicators.kind = 'mean'
    and value is not null
    and contributors is not null
    and amount_total is not null
    and largest_two is not null
order by geography, geography_id, "year", indicator
