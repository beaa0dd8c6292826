"""The commands and queries that the pages show are run as they stand, against a published snapshot."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import chdir
from pathlib import Path

import duckdb
import pytest
import typer
from typer.testing import CliRunner

from flows.cli import app
from schemas.registry import Registry

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
# What a command wrote; it shows none of ours.
MEASURED = "docs/speed.md"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


READING = "status|check|explain|trace|quarantine|snapshots|path|dictionary|targets show|run --dry-run|prune|site"
# The page of the baseline works on the made-up nation, all others on the shipped sample.
EVALUATION = "docs/evaluation.md"
# Pages whose commands write, into the folder of the test.
ALSO = {EVALUATION: "baseline|export|table1", "docs/disclosure.md": "extract|attack|clear"}


def commands(page: str) -> list[str]:
    """Lines that call a reading command of ours, with their comments cut off."""
    text = "\n".join([*blocks(page, "bash"), *blocks(page, "")])
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    known = f"{READING}|{ALSO[page]}" if page in ALSO else READING
    return [line for line in lines if re.match(rf"boligprofil ({known})\b", line)]


def exported(page: str) -> dict[str, str]:
    """Variables that the page sets before its commands."""
    lines = [line for block in blocks(page, "bash") for line in block.splitlines() if line.startswith("export ")]
    return dict(re.findall(r"(BOLIGPROFIL_\w+)=(\S+)", "\n".join(lines)))


@pytest.mark.parametrize("page", [page for page in PAGES if page != MEASURED])
def test_commands_run_as_shown(
    page: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page == EVALUATION:
        monkeypatch.chdir(request.getfixturevalue("demo"))
    else:  # releases and sites are made, which are not for whoever reads the sample next
        shutil.copytree(request.getfixturevalue("published") / "data", tmp_path / "data", symlinks=True)
        monkeypatch.chdir(tmp_path)
    for name, value in {"BOLIGPROFIL_RAW": str(ROOT / "data" / "raw"), **exported(page)}.items():
        monkeypatch.setenv(name, value)
    shown = commands(page)
    assert shown, f"{page} shows no command"
    for command in shown:
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, f"{page}: {command}\n{result.output}"


ENGINEERS = "docs/engineers.md"
# Commands of the page for engineers that need more than a snapshot, each with the test that runs it.
ELSEWHERE = {
    "backfill": "test_upkeep.py::test_years_are_built_from_what_is_stored_and_not_twice",
    "deploy": "deployment/test_serve.py::test_who_has_not_the_password_is_refused",
    "diff": "publish/test_differences.py::test_the_command_tells_the_last_two_and_names_what_is_kept",
    "doctor": "test_doctor.py::test_what_runs_left_that_died_is_told_and_then_mended",
    "fetch": "intake/test_statbank_client.py::test_what_is_stored_is_a_delivery_that_the_intake_accepts",
    "path area_profile --marts": "publish/test_mirror.py::test_a_house_moves_to_a_bucket_and_its_night_publishes_there",
    "run --as-of": "publish/test_vintages.py::test_a_vintage_is_byte_equal_to_the_snapshot_of_its_moment",
    "run --marts": "publish/test_mirror.py::test_a_house_moves_to_a_bucket_and_its_night_publishes_there",
    "run --published-by": "publish/test_vintages.py::test_what_the_source_had_published_by_a_day",
    "serve": "deployment/test_serve.py::test_a_scheduled_run_publishes_and_the_next_has_nothing_to_do",
}


def test_every_command_of_the_page_for_engineers_is_taken_as_written_and_run_by_a_test(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        line for language in ("bash", "sh") for block in blocks(ENGINEERS, language) for line in block.splitlines()
    ]
    written = [re.split(r"[#|]", line)[0].strip() for line in lines if line.startswith("boligprofil ")]
    assert len(written) > 20
    (tmp_path / "mail").mkdir()
    shutil.copy(ROOT / "tests" / "deliveries" / "statbank" / "folk1a_codes_lf.csv", tmp_path / "mail" / "folk1a.csv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOLIGPROFIL_RAW", str(tmp_path / "raw"))
    program = typer.main.get_command(app)
    for command in written:
        _, name, *arguments = shlex.split(command)
        if not name.startswith("-"):
            # What is misspelt, lacking or of the wrong type ends here.
            program.commands[name].make_context(name, [*arguments], parent=typer.Context(program))  # type: ignore[attr-defined]
        if test := next(
            (test for begin, test in ELSEWHERE.items() if f"{name} {' '.join(arguments)}".startswith(begin)), None
        ):
            file, _, function = test.partition("::")
            assert f"def {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), test
        elif name in ("--version", "receive", "template"):
            result = CliRunner().invoke(app, [name, *arguments])
            assert result.exit_code == 0, f"{command}\n{result.output}"
        elif (name, arguments) == ("run", []):
            with monkeypatch.context() as patch, chdir(published):
                patch.setenv("BOLIGPROFIL_RAW", str(ROOT / "data" / "raw"))
                assert "Nothing changed" in CliRunner().invoke(app, ["run"]).output
        else:
            assert command in commands(ENGINEERS), f"no test runs {command}"


def test_every_fault_of_the_page_for_engineers_has_its_test() -> None:
    named = re.findall(
        r"^\| .* \| `(\S+\.py)::(\w+)` \|$", (ROOT / ENGINEERS).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(named) >= 20
    for file, function in named:
        assert f"def {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), function


def test_python_runs_as_shown(published: Path) -> None:
    (script,) = blocks("docs/analysts.md", "python")
    done = subprocess.run([sys.executable, "-c", script], cwd=published, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Change since the year before." in done.stdout


def test_the_baseline_is_read_as_shown(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = blocks(EVALUATION, "python")
    done = subprocess.run([sys.executable, "-c", script], cwd=demo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "not_rejected" in done.stdout
    assert "never_funded" in done.stdout
    monkeypatch.chdir(demo)
    connection = duckdb.connect()
    pairs, by_attribute = (connection.execute(block).fetchall() for block in blocks(EVALUATION, "sql"))
    assert all(row[5] is not None for row in pairs)
    assert abs(pairs[0][5]) > abs(pairs[-1][5])
    assert {row[0] for row in by_attribute} == {"earlier_effort", "need_boern_og_unge", "integration"}


def test_ten_questions_of_a_referee_are_answered_as_shown(demo: Path) -> None:
    """Every question of the table is asked, and every answer has rows."""
    page = "docs/referee.md"
    asked = re.findall(r"^\| (\d+) ", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    (script,) = blocks(page, "python")
    lines = "\nassert all(connection.sql(query).fetchall() for query in QUESTIONS.values())"
    done = subprocess.run([sys.executable, "-c", script + lines], cwd=demo, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered = re.findall(r"^(\d+) [a-z]", done.stdout, re.MULTILINE)
    assert asked == answered == [str(number) for number in range(1, 11)]


def test_the_lock_is_lifted_as_shown(registry: Registry) -> None:
    (text,) = blocks(EVALUATION, "toml")
    evaluation = registry.evaluation.model_dump() | {
        "lifting": {name: {"id": name, **entry} for name, entry in tomllib.loads(text)["lifting"].items()}
    }
    assert registry.evaluation.open_through == 2005
    assert type(registry.evaluation).model_validate(evaluation).open_through == 2008


def test_sql_runs_as_shown(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(published)
    connection = duckdb.connect()
    for page in ("docs/analysts.md", "docs/sekretariater.md"):
        for block in blocks(page, "sql"):
            rows = connection.execute(block).fetchall()
            assert rows, f"{page} shows a query without an answer:\n{block}"


def test_the_secretariats_table_holds_the_published_figures(published: Path, registry: Registry) -> None:
    """The table in docs/sekretariater.md is what its query gives, written the Danish way."""
    _, _, page = (ROOT / "docs/sekretariater.md").read_text(encoding="utf-8").partition("\n| Vollsmose |")
    shown = re.findall(r"^\| (?!-)(.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    labels = {
        "Beboere": "residents",
        "Uden for arbejdsmarkedet (18-64 år)": "outside_work_pct",
        "Indvandrere og efterkommere fra ikke-vestlige lande": "nonwestern_pct",
        "Dømte (18 år og derover)": "convicted_pct",
        "Kun grundskole (30-59 år)": "basic_education_pct",
        "Bruttoindkomst i procent af regionens": "income_region_pct",
    }
    marts = published / "data" / "marts"
    profile = marts / "versions" / (marts / "CURRENT.txt").read_text().strip() / "area_profile.parquet"
    query = """
        select value from read_parquet(?)
        where area_id = 'vollsmose' and indicator = ? and year in (2014, 2015) order by year
    """
    assert {label for label, *_ in shown} == labels.keys()
    for label, *cells in shown:
        indicator = labels[label]
        values = duckdb.execute(query, [str(profile), indicator]).fetchall()
        decimals = registry.indicators[indicator].decimals
        written = [f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,")) for (value,) in values]
        assert [cell.removesuffix(" %") for cell in cells] == written


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / page).read_text(encoding="utf-8")):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page} links to {target}"
