-- national_means: the country's figure as a mean over two years, for each list year that one can be given for.
-- One row per list year, indicator. A delivered mean of two years goes before one made of the two years before the list's,
-- which are one owner's, pooled where their counts are known; of several owners the indicator's first choice.
with country as (
    select
        figures."year",
        indicator,
        figures.figure_owner,
        precedence.place,
        figures.window_years,
        figures."value",
        figures.numerator,
        figures.denominator
    from yearly_figures as figures
    join codes.precedence as precedence using (indicator, figure_owner)
    where figures.geography = 'country' and figures."value" is not null
),
every_mean as (
    select "year", indicator, 1 as choice, place, tidy("value") as "value", 'national_two_years' as basis
    from country
    where window_years = 2
    union all
    select
        latest."year" + 1 as "year",
        latest.indicator,
        2 as choice,
        latest.place,
        tidy(if(
            latest.denominator + earlier.denominator > 0
            and latest.numerator is not null
            and earlier.numerator is not null,
            indicators.factor
            * (latest.numerator + earlier.numerator)::double
            / (latest.denominator + earlier.denominator),
            (latest."value" + earlier."value") / 2
        )) as "value",
        'national_years_before' as basis
    from country as latest
    join country as earlier
        on earlier.indicator = latest.indicator
        and earlier.figure_owner = latest.figure_owner
        and earlier."year" = latest."year" - 1
        and earlier.window_years = 1
    join codes.indicators as indicators on indicators.indicator = latest.indicator
    where latest.window_years = 1
)
select "year", indicator, "value", basis
from every_mean
qualify row_number() over (partition by "year", indicator order by choice, place) = 1
order by "year", indicator
