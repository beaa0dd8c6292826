-- corrections_still_match: a declared correction that matches no row can go.
-- mart: known_corrections
-- severity: warning
select correction_id, reason
from known_corrections
where matched_rows = 0
order by correction_id
