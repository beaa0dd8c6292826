-- national_means: the country's figure as a mean over two years, for each list year that one can be given for.
-- One row per list year, indicator. A delivered mean of two years goes before one made of the two years before the list's, pooled where their counts are known.
with country as (
    select
        "year",
        indicator,
        window_years,
        "value",
        numerator,
        denominator
    from facts.figures
    where geography = 'country' and breakdown = 'all' and length(period) = 4 and "value" is not null
    qualify row_number() over (
        partition by "year", indicator, window_years
        order by published_at desc, received_at desc, source, source_file, source_line
    ) = 1
),
delivered as (
    select "year", indicator, tidy("value") as "value", 'national_two_years' as basis from country where window_years = 2
),
made as (
    select
        latest."year" + 1 as "year",
        latest.indicator,
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
        on earlier.indicator = latest.indicator and earlier."year" = latest."year" - 1 and earlier.window_years = 1
    join codes.indicators as indicators on indicators.indicator = latest.indicator
    where latest.window_years = 1
)
select "year", indicator, "value", basis from delivered
union all
select "year", indicator, "value", basis from made anti join delivered using ("year", indicator)
order by "year", indicator
