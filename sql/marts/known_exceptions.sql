-- known_exceptions: the declared exceptions, and whether each still matches a row.
-- One row per exception.
with disagreements as (
    select
        'list_membership_as_published' as "check", area_id, "year", list_type
    from statutory_criteria
    where not agrees
    union all
    select 'size_band_as_printed', area_id, null, null from dim_areas where size_band <> size_band_printed
    union all
    select
        'lists_are_whole', unnest(string_split(absent_areas, ', ')), "year", list_type
    from list_coverage
    where absent_areas is not null
    union all
    select 'lists_are_whole', null, "year", list_type from list_coverage where areas_difference <> 0
)
select
    exceptions.exception_id,
    exceptions."check",
    exceptions.area_id,
    exceptions."year" as exception_year,
    exceptions.list_type,
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
            and disagreements.area_id is not distinct from exceptions.area_id
            and (exceptions."year" is null or disagreements."year" = exceptions."year")
            and (exceptions.list_type is null or disagreements.list_type = exceptions.list_type)
    ) as still_matches,
    getvariable('origin') as origin
from codes.exceptions as exceptions
left join codes.matched as matched on matched.id = exceptions.exception_id
order by exceptions.exception_id
