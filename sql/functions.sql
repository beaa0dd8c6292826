-- Statistical functions that several marts share. z is the 0.975 quantile of the standard normal distribution.

create macro z() as 1.959963984540054;

-- Wilson score interval of a share x / n (Wilson 1927), in percent, clamped to [0, 100].
create macro wilson_low(x, n) as
    100 * greatest(0, (2.0::double * x + z() ^ 2 - z() * sqrt(z() ^ 2 + 4.0::double * x * (1 - x / n::double))) / (2 * (n + z() ^ 2)));
create macro wilson_high(x, n) as
    100 * least(1, (2.0::double * x + z() ^ 2 + z() * sqrt(z() ^ 2 + 4.0::double * x * (1 - x / n::double))) / (2 * (n + z() ^ 2)));

-- 95 % limits of a Poisson count x: exact (half the 0.025 quantile of chi-square with 2x degrees of freedom, and half
-- the 0.975 quantile with 2x + 2) below 10, Byar's approximation from 10 on.
create macro poisson_low(x) as case
    when x >= 10 then x * (1 - 1 / (9.0::double * x) - z() / (3 * sqrt(x))) ^ 3
    else ([0.0, 0.0253178079843, 0.242209278544, 0.618672122896, 1.08986537363, 1.62348639012, 2.20189425349,
           2.81436305152, 3.45383217675, 4.11537309738]::double[])[x + 1]
end;
create macro poisson_high(x) as case
    when x >= 10 then (x + 1) * (1 - 1 / (9.0::double * (x + 1)) + z() / (3 * sqrt(x + 1))) ^ 3
    else ([3.68887945411, 5.57164339094, 7.22468766772, 8.76727306974, 10.2415886754, 11.6683320793, 13.0594740225,
           14.4226753617, 15.7631892202, 17.0848034514]::double[])[x + 1]
end;

-- Newcombe's hybrid score interval (1998, method 10) of the difference of two shares in percentage points; the years
-- are taken as independent, which is conservative where residents stay.
create macro newcombe_low(p1, low1, high1, p0, low0, high0) as
    (p1 - p0) - sqrt((p1 - low1) ^ 2 + (high0 - p0) ^ 2);
create macro newcombe_high(p1, low1, high1, p0, low0, high0) as
    (p1 - p0) + sqrt((high1 - p1) ^ 2 + (p0 - low0) ^ 2);

-- Why two figures of one place and indicator are not of one series: b and d are the eras of boundary and definition.
create macro apart(b1, d1, window1, owner1, b0, d0, window0, owner0) as case
    when b1 <> b0 then 'boundary_break'
    when d1 <> d0 then 'definition_break'
    when window1 <> window0 then 'other_window'
    when owner1 <> owner0 then 'other_owner'
end;

-- Better, similar or worse than a comparator: only where the interval excludes it; higher or lower without polarity.
create macro verdict(low, high, comparator, polarity) as case
    when low is null or high is null or comparator is null then null
    when comparator between low and high then 'similar'
    when polarity = 'neutral' then case when low > comparator then 'higher' else 'lower' end
    when (low > comparator) = (polarity = 'high_is_better') then 'better'
    else 'worse'
end;

-- A verdict of a share whose counts are rounded: only where its interval excludes all that the comparator can be.
create macro verdict_when_rounded(rounded_to, verdict, low, high, least, most) as
    if(rounded_to is not null and verdict is not null and low <= most and high >= least, 'similar', verdict);

-- Smallest change between two years that is found in four cases of five at 5 % (80 % power): z(0.975) + z(0.80) = 2.80
-- standard errors of the difference. Shares in percent, with their bases; rates per `per`, with theirs.
-- A share of 0 or 100 and a rate of 0 vary as half a unit would: else nothing would be too small to be seen.
create macro variance_of_share(p, n) as greatest(p * (100 - p), 10000 * (0.5 / (n + 1)) * (1 - 0.5 / (n + 1)));
create macro visible_change_of_shares(p0, n0, p1, n1) as
    2.80 * sqrt(variance_of_share(p0, n0) / nullif(n0, 0) + variance_of_share(p1, n1) / nullif(n1, 0));
create macro visible_change_of_rates(r0, n0, r1, n1, per) as
    2.80 * sqrt(per * (greatest(r0, 0.5 * per / n0) / nullif(n0, 0) + greatest(r1, 0.5 * per / n1) / nullif(n1, 0)));
create macro visible_change(kind, p0, n0, p1, n1, per) as
    if(kind = 'share', visible_change_of_shares(p0, n0, p1, n1), visible_change_of_rates(p0, n0, p1, n1, per));

-- Where a target stands: from the interval of the level, the interval of the change since the start, the change that the
-- path asks for by now, and the target. A target that shall fall is judged as its mirror image.
create macro verdict_upwards(low, change_low, change_high, path_change, target) as case
    when low >= target then 'reached'
    when change_high < path_change then 'off_the_way'
    when change_low > 0 then 'on_the_way'
    else 'cannot_be_told'
end;
create macro target_verdict(direction, low, high, change_low, change_high, path_change, target) as if(
    direction = 'up',
    verdict_upwards(low, change_low, change_high, path_change, target),
    verdict_upwards(-high, -change_high, -change_low, -path_change, -target)
);

-- An identifier made of a name, as flows/intake/names.py makes it: a letter outside a-z, 0-9, æ, ø, å is its code point.
create macro slug(name) as trim(
    regexp_replace(
        list_aggregate(
            list_transform(
                regexp_extract_all(
                    replace(replace(replace(lower(nfc_normalize(name)), 'æ', 'ae'), 'ø', 'oe'), 'å', 'aa') || ' ',
                    '(?s).'),
                lambda letter: case
                    when unicode(letter) < 128 then letter
                    when regexp_full_match(letter, '[\p{L}\p{M}\p{N}]') then format('u{:04x}', unicode(letter))
                    else ' '
                end),
            'string_agg', ''),
        '[^a-z0-9]+', '-', 'g'),
    '-');

-- Exact sums: parallel sums of doubles differ in their last bits from run to run, sums of decimals do not.
create macro exact(x) as cast(x as decimal(38, 12));

-- The one value that every row of a group has; none where they differ or one has none.
create macro sole(x) as if(min(x) = max(x) and count(x) = count(*), min(x), null);

-- A double without the noise of its last bits.
create macro tidy(x) as round(x, 9);
