-- grant_summary: the areas of each plan, and the first day of its grants. One row per plan.
select plan_id, area_ids, granted_from from inside.grant_summary order by plan_id
