-- dim_secretariats: the area secretariats of the report and how many case areas each is marked as supporting.
-- One row per secretariat.
with supported as (
    select secretariat_municipality_code as municipality_code, count(*) as case_areas
    from facts.case_areas
    where supported_by_secretariat
    group by secretariat_municipality_code
)
select
    secretariats.secretariat_id,
    secretariats.name_da as secretariat_name,
    secretariats.municipality_code,
    municipalities.municipality_name,
    coalesce(supported.case_areas, 0) as case_areas,
    municipalities.origin
from codes.secretariats as secretariats
join facts.municipalities as municipalities using (municipality_code)
left join supported using (municipality_code)
order by secretariat_id
