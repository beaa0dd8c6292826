-- known_corrections: the declared corrections of source errors, and how many delivered rows each matched.
-- One row per correction.
select
    correction_id,
    source,
    file,
    "column" as corrected_column,
    wrong,
    "right" as corrected,
    reason,
    owner,
    until,
    coalesce(matched_rows, 0) as matched_rows,
    getvariable('origin') as origin
from codes.corrections as corrections
left join codes.matched as matched on matched.id = corrections.correction_id
order by correction_id
