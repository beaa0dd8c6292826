-- movement_priors: how far areas of a kind moved on an indicator in truth: the mean of their movements and the variance about it.
-- One row per indicator and kind of base that any area has a movement of. The variance is the one under which the weighted squares
-- about the mean are as many as there are areas less one (Paule & Mandel 1982, Journal of Research of the NBS 87: 377-385), found by
-- Newton's steps from 0 (DerSimonian & Kacker 2007, Contemporary Clinical Trials 28: 105-114): the squares fall ever more slowly,
-- so no step goes too far. The variance of a movement is that of its interval.
with recursive movements as (
    select
        indicator,
        before_is,
        movement,
        ((movement_high - movement_low) / (2 * z())) ^ 2 as variance
    from pooled_changes
    where movement is not null
),
steps as (
    select
        indicator,
        before_is,
        0 as step,
        cast(0 as double) as variance_of_areas
    from movements
    group by indicator, before_is
    union all
    select
        indicator,
        before_is,
        step + 1 as step,
        variance_of_areas + excess / slope as variance_of_areas
    from (
        select
            indicator,
            before_is,
            step,
            variance_of_areas,
            squared - weighted ^ 2 / weight - (areas - 1) as excess,
            weight_squared_squared - weighted / weight * (2 * weight_squared_weighted - weighted / weight * weight_squared) as slope
        from (
            select
                indicator,
                before_is,
                step,
                variance_of_areas,
                count(*) as areas,
                cast(sum(exact(1 / (variance + variance_of_areas))) as double) as weight,
                cast(sum(exact(movement / (variance + variance_of_areas))) as double) as weighted,
                cast(sum(exact(movement ^ 2 / (variance + variance_of_areas))) as double) as squared,
                cast(sum(exact(1 / (variance + variance_of_areas) ^ 2)) as double) as weight_squared,
                cast(sum(exact(movement / (variance + variance_of_areas) ^ 2)) as double) as weight_squared_weighted,
                cast(sum(exact(movement ^ 2 / (variance + variance_of_areas) ^ 2)) as double) as weight_squared_squared
            from steps
            join movements using (indicator, before_is)
            group by indicator, before_is, step, variance_of_areas
        ) as sums
    ) as squares
    where excess > 1e-9 and slope > 0 and step < 100
),
spread as (
    select
        indicator,
        before_is,
        max_by(variance_of_areas, step) as variance_of_areas
    from steps
    group by indicator, before_is
)
select
    indicator,
    before_is,
    count(*) as areas,
    tidy(
        cast(sum(exact(movement / (variance + variance_of_areas))) as double)
        / cast(sum(exact(1 / (variance + variance_of_areas))) as double)
    ) as mean_movement,
    tidy(sqrt(1 / cast(sum(exact(1 / (variance + variance_of_areas))) as double))) as mean_movement_se,
    tidy(variance_of_areas) as movement_variance,
    getvariable('origin') as origin
from spread
join movements using (indicator, before_is)
group by indicator, before_is, variance_of_areas
order by indicator, before_is
