-- shared_indicators: the indicators that each area secretariat has agreed on with its project managers.
-- One row per secretariat, indicator and agreement.
select
    secretariat_id,
    secretariats.name_da as secretariat_name,
    secretariats.municipality_code,
    agreed.indicator,
    agreed.agreed_by,
    agreed.agreed_from,
    agreed.agreed_until,
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
order by secretariat_id, indicator, agreed_from
