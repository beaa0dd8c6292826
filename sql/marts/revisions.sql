-- revisions: what moved since the last snapshot.
-- One row per figure that was changed or withdrawn; new figures are no revisions. Before the first snapshot there is
-- nothing to compare with. A figure of another owner, or over another number of years, is another figure.
select
    geography,
    geography_id,
    before."year",
    period,
    indicator,
    breakdown,
    figure_owner,
    window_years,
    case
        when figures.origin is null then 'withdrawn'
        when (figures.value, figures.numerator, figures.denominator, figures.missing_reason)
            is distinct from (before.value, before.numerator, before.denominator, before.missing_reason) then 'figure'
        else 'status'
    end as change,
    before.value as value_before,
    figures.value,
    tidy(figures.value - before.value) as difference,
    before.numerator as numerator_before,
    figures.numerator,
    before.denominator as denominator_before,
    figures.denominator,
    before.missing_reason as missing_reason_before,
    figures.missing_reason,
    before.status as status_before,
    figures.status,
    before.source_file as source_file_before,
    before.source_line as source_line_before,
    before.published_at as published_at_before,
    figures.source_file,
    figures.source_line,
    figures.published_at,
    before.origin
from facts.figures_before as before
left join facts.figures as figures using (geography, geography_id, period, indicator, breakdown, figure_owner, window_years)
where (figures.value, figures.numerator, figures.denominator, figures.missing_reason, figures.status)
    is distinct from (before.value, before.numerator, before.denominator, before.missing_reason, before.status)
order by geography, geography_id, period, indicator, breakdown, figure_owner, window_years
