"""The commands as a person meets them: what they print and the exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from command_line import invoke, process

ROOT = Path(__file__).parents[1]
RAW = ROOT / "data" / "raw"
HEAVY = (
    "rich",
    "pydantic_settings",
    "prefect",
    "great_expectations",
    "polars",
    "pyarrow",
    "numpy",
    "duckdb",
    "pandera",
    "statsmodels",
)


def imported(arguments: str, cwd: Path) -> set[str]:
    """Heavy libraries that a command imports."""
    lines = ["import sys", "from flows.cli import app", "try:", f"    app({arguments})", "finally:"]
    script = "\n".join([*lines, "    print(*sys.modules, file=sys.stderr)"])
    done = subprocess.run([sys.executable, "-c", script], cwd=cwd, capture_output=True, text=True, check=False)
    return {name for name in HEAVY if name in done.stderr.split()}


def test_help_answers_at_once_and_loads_nothing(tmp_path: Path) -> None:
    done = process(tmp_path, "--help")
    assert done.returncode == 0
    for command in ("run", "status", "check", "explain", "snapshots", "path", "dictionary"):
        assert command in done.stdout
    assert imported("['--help']", tmp_path) == set()


def test_a_second_run_says_that_nothing_changed_before_prefect_starts(published: Path) -> None:
    done = process(published, "run", "--raw", str(RAW))
    assert done.returncode == 0
    assert "Nothing changed" in done.stdout
    assert imported(f"['run', '--raw', {str(RAW)!r}]", published) == set()
    assert len(list((published / "data/marts/versions").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "loaded"), [(["path", "area_profile"], set()), (["status", "--raw", str(RAW)], {"rich"})]
)
def test_what_reads_no_mart_loads_nothing(published: Path, arguments: list[str], loaded: set[str]) -> None:
    assert imported(str(arguments), published) == loaded


def test_a_night_loads_what_it_needs_when_it_needs_it() -> None:
    """Great Expectations judges, scipy's parts come with a statistic that asks."""
    script = "import sys, flows.night; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "polars" in done.stdout.split()
    late = {"great_expectations", "scipy.stats", "scipy.optimize", "scipy.spatial", "sqlglot", "prefect", "pandera"}
    assert not late & set(done.stdout.split())


def test_status_shows_each_delivery_and_what_is_to_do(published: Path, tmp_path: Path) -> None:
    done = invoke(published, "status", "--raw", str(RAW))
    assert done.exit_code == 0
    assert "ministry_lists/liste_2012.csv" in done.stdout
    assert "no baseline" in done.stdout
    assert "Nothing to do" in done.stdout
    other = tmp_path / "raw"
    shutil.copytree(RAW, other)
    (other / "ministry_lists" / "liste_2010.csv").unlink()
    (other / "ministry_lists" / "liste_2018.csv").write_text("x")
    with (other / "grants" / "bevillinger_2006_2010.csv").open("a") as file:
        file.write("\n")
    done = invoke(published, "status", "--raw", str(other))
    for change in ("new: ministry_lists/liste_2018.csv", "gone: ministry_lists/liste_2010.csv", "changed: grants/"):
        assert change in done.stdout


def test_check_verifies_files_and_rules(published: Path) -> None:
    done = invoke(published, "check")
    marts = len([*(published / "data" / "marts" / "current").glob("*.parquet")])
    rules = len([*(ROOT / "sql" / "checks").glob("*.sql")])
    assert min(marts, rules) > 20
    assert done.exit_code == 0
    assert done.stdout.strip().endswith(f": {marts} files are whole, {rules} of {rules} checks hold.")


def test_check_finds_a_damaged_file(published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    file = Path(invoke(tmp_path, "path", "coverage").stdout.strip())
    assert file.is_relative_to(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    done = invoke(tmp_path, "check")
    assert done.exit_code == 1
    assert "coverage has other bytes" in done.stderr


def test_path_prints_the_resolved_file(published: Path) -> None:
    done = process(published, "path", "area_profile")
    file = Path(done.stdout.strip())
    assert file.is_absolute()
    assert "current" not in file.parts
    assert pl.read_parquet(file).height == 1316


def test_explain_says_whom_the_figures_count_and_what_follows(published: Path) -> None:
    done = " ".join(invoke(published, "explain", "populations").stdout.split())
    assert "residents = residents_18_plus + residents_0_17" in done
    assert "dwellings = households + vacant_dwellings" in done
    assert "vacant_dwellings dwellings without a tenant: household vacant (1 January); in vacant_dwellings_pct" in done


def test_explain_says_what_an_indicator_means(published: Path) -> None:
    done = invoke(published, "explain", "convicted_pct")
    assert done.exit_code == 0
    assert "Andel dømte" in done.stdout
    assert "column 'Dømte (pct.)'" in done.stdout


def test_snapshots_lists_the_one_in_force(published: Path) -> None:
    done = invoke(published, "snapshots")
    assert done.exit_code == 0
    assert (published / "data/marts/CURRENT.txt").read_text().strip() in done.stdout


def test_the_dictionary_is_written_in_both_forms(published: Path, tmp_path: Path) -> None:
    assert invoke(published, "dictionary").stdout.startswith("# Data dictionary")
    done = invoke(published, "dictionary", "--format", "csv", "--out", str(tmp_path / "d.csv"))
    assert done.exit_code == 0
    assert (tmp_path / "d.csv").read_bytes().startswith(b"\xef\xbb\xbftable;kind;column")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--nonsense"], "No such option"),
        (["explain", "nonsense"], "no indicator 'nonsense'; there are residents"),
        (["path", "nonsense"], "no mart 'nonsense'; there are amount_contributors, area_movements"),
        (["dictionary", "--format", "pdf"], "no format 'pdf'"),
        (["run", "--raw", "nowhere"], "nowhere is no folder of deliveries"),
    ],
)
def test_wrong_usage_is_exit_code_2(published: Path, arguments: list[str], message: str) -> None:
    done = invoke(published, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_without_a_snapshot_the_reading_commands_say_so(tmp_path: Path) -> None:
    for command in (["status"], ["check"], ["snapshots"], ["path", "coverage"]):
        done = invoke(tmp_path, *command)
        assert done.exit_code == 1
        assert "nothing has been published" in done.stderr


def test_a_registry_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    schemas = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", schemas)
    (schemas / "indicators.toml").write_text("[x]\n")
    done = invoke(tmp_path, "explain", "x", BOLIGPROFIL_SCHEMAS=str(schemas))
    assert done.exit_code == 1
    assert "indicators.toml.x: label_da" in done.stderr


def test_settings_come_from_the_environment_and_from_a_file(published: Path, tmp_path: Path) -> None:
    marts = str(published / "data" / "marts")
    assert invoke(tmp_path, "check", BOLIGPROFIL_MARTS=marts).exit_code == 0
    (tmp_path / ".env").write_text(f"BOLIGPROFIL_MARTS={marts}\n")
    assert invoke(tmp_path, "check").exit_code == 0
    assert invoke(tmp_path, "check", BOLIGPROFIL_MARTS=str(tmp_path)).exit_code == 1


@pytest.mark.slow
def test_a_bad_night_and_a_refused_one(published: Path, tmp_path: Path) -> None:
    """Bad deliveries are set aside and the rest is published; a broken promise leaves the last snapshot in force."""
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    shutil.copytree(RAW, tmp_path / "data" / "raw")
    raw = tmp_path / "data" / "raw"
    before = (tmp_path / "data/marts/CURRENT.txt").read_text()

    lists = raw / "ministry_lists" / "liste_2012.csv"
    lists.write_text(lists.read_text().replace("Antal beboere", "Indbyggertal"))
    (raw / "municipal_figures").mkdir()
    (raw / "municipal_figures" / "odense.csv").write_bytes(b"")
    done = process(tmp_path, "run")
    assert done.returncode == 0, done.stderr
    assert "leaked" not in done.stderr
    assert "warning: ministry_lists/liste_2012.csv was refused" in done.stdout
    assert "the facts of its last accepted delivery stay" in done.stdout
    assert "warning: municipal_figures/odense.csv was refused (the file is empty; ask for it again)" in done.stdout
    after = (tmp_path / "data/marts/CURRENT.txt").read_text()
    assert after != before
    criteria = pl.read_parquet(Path(invoke(tmp_path, "path", "statutory_criteria").stdout.strip()))
    assert criteria.filter(year=2012).height == 38

    municipalities = raw / "municipalities" / "kommuner_2007.csv"
    lines = municipalities.read_text().replace("# rækker: 98", "# rækker: 97").splitlines(keepends=True)
    municipalities.write_text("".join(line for line in lines if "Samsø" not in line))
    done = invoke(tmp_path, "run")
    assert done.exit_code == 1
    assert "publication refused" in done.stderr
    assert 'dim_municipalities: 1 row breaks "Denmark has 98 municipalities since 2007."' in done.stderr
    assert "data/marts/refused/index.html" in done.stderr
    assert "Denmark has 98 municipalities" in (tmp_path / "data/marts/refused/index.html").read_text()
    assert (tmp_path / "data/marts/CURRENT.txt").read_text() == after

    (raw / "population" / "made_up.csv").write_text(
        (raw / "population" / "folketal_2007_2015.csv").read_text().replace("oprindelse: real", "oprindelse: syntetisk")
    )
    done = invoke(tmp_path, "run")
    assert done.exit_code == 1
    assert "real and synthetic deliveries must never meet" in done.stderr
    assert (tmp_path / "data/marts/CURRENT.txt").read_text() == after


def test_targets_are_shown_checked_and_written(published: Path, tmp_path: Path) -> None:
    done = invoke(published, "targets", "show", "helhedsplan-bispehaven")
    assert done.exit_code == 0
    assert done.stdout.startswith("INTERNT:")
    assert "EKSEMPEL:" in done.stdout
    assert "nu 66,6 % (2015)" in done.stdout
    assert "? Kan ikke afgøres (2015), målet er sat bagefter" in done.stdout
    unknown = invoke(published, "targets", "show", "helhedsplan-nyby")
    assert (unknown.exit_code, "there are helhedsplan-aalborg-oest" in unknown.stderr) == (2, True)

    example = RAW / "plan_targets_example" / "bispehaven_og_vollsmose.csv"
    checked = invoke(published, "targets", "check", str(example))
    assert checked.exit_code == 0
    assert "11 mål kan læses, 0 fejl." in checked.stdout
    wrong = tmp_path / "maal.csv"
    wrong.write_text(example.read_text(encoding="utf-8").replace(";38,0;2015", ";38,0;").replace("mål 1", "x"))
    refused = invoke(published, "targets", "check", str(wrong))
    assert refused.exit_code == 1
    assert "✗ linje 7, kolonnen 'Målår': Målet har intet målår." in refused.stdout

    pages = invoke(published, "targets", "pages", "--plan", "helhedsplan-bispehaven", "--out", str(tmp_path / "p"))
    assert pages.exit_code == 0
    assert {file.name for file in (tmp_path / "p").iterdir()} == {
        "index.html",
        "moede-helhedsplan-bispehaven.pdf",
        "plan-helhedsplan-bispehaven.html",
        "sekretariat-aarhus.html",
    }
    form = invoke(
        published, "targets", "form", "helhedsplan-vollsmose", "--year", "2012", "--out", str(tmp_path / "f.xlsx")
    )
    assert (form.exit_code, (tmp_path / "f.xlsx").is_file()) == (0, True)
    late = invoke(published, "targets", "form", "helhedsplan-vollsmose", "--year", "1999")
    assert late.exit_code == 2


def test_targets_of_an_older_snapshot_say_what_to_do(published: Path, tmp_path: Path) -> None:
    shutil.copytree(published / "data", tmp_path / "data", symlinks=True)
    marts = tmp_path / "data" / "marts"
    manifest = marts / "versions" / (marts / "CURRENT.txt").read_text().strip() / "manifest.json"
    record = json.loads(manifest.read_text(encoding="utf-8"))
    for mart in ("dim_targets", "target_progress"):
        del record["marts"][mart]
    manifest.write_text(json.dumps(record), encoding="utf-8")
    example = str(RAW / "plan_targets_example" / "bispehaven_og_vollsmose.csv")
    for arguments in (("show", "helhedsplan-vollsmose"), ("check", example)):
        done = invoke(tmp_path, "targets", *arguments)
        assert done.exit_code == 1
        assert "run 'boligprofil run' first" in done.stderr
