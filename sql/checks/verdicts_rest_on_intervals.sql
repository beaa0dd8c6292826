-- verdicts_rest_on_intervals: reached, on the way and off the way are said only where the change has an interval and nothing
-- speaks against it.
-- mart: target_progress
select plan_id, area_id, target_no, target_version, year, target_verdict, why
from target_progress
where target_verdict in ('reached', 'on_the_way', 'off_the_way')
    and (why is not null or ci_low is null or change_start_low is null or abs(expected_value - start_figure) <= visible_change)
order by plan_id, area_id, target_no, target_version, year
