-- list_figures: the figures that the ministry's lists print of the areas, whatever others say of the same year.
-- One row per area, year, indicator.
select
    geography_id as area_id,
    "year",
    indicator,
    tidy("value") as "value",
    origin
from facts.figures
where geography = 'area'
    and breakdown = 'all'
    and "value" is not null
    and figure_owner = 'ministry'
qualify row_number() over (
    partition by geography_id, "year", indicator
    order by published_at desc, received_at desc, source, source_file, source_line
) = 1
order by area_id, "year", indicator
