-- parts_have_their_whole: every part and milestone belongs to a target of the same plan.
-- mart: dim_targets
select parts.plan_id, parts.target_no, parts.parent_no
from dim_targets as parts
where parts.parent_no is not null
    and not exists (
        select 1 from dim_targets as wholes where wholes.plan_id = parts.plan_id and wholes.target_no = parts.parent_no
    )
order by parts.plan_id, parts.target_no
