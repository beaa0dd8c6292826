-- area_movements: how far each share moved from the three years before the plan to the last two, and whether that may be a headline.
-- One row per area and indicator that is a share and has a figure. A headline has an interval without 0 and, shrunk towards what
-- areas of its kind did (movement_priors; Morris 1983, JASA 78: 47-55), a sign that is sure at 95 %; its sentence gives both figures, the
-- interval, the shrunk size and what the municipality did in the same years. No page that tells movements tells changes since last
-- year or five-point trends as headlines too: those rules were not measured, or were and failed (docs/targets.md).
with shrunk as (
    select
        changes.*,
        dim_areas.municipality_code,
        priors.indicator is not null as has_prior,
        priors.movement_variance / (priors.movement_variance + variance) as reliability,
        priors.mean_movement
        + priors.movement_variance / (priors.movement_variance + variance) * (movement - priors.mean_movement) as lasting,
        sqrt(
            priors.movement_variance / (priors.movement_variance + variance) * variance
            + (variance / (priors.movement_variance + variance)) ^ 2 * priors.mean_movement_se ^ 2
        ) as lasting_se
    from (
        select *, ((movement_high - movement_low) / (2 * z())) ^ 2 as variance from pooled_changes
    ) as changes
    join dim_areas using (area_id)
    left join movement_priors as priors on priors.indicator = changes.indicator
        and priors.before_is = changes.before_is
        and priors.areas >= 50
),
places as (
    select geography_id as municipality_code, indicator, year, value, figure_owner, definition_era(indicator, figure_owner, year) as era
    from place_figures
    where geography = 'municipality' and value is not null and window_years = 1
),
around as (
    select
        area_id,
        shrunk.indicator,
        cast(sum(exact(value)) filter (where year <= before_to) as double) / 3 as before_value,
        cast(sum(exact(value)) filter (where year >= after_from) as double) / 2 as after_value
    from shrunk
    join places
        on places.municipality_code = shrunk.municipality_code
        and places.indicator = shrunk.indicator
        and (places.year between before_from and before_to or places.year between after_from and after_to)
    where movement is not null
    group by area_id, shrunk.indicator
    having count(*) = 5 and count(distinct places.figure_owner) = 1 and count(distinct era) = 1
),
judged as (
    select
        *,
        case
            when movement is null then 'no_movement'
            when not has_prior then 'too_few_areas'
            when movement_low <= 0 and movement_high >= 0 then 'interval_holds_zero'
            when sign(lasting) <> sign(movement) or abs(lasting) < z() * lasting_se then 'sign_not_sure'
        end as no_headline_because
    from shrunk
)
select
    area_id,
    judged.indicator,
    before_is,
    before_from,
    before_to,
    after_from,
    after_to,
    judged.before_value,
    judged.after_value,
    movement,
    movement_low,
    movement_high,
    movement_missing_reason,
    tidy(reliability) as movement_reliability,
    tidy(lasting) as lasting_movement,
    tidy(lasting - z() * lasting_se) as lasting_movement_low,
    tidy(lasting + z() * lasting_se) as lasting_movement_high,
    no_headline_because is null as is_headline,
    no_headline_because,
    tidy(around.before_value) as municipality_before,
    tidy(around.after_value) as municipality_after,
    tidy(around.after_value - around.before_value) as municipality_movement,
    judged.figure_owner,
    getvariable('origin') as origin
from judged
left join around using (area_id, indicator)
order by area_id, judged.indicator
