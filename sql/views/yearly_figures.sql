-- yearly_figures: every owner's figures of the years: as delivered for the year, or made of its quarters or months.
-- One row per geography, geography_id, year, indicator, figure_owner, window_years. A year that was delivered as such is
-- taken as it is. Otherwise the indicator says what its year is: the first part (a stock on its first day), the sum or the
-- mean of all parts; a year that lacks a part has no figure of the year.
with whole as (
    select figures.*, indicators.of_year
    from facts.figures as figures
    join codes.indicators as indicators using (indicator)
    where breakdown = 'all'
),
years as (
    select * exclude (of_year) from whole where period = cast("year" as varchar)
),
parts as (
    select
        *,
        right(period, -5) as part,
        if(substr(period, 5, 1) = 'Q', 4, 12) as parts_of_year
    from whole
    where period <> cast("year" as varchar)
),
firsts as (
    select * exclude (of_year, part, parts_of_year)
    from parts
    where of_year = 'first' and cast(part as integer) = 1
    qualify row_number() over (
        partition by geography, geography_id, "year", indicator, figure_owner, window_years order by period desc
    ) = 1
),
complete as (
    select
        geography,
        geography_id,
        "year",
        parts_of_year,
        indicator,
        figure_owner,
        window_years,
        of_year,
        sum(exact(value)) as total,
        bool_and(value is not null) as is_known,
        min(missing_reason) as missing_reason,
        if(bool_and(status = 'final'), 'final', min(status) filter (where status <> 'final')) as status,
        min(reference_from) as reference_from,
        max(reference_to) as reference_to,
        max(published_in) as published_in,
        max(published_at) as published_at,
        max(received_at) as received_at,
        min(source) as source,
        min(source_file) as source_file,
        min(source_line) as source_line,
        min(origin) as origin
    from parts
    where of_year <> 'first'
    group by geography, geography_id, "year", parts_of_year, indicator, figure_owner, window_years, of_year
    having count(distinct part) = parts_of_year
    qualify row_number() over (
        partition by geography, geography_id, "year", indicator, figure_owner, window_years order by parts_of_year
    ) = 1
),
made as (
    select * from firsts
    union all by name
    select
        geography,
        geography_id,
        "year",
        cast("year" as varchar) as period,
        indicator,
        'all' as breakdown,
        figure_owner,
        window_years,
        cast(null as bigint) as numerator,
        cast(null as bigint) as denominator,
        if(is_known, cast(total as double) / if(of_year = 'sum', 1, parts_of_year), null) as value,
        status,
        if(is_known, null, missing_reason) as missing_reason,
        reference_from,
        reference_to,
        published_in,
        published_at,
        received_at,
        source,
        source_file,
        source_line,
        origin
    from complete
)
select * from years
union all by name
select * from made anti join years using (geography, geography_id, "year", indicator, figure_owner, window_years)
order by geography, geography_id, "year", indicator, figure_owner, window_years
