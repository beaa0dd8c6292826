-- Functions over the lists of schemas/codes, so made once these are loaded.

-- In which stretch between breaks a year lies, counted from 0: of an area's boundary, of an indicator's definition.
create macro boundary_era(area, of_year) as (
    select count(*) from codes.boundary_breaks as breaks where breaks.area_id = area and cast(breaks.from_year as integer) <= of_year
);
create macro definition_era(measure, counted_by, of_year) as (
    select count(*)
    from codes.definition_breaks as breaks
    where breaks.indicator = measure
        and (breaks.figure_owner = '' or breaks.figure_owner = counted_by)
        and cast(breaks.from_year as integer) <= of_year
);
