-- goals_add_up: the targets in force are the measurable ones and the others, and each measurable one stands somewhere.
-- mart: plan_overview
select plan_id, effort_area_id, goals, goals_measurable, goals_not_measurable
from plan_overview
where goals <> goals_measurable + goals_not_measurable
    or goals_measurable <> reached + on_the_way + off_the_way + cannot_be_told + without_verdict
    or activities <> activities_with_indicator + activities_without_indicator
order by plan_id, effort_area_id
