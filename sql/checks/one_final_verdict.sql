-- one_final_verdict: a target in force has one final verdict, in its target year, unless it was set when the figure was known
-- or the figure is provisional.
-- mart: target_progress
select plan_id, area_id, target_no, count(*) filter (where verdict_kind = 'final') as finals
from target_progress
where is_current
group by plan_id, area_id, target_no
having count(*) filter (where verdict_kind = 'final') <> count(*) filter (
        where year = target_year and verdict_kind <> 'afterwards' and status is distinct from 'provisional'
    )
    or bool_or(verdict_kind = 'final' and year <> target_year)
order by plan_id, area_id, target_no
