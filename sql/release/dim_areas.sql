-- dim_areas: where each area lies. One row per area.
select area_id, municipality_code, region_code from inside.dim_areas order by area_id
