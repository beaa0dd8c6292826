-- exceptions_still_match: a declared exception that matches no row can go.
-- mart: known_exceptions
-- severity: warning
select exception_id, reason
from known_exceptions
where not still_matches
order by exception_id
