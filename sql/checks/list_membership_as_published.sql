-- list_membership_as_published: membership by rule is the published one, list by list, but for declared exceptions.
-- mart: statutory_criteria
select area_id, "year", list_type, criteria_met, criteria_required, on_list_by_rule, on_list
from statutory_criteria
where not agrees and known_exception is null
order by area_id, "year", list_type
