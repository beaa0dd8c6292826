-- criteria_within_rule: no area meets more criteria than the year's rule holds, as where the periods of two rules overlap.
-- mart: statutory_criteria
select area_id, "year", list_type
from statutory_criteria
where criteria_met > criteria_in_rule
order by area_id, "year", list_type
