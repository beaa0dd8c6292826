-- lists_are_whole: a delivered list has the stated number of areas, and none that stands on the one before and the
-- one after is absent; ask who transcribed it.
-- mart: list_coverage
-- severity: warning
select list_type, "year", areas_stated, areas_delivered, absent_areas
from list_coverage
where (areas_difference <> 0 or absent_areas is not null) and known_exception is null
order by list_type, "year"
