-- shared_indicators: the indicators that each area secretariat has agreed on with its project managers.
-- One row per secretariat, indicator and agreement. In force is what holds on the last day on which any figure, target or
-- agreement was received: a snapshot knows no other today.
with today as (
    select greatest(
        (select max(received_at) from facts.figures),
        (select max(received_at) from facts.plan_targets),
        (select max(received_at) from facts.secretariat_indicators)
    ) as day
)
select
    secretariat_id,
    secretariats.name_da as secretariat_name,
    secretariats.municipality_code,
    agreed.indicator,
    agreed.agreed_by,
    agreed.agreed_from,
    agreed.agreed_until,
    agreed.agreed_from <= today.day and coalesce(agreed.agreed_until >= today.day, true) as is_in_force,
    sources.is_example,
    agreed.source,
    agreed.source_file,
    agreed.source_line,
    agreed.published_at,
    agreed.received_at,
    agreed.origin
from facts.secretariat_indicators as agreed
join codes.secretariats as secretariats using (secretariat_id)
join codes.sources as sources using (source)
cross join today
order by secretariat_id, indicator, agreed_from
