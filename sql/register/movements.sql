-- movements: who stayed in an area from one 1 January to the next, who came and who left, and how many of them a share counts.
-- One row per area, movement and indicator. The area is what it is on the second day. stayer: there on both; in_mover, born: there
-- on the second alone; out_mover: on the first alone; died: likewise, by the register of moves. Of each, persons whom the indicator is
-- of (its denominator) on both days (remained), on the second alone (came) and on the first alone (went), and whom it counts on either day.
-- Reads residents (of person_years of both years), moves (of the year before); of them the persons of one bucket.
-- {members}: a column per population; {shares}: a struct per indicator of aggregates over before and after.
with members as (
    select person_id, area_id, "year" = getvariable('year') as is_after, age, {members}
    from residents
    where area_id is not null and person_id % getvariable('buckets') = getvariable('bucket')
),
deaths as (
    select distinct person_id from moves where move_kind = 'died'
),
grouped as (
    select
        coalesce(after.area_id, before.area_id) as area_id,
        case
            when after.person_id is not null and before.person_id is not null then 'stayer'
            when after.age = 0 then 'born'
            when after.person_id is not null then 'in_mover'
            when deaths.person_id is not null then 'died'
            else 'out_mover'
        end as movement,
        [{shares}] as shares
    from (from members where not is_after) as before
    full join (from members where is_after) as after on after.person_id = before.person_id and after.area_id = before.area_id
    left join deaths on deaths.person_id = before.person_id
    group by all
)
select area_id, movement, cast(getvariable('year') as integer) as "year", * exclude (area_id, movement)
from (select area_id, movement, unnest(shares, recursive := true) from grouped) as named
order by area_id, movement, indicator
