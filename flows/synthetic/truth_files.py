"""The truth beside a made-up nation: what no delivery says and every estimate can be held against."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.synthetic import implementation, targets
from flows.synthetic.draw import ORIGIN, DrawnNation
from flows.synthetic.parameters import Truth, levels, trendless
from flows.synthetic.places import Places
from flows.synthetic.pool import Pool
from flows.synthetic.targets import DrawnTarget
from schemas.registry import Registry

README = """# The truth of a made-up nation

Origin: synthetic. Seed {seed}, years {first}-{last}, {areas} areas; trends of funded and other areas {parallel}.
Nothing here was delivered: every estimate made of the deliveries can be held against it. The model and its parameters
stand in `flows/synthetic/truth.toml`. Each file has a column `origin`.

- `areas.csv`, a row per area: deprivation, arm, plans, bands, year in which the first plan began, twin group,
  neighbourhood (areas of one plan share it), dwellings, residents
- `plans.csv`, a row per plan: areas, band, amount, period, organisation
- `implementation.csv`, a row per entry of how plans and secretariats are carried out, and what it is tied to
- `indicators.csv`, a row per indicator: every parameter; variances on the link scale (logit for shares, logarithm for
  all else) between municipalities, neighbourhoods and areas before selection, the intraclass correlations that follow
  (icc_plan: two areas of one neighbourhood), and the effect on that scale. Where `within` or `beside` name others, it
  is the scale of the share among their persons, or among those whom they leave. is_trendless: neither it nor what it is
  drawn within or beside has a trend. municipality_mean is the level outside the areas
- `expected.parquet`, a row per area, year and indicator: the expected value in the indicator's unit, and the SD of a
  delivered figure around it, given its denominator
- `targets.csv`, a row per measured target of a plan, as it was first set: the expected value of the starting year, the
  target, what was planted behind it from the starting year on (no_change: the expected value stays what it was in the
  starting year; to_target: it moves in a straight line to the target value in the target year; a milestone lies on its
  parent's line; later years stay at the last planted value), and the step from the drawn figure of the starting year as
  a multiple of the smallest visible change. `expected.parquet` holds what was planted
- `balance.csv`, a row per indicator: expected means of funded and never funded areas over the last three baseline
  years, and their difference in SDs of the funded
- `parameters.csv`: what all indicators share (deprivation, selection, twins, noise)

Persons, dwellings and answers are counted, each once, by all that `schemas/populations.toml` tells of them; areas lie
in municipalities, and these make up the country. So every sum that follows from whom the figures count is true, as in a
register (`boligprofil explain populations`); what is withheld, late or provisional is so in the deliveries alone.

Twins: the areas of a group have one funded area's latent values (municipality and neighbourhood parts included), its
size and its deprivation, but for a jitter; draws are their own. Effects begin in the year after an area's first plan
began. Where a target has a planted truth, it stands in place of effect and noise of the years after its start.
"""


def write(folder: Path, registry: Registry, drawn: DrawnNation, set_targets: Sequence[DrawnTarget]) -> None:
    """Write the truth's files into `folder`."""
    origin = pl.lit(ORIGIN).alias("origin")
    folder.mkdir(parents=True)
    drawn.areas.write_csv(folder / "areas.csv")
    _plans(drawn.places, drawn.pool).write_csv(folder / "plans.csv")
    entries = implementation.as_truth(drawn.places, drawn.pool, drawn.implementation(registry))
    entries.with_columns(origin).write_csv(folder / "implementation.csv")
    _indicators(registry, drawn.truth).write_csv(folder / "indicators.csv")
    _balance(registry, drawn).write_csv(folder / "balance.csv")
    _parameters(drawn).write_csv(folder / "parameters.csv")
    targets.as_truth(set_targets, drawn.places).with_columns(origin).write_csv(folder / "targets.csv")
    expected = drawn.figures.select("area_id", "year", "indicator", "expected", "spread", origin)
    expected.write_parquet(folder / "expected.parquet", compression="zstd", compression_level=3)
    readme = README.format(
        seed=drawn.seed,
        first=drawn.years[0],
        last=drawn.years[-1],
        areas=drawn.places.areas.height,
        parallel="are parallel" if drawn.parallel else "diverge",
    )
    (folder / "README.md").write_text(readme, encoding="utf-8", newline="\n")


def _plans(places: Places, pool: Pool) -> pl.DataFrame:
    ids = places.areas["area_id"].to_list()
    towns = places.municipalities["municipality_code"].to_list()
    return pl.DataFrame(
        [
            {
                "plan_name": plan.name,
                "municipality_code": towns[plan.municipality],
                "area_ids": "; ".join(ids[area] for area in plan.areas),
                "funding_band": plan.funding_band,
                "amount_dkk": plan.amount_dkk,
                "granted_from": plan.begins,
                "granted_to": plan.ends,
                "grant_period_years": plan.period_years,
                "project_organisation": plan.project_organisation,
                "project_secretariat": plan.project_secretariat,
                "supported_by_secretariat": plan.supported_by_secretariat,
                "is_case_area": plan.is_case,
                "origin": ORIGIN,
            }
            for plan in pool.plans
        ]
    )


def _indicators(registry: Registry, truth: Truth) -> pl.DataFrame:
    """Parameters and, between areas before selection and twins, variances and intraclass correlations."""
    rows = []
    known = levels(registry)
    still = trendless(known)
    for name, level in known.items():
        indicator = registry.indicators[name]
        between = [
            level.loading**2 * of_u**2 + level.sd**2 * own**2
            for of_u, own in zip(truth.deprivation.weights, level.weights, strict=True)
        ]
        total = sum(between)
        rows.append(
            {
                "indicator": name,
                "of_areas": indicator.of_areas,
                "scale": "logit" if indicator.kind == "share" else "log",
                **level.model_dump() | {"beside": "; ".join(level.beside)},
                "is_trendless": name in still,
                "variance_municipality": between[0],
                "variance_neighbourhood": between[1],
                "variance_area": between[2],
                "icc_municipality": between[0] / total if total else 0.0,
                "icc_plan": (between[0] + between[1]) / total if total else 0.0,
                "origin": ORIGIN,
            }
        )
    return pl.DataFrame(rows)


def _balance(registry: Registry, drawn: DrawnNation) -> pl.DataFrame:
    """Expected means of the arms over the three years that end the baseline, as far as they were drawn."""
    last = registry.evaluation.baseline.last_year
    window = [at for at, year in enumerate(drawn.years) if last - 2 <= year <= last]
    funded, never = (drawn.pool.arms == arm for arm in ("funded", "never_funded"))
    rows = []
    for name, figure in drawn.of_areas.items() if window else ():
        mean = figure.expected[:, window].mean(axis=1)
        inside, outside, sd = mean[funded], mean[never], mean[funded].std(ddof=1)
        rows.append(
            {
                "indicator": name,
                "areas_funded": int(funded.sum()),
                "areas_never_funded": int(never.sum()),
                "mean_funded": float(inside.mean()),
                "mean_never_funded": float(outside.mean()),
                "sd_funded": float(sd),
                "smd": float((inside.mean() - outside.mean()) / sd) if sd else 0.0,
                "origin": ORIGIN,
            }
        )
    return pl.DataFrame(rows)


def _parameters(drawn: DrawnNation) -> pl.DataFrame:
    years, truth = drawn.years, drawn.truth
    values: dict[str, object] = {"seed": drawn.seed, "first_year": years[0], "last_year": years[-1]}
    values |= {"parallel": drawn.parallel, "transient": drawn.transient, "origin_year": truth.origin_year}
    for block in ("deprivation", "selection", "organisation", "implementation", "twins", "noise", "divergence"):
        values |= {f"{block}.{key}": value for key, value in getattr(truth, block).model_dump().items()}
    return pl.DataFrame([{"parameter": key, "value": str(value), "origin": ORIGIN} for key, value in values.items()])
