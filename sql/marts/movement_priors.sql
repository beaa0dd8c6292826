-- movement_priors: how far areas of a kind moved on an indicator in truth: the mean of their movements and the variance about it.
-- One row per indicator and kind of base that any area has a movement of. Method of moments (DerSimonian & Laird 1986,
-- Controlled Clinical Trials 7: 177-188); the variance of a movement is that of its interval.
with movements as (
    select
        indicator,
        before_is,
        movement,
        ((movement_high - movement_low) / (2 * z())) ^ 2 as variance
    from pooled_changes
    where movement is not null
),
moments as (
    select
        indicator,
        before_is,
        count(*) as areas,
        cast(sum(exact(1 / variance)) as double) as weight,
        cast(sum(exact(1 / variance ^ 2)) as double) as weight_squared,
        cast(sum(exact(movement / variance)) as double) as weighted,
        cast(sum(exact(movement ^ 2 / variance)) as double) as weighted_squared
    from movements
    group by indicator, before_is
),
spread as (
    select
        *,
        if(
            areas > 1,
            greatest(0, (weighted_squared - weighted ^ 2 / weight - (areas - 1)) / (weight - weight_squared / weight)),
            0
        ) as variance_of_areas
    from moments
)
select
    indicator,
    before_is,
    spread.areas,
    tidy(
        cast(sum(exact(movement / (variance + variance_of_areas))) as double)
        / cast(sum(exact(1 / (variance + variance_of_areas))) as double)
    ) as mean_movement,
    tidy(sqrt(1 / cast(sum(exact(1 / (variance + variance_of_areas))) as double))) as mean_movement_se,
    tidy(variance_of_areas) as movement_variance,
    getvariable('origin') as origin
from spread
join movements using (indicator, before_is)
group by indicator, before_is, spread.areas, variance_of_areas
order by indicator, before_is
