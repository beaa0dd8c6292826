-- funding_band_as_amount: the delivered funding band is that of the amount; ask the sender which is right.
-- mart: grant_summary
-- severity: warning
select plan_id
from grant_summary
where funding_band_by_amount <> funding_band
order by plan_id
