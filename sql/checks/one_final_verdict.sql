-- one_final_verdict: a version of a target has at most one final verdict: of its target year, with a figure that is final.
-- mart: target_progress
select plan_id, area_id, target_no, target_version, count(*) as finals
from target_progress
where verdict_kind = 'final'
group by plan_id, area_id, target_no, target_version
having count(*) > 1 or bool_or(year <> target_year or value is null or status <> 'final')
order by plan_id, area_id, target_no, target_version
