-- leading_windows: over how many years the figures of most areas are counted: tables that hold areas side by side take these alone.
-- One row per year, indicator.
select year, indicator, window_years
from area_values
where value is not null
group by year, indicator, window_years
qualify row_number() over (partition by year, indicator order by count(*) desc, window_years) = 1
order by year, indicator
