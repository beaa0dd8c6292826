-- known_exceptions: the declared exceptions, and whether each still matches a row.
-- One row per exception.
with disagreements as (
    select 'list_membership_as_published' as "check", area_id, year from statutory_criteria where not agrees
    union all
    select 'size_band_as_printed', area_id, null from dim_areas where size_band <> size_band_printed
)
select
    exceptions.exception_id,
    exceptions."check",
    exceptions.area_id,
    exceptions.year as exception_year,
    exceptions.indicator,
    exceptions.file,
    exceptions.source,
    exceptions.mart,
    exceptions.reason,
    exceptions.owner,
    exceptions.until,
    matched.id is not null or exists (
        select 1
        from disagreements
        where disagreements."check" = exceptions."check"
            and disagreements.area_id = exceptions.area_id
            and (exceptions.year is null or disagreements.year = exceptions.year)
    ) as still_matches,
    getvariable('origin') as origin
from codes.exceptions as exceptions
left join codes.matched as matched on matched.id = exceptions.exception_id
order by exceptions.exception_id
