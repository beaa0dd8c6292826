-- dim_municipalities: the 98 municipalities of 2007 with their regions and what they were made of.
-- One row per municipality.
with heirs as (
    select
        municipality_code,
        count(*) as predecessors,
        bool_or(is_split) as has_split_part
    from dim_municipality_mergers
    group by municipality_code
)
select
    municipality_code,
    municipality_name,
    region_code,
    region_name,
    groups.group_name,
    predecessors,
    has_split_part,
    municipalities.origin
from facts.municipalities as municipalities
left join heirs using (municipality_code)
left join facts.municipality_groups as groups using (municipality_code)
order by municipality_code
