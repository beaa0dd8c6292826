-- cleared_movements: the movements of a release's areas, and which of them may be headlines, from cleared counts alone.
-- One row per area, indicator that is a share and is shown in some year. Other municipalities' areas count in what they are shrunk
-- towards, so that one secretariat's extract says the same as all of them.
select * from area_movements order by area_id, indicator
