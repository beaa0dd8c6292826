-- verdict_every_year: every year after the starting year has a verdict and says what kind it is; the starting year has none.
-- mart: target_progress
select plan_id, area_id, target_no, target_version, year, target_verdict, verdict_kind
from target_progress
where (year = start_year) <> (target_verdict is null) or (target_verdict is null) <> (verdict_kind is null)
order by plan_id, area_id, target_no, target_version, year
