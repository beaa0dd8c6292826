"""The gate: each kind of promise can be kept and broken, and a failure of the engine is never taken for bad data."""

import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl
import pytest

from flows.publish import gate, verdicts
from flows.publish.gate import Finding, Judgement, KeptVerdict
from schemas.contracts import Expectation

KEY = ["area_id", "year"]
KEPT = """\
area_id   | year | value | band
vollsmose | 2011 | 31.5  | large
vollsmose | 2012 | 32.0  | large
gellerup  | 2011 | 40.0  | small"""


def table(text: str) -> pl.DataFrame:
    """A table that a domain expert can read: columns divided by bars, "-" for a missing value."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    columns = zip(head, zip(*rows, strict=True), strict=True) if rows else ((name, ()) for name in head)
    text_columns = {name: [None if cell == "-" else cell for cell in cells] for name, cells in columns}
    types = {"year": pl.Int32, "value": pl.Float64}
    return pl.DataFrame(text_columns, dict.fromkeys(head, pl.String)).with_columns(
        pl.col(name).cast(types[name]) for name in head if name in types
    )


def sql(query: str, rule: str) -> Expectation:
    return Expectation("UnexpectedRowsExpectation", {"unexpected_rows_query": query}, rule, "a_check")


def column(kind: str, rule: str, **arguments: object) -> Expectation:
    return Expectation(f"Expect{kind}", arguments, rule)


# name: promise, a table that breaks it, column, rows that break it, their keys
KINDS: dict[str, tuple[Expectation, str, str | None, int | None, tuple[str, ...]]] = {
    "not_null": (
        column("ColumnValuesToNotBeNull", "never empty", column="value"),
        KEPT + "\ngellerup | 2012 | - | small",
        "value",
        1,
        ("area_id=gellerup, year=2012",),
    ),
    "between": (
        column("ColumnValuesToBeBetween", "0 to 100 percent", column="value", min_value=0, max_value=100),
        KEPT + "\ngellerup | 2012 | 131.5 | small\ngellerup | 2013 | -1 | small\ngellerup | 2014 | - | small",
        "value",
        2,
        ("area_id=gellerup, year=2012", "area_id=gellerup, year=2013"),
    ),
    "strictly_above": (
        column("ColumnValuesToBeBetween", "more than nothing", column="value", min_value=0, strict_min=True),
        KEPT + "\ngellerup | 2012 | 0 | small",
        "value",
        1,
        ("area_id=gellerup, year=2012",),
    ),
    "in_set": (
        column("ColumnValuesToBeInSet", "a size band", column="band", value_set=["small", "large"]),
        KEPT + "\ngellerup | 2012 | 1 | huge",
        "band",
        1,
        ("area_id=gellerup, year=2012",),
    ),
    "unique": (
        column("ColumnValuesToBeUnique", "each value once", column="value"),
        KEPT + "\ngellerup | 2012 | 40.0 | small",
        "value",
        2,
        ("area_id=gellerup, year=2011", "area_id=gellerup, year=2012"),
    ),
    "key": (
        column("CompoundColumnsToBeUnique", "one row per area and year", column_list=KEY),
        KEPT + "\ngellerup | 2011 | 41.0 | small",
        None,
        2,
        ("area_id=gellerup, year=2011",),
    ),
    "columns": (
        column("TableColumnsToMatchOrderedList", "the columns of the registry", column_list=[*KEY, "value", "band"]),
        "year | area_id | value | band\n2011 | gellerup | 1 | small",
        None,
        None,
        (),
    ),
    "rows": (
        column("TableRowCountToBeBetween", "holds rows", min_value=1),
        "area_id | year | value | band",
        None,
        None,
        (),
    ),
    "query": (
        sql("select area_id, year, value from {mart} where value > 100", "no share above 100"),
        KEPT + "\n" + "\n".join(f"area_{n} | 2012 | 131.5 | small" for n in range(7)),
        None,
        7,
        tuple(f"area_id=area_{n}, year=2012" for n in range(5)),
    ),
    "query_dressed_up": (
        sql(
            "-- a head; with {braces}\n/* and ; this */\nwith large as (select * from {mart} where value > 100)\n"
            "select area_id from large where regexp_matches(area_id, '^[a-zæ]{4,}$') and [1, 2][:1] = [1]\n"
            "  and 'kl :tid' like '%:tid' and 5 % 2 = 1 order by area_id; -- the end;\n",
            "no share above 100, in odd SQL",
        ),
        KEPT + "\nøstervang | 2011 | 131.5 | small\npåskelæk | 2011 | 131.5 | small\nvangæ | 2011 | 131.5 | small",
        None,
        1,
        ("area_id=vangæ",),
    ),
    "query_ends_in_comment": (
        sql("select area_id from {mart} where value > 100 -- percent", "no share above 100, with a remark"),
        KEPT + "\ngellerup | 2012 | 131.5 | small",
        None,
        1,
        ("area_id=gellerup",),
    ),
    "query_over_two_marts": (
        sql("select area_id from {mart} anti join not_null_kept using (area_id)", "every area is known"),
        KEPT + "\natlantis | 2012 | 1 | small",
        None,
        1,
        ("area_id=atlantis",),
    ),
    "query_without_keys": (
        sql("select count(*) as areas from {mart} having count(*) > 3", "at most three rows"),
        KEPT + "\ngellerup | 2012 | 1 | small",
        None,
        1,
        (),
    ),
}

FAULTS = {
    "unknown column": (sql("select nothing_of_the_kind from {mart}", "unknown column"), "nothing_of_the_kind"),
    "unknown table": (sql("select * from no_such_mart", "unknown table"), "no_such_mart"),
    "syntax": (sql("selec area_id from {mart}", "syntax"), "syntax error"),
    "two statements": (sql("select 1; select 2", "two statements"), "syntax error"),
    "unterminated": (sql("select 'vollsmose", "unterminated"), "unterminated"),
    "no such column": (column("ColumnValuesToNotBeNull", "no such column", column="wealth"), "wealth"),
    "conversion": (sql("select area_id::int from {mart}", "conversion"), "Conversion Error"),
}


def placed(promise: Expectation, mart: str) -> Expectation:
    kwargs = dict(promise.kwargs)
    if "unexpected_rows_query" in kwargs:
        kwargs["unexpected_rows_query"] = kwargs["unexpected_rows_query"].replace("{mart}", mart)
    return Expectation(promise.type, kwargs, promise.rule, promise.check)


def judge(folder: Path, marts: dict[str, tuple[str, list[Expectation]]], page: str = "page") -> Judgement:
    files = {}
    for mart, (rows, _) in marts.items():
        files[mart] = folder / f"{mart}.parquet"
        table(rows).write_parquet(files[mart])
    suites = {mart: [placed(promise, mart) for promise in promises] for mart, (_, promises) in marts.items()}
    return gate.judge(files, dict.fromkeys(marts, KEY), suites, folder / page, "Boligprofil", ["A notice"])


@pytest.fixture(scope="module")
def judgement(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """Every kind of promise once kept and once broken, and every fault beside a promise that is kept."""
    marts = {}
    for name, (promise, broken, *_) in KINDS.items():
        marts[f"{name}_kept"] = (KEPT, [promise])
        marts[f"{name}_broken"] = (broken, [promise])
    marts["faults"] = (KEPT, [*(promise for promise, _ in FAULTS.values()), KINDS["between"][0], KINDS["query"][0]])
    return judge(tmp_path_factory.mktemp("it's a gate"), marts)


def findings(judgement: Judgement, mart: str) -> list[Finding]:
    return [finding for finding in judgement.findings if finding.mart == mart]


@pytest.mark.parametrize("name", KINDS)
def test_a_kept_promise_is_no_finding(judgement: Judgement, name: str) -> None:
    assert findings(judgement, f"{name}_kept") == []


@pytest.mark.parametrize("name", KINDS)
def test_a_broken_promise_names_its_rows(judgement: Judgement, name: str) -> None:
    promise, _, column, count, where = KINDS[name]
    mart = f"{name}_broken"
    assert findings(judgement, mart) == [Finding(mart, column, promise.rule, count, where, fault=None)]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_engine_is_not_bad_data(judgement: Judgement, name: str) -> None:
    promise, words = FAULTS[name]
    (finding,) = [finding for finding in findings(judgement, "faults") if finding.rule == promise.rule]
    assert finding.fault is not None
    assert words in finding.fault
    assert "\n" not in finding.fault
    assert (finding.count, finding.where) == (None, ())


def test_a_fault_stays_with_its_promise(tmp_path: Path) -> None:
    """In a transaction DuckDB would refuse every query after the first error; GX's order of queries is random."""
    faults = [sql(f"select area_id::int + {n} as x from area_profile", f"fault {n}") for n in range(8)]
    kept = [sql(f"select area_id from area_profile where value > 10{n}", f"below 10{n}") for n in range(8)]
    found = judge(tmp_path, {"area_profile": (KEPT, [*faults, *kept, KINDS["between"][0]])}).findings
    assert [finding.rule for finding in found] == [fault.rule for fault in faults]
    assert {finding.fault for finding in found} == {"Conversion Error (the rest may quote data and is left out)"}


def test_a_fault_quotes_no_data(judgement: Judgement) -> None:
    words_of_faults = [finding.fault or "" for finding in findings(judgement, "faults")]
    assert len(words_of_faults) == len(FAULTS)
    assert all(words_of_faults)
    assert not any(area in words for words in words_of_faults for area in ("vollsmose", "gellerup"))


def test_a_judgement_counts_everything(judgement: Judgement) -> None:
    assert judgement.marts == 2 * len(KINDS) + 1
    assert judgement.expectations == 2 * len(KINDS) + len(FAULTS) + 2
    assert len(judgement.findings) == len(KINDS) + len(FAULTS)
    assert not judgement.ok
    assert judgement.page.name == "index.html"
    assert judgement.seconds > 0


def test_the_page_is_all_that_is_left_and_the_terminal_stays_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for folder in ("temporary", "home", "here"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    promise, broken, *_ = KINDS["query_dressed_up"]
    verdict = judge(tmp_path, {"area_profile": (broken, [promise, FAULTS["syntax"][0]])})
    assert len(verdict.findings) == 2
    assert [list((tmp_path / folder).iterdir()) for folder in ("temporary", "home", "here")] == [[], [], []]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "area_profile.parquet",
        "here",
        "home",
        "page",
        "temporary",
    ]
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


def test_the_module_imports_great_expectations_late() -> None:
    code = "import sys, flows.publish.gate; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(gate.__file__).parents[2], check=False).returncode == 0


@pytest.mark.slow
def test_analytics_are_off_before_great_expectations_is_imported() -> None:
    code = (
        "import builtins, os, sys\n"
        "from flows.publish import verdicts\n"
        "real, seen = builtins.__import__, []\n"
        "def watch(name, *args, **kwargs):\n"
        "    if name == 'great_expectations': seen.append(os.environ.get('GX_ANALYTICS_ENABLED'))\n"
        "    return real(name, *args, **kwargs)\n"
        "builtins.__import__ = watch\n"
        "verdicts.great_expectations()\n"
        "sys.exit(seen[0] != 'false')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(gate.__file__).parents[2], check=False).returncode == 0


def test_the_patch_for_duckdb_is_still_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails once Great Expectations judges over DuckDB by itself: then `great_expectations()` can lose its patch."""
    gx = verdicts.great_expectations()
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    unpatched = tuple(dialect for dialect in engine._PERSISTED_CONNECTION_DIALECTS if dialect != "duckdb")
    monkeypatch.setattr(engine, "_PERSISTED_CONNECTION_DIALECTS", unpatched)
    monkeypatch.setattr(verdicts, "great_expectations", lambda: gx)
    promise = column("ColumnMaxToBeBetween", "asked by its own query", column="value", max_value=100)
    verdict = judge(tmp_path, {"area_profile": (KEPT, [promise])})
    assert [finding.fault is not None for finding in verdict.findings] == [True]

    monkeypatch.undo()
    assert judge(tmp_path, {"area_profile": (KEPT, [promise])}, page="again").ok


def test_a_gate_with_a_hole_does_not_pass(tmp_path: Path) -> None:
    file = tmp_path / "area_profile.parquet"
    table(KEPT).write_parquet(file)
    promises = {"area_profile": [KINDS["not_null"][0]]}

    def judged(marts: dict[str, Path], suites: dict[str, list[Expectation]]) -> Judgement:
        return gate.judge(marts, {}, suites, tmp_path / "page", "Boligprofil", [])

    with pytest.raises(ValueError, match="no mart"):
        judged({}, {})
    with pytest.raises(ValueError, match="no promises for area_profile"):
        judged({"area_profile": file}, {"area_profile": []})
    with pytest.raises(ValueError, match="promises for area_profile, but no such mart"):
        judged({"dim_areas": file}, promises | {"dim_areas": promises["area_profile"]})
    with pytest.raises(FileNotFoundError, match=r"mart area_profile is missing.*gone\.parquet"):
        judged({"area_profile": tmp_path / "gone.parquet"}, promises)
    with pytest.raises(ValueError, match="area_profile: Great Expectations has no ExpectTheBest"):
        judged({"area_profile": file}, {"area_profile": [column("TheBest", "all is well")]})
    with pytest.raises(ValueError, match="area_profile: ExpectColumnValuesToNotBeNull does not take"):
        judged({"area_profile": file}, {"area_profile": [column("ColumnValuesToNotBeNull", "filled", colunm="value")]})


class Snapshot:
    """Two marts of which one's check reads the other, judged night after night."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.nights = folder, 0
        # Neither has a promise that counts rows or tells columns: a value more breaks nothing.
        self.suites = {
            "area_profile": [
                KINDS["not_null"][0],
                sql("select p.* from area_profile p anti join areas using (area_id)", "known"),
            ],
            "areas": [KINDS["not_null"][0]],
            "plans": [KINDS["not_null"][0]],
        }
        self.marts = dict.fromkeys(self.suites, KEPT)

    def night(self, earlier: Judgement | None = None, title: str = "Boligprofil") -> Judgement:
        """Judge what lies there, after an earlier judgement."""
        self.nights += 1
        files = {mart: self.folder / f"{mart}.parquet" for mart in self.marts}
        for mart, rows in self.marts.items():
            table(rows).write_parquet(files[mart])
        stands = {}
        if earlier is not None:
            pages = earlier.page.parent / "marts"
            stands = {m: KeptVerdict(rests, pages / f"{m}.html", "1a2b") for m, rests in earlier.rests_on.items()}
        page = self.folder / f"page-{self.nights}"
        return gate.judge(files, dict.fromkeys(files, KEY), self.suites, page, title, [], stands)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return Snapshot(tmp_path)


def test_a_verdict_stands_while_all_that_it_rests_on_is_the_same(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = snapshot.night()
    assert (first.ok, first.standing) == (True, ())
    asked: list[set[str]] = []
    judges = gate.verdicts.verdicts
    monkeypatch.setattr(gate.verdicts, "verdicts", lambda d, suites: [asked.append(set(suites)), judges(d, suites)][1])

    again = snapshot.night(first)
    assert (again.ok, again.standing, asked) == (True, tuple(snapshot.marts), [])
    assert (again.expectations, again.rests_on) == (first.expectations, first.rests_on)
    pages = [judgement.page.parent / "marts" / "areas.html" for judgement in (first, again)]
    assert pages[0].samefile(pages[1])
    text = again.page.read_text(encoding="utf-8")
    assert "3 of 3 marts were not judged anew" in " ".join(text.split())
    assert "Taken over from snapshot <code>1a2b</code>" in text
    assert "Taken over" not in first.page.read_text(encoding="utf-8")

    # A mart that another's check reads: both are judged, by what they say now.
    snapshot.marts["areas"] = KEPT + "\nmjolnerparken | 2012 | 1 | small"
    assert snapshot.night(first).standing == ("plans",)
    assert asked == [{"area_profile", "areas"}]
    snapshot.marts["areas"] = KEPT.replace("vollsmose", "atlantis")
    broken = snapshot.night(first)
    assert [(finding.mart, finding.rule) for finding in broken.findings] == [("area_profile", "known")]


def test_another_promise_title_or_judge_and_a_lost_page_are_judged_anew(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = snapshot.night()
    assert snapshot.night(first, title="Another").standing == ()
    (first.page.parent / "marts" / "plans.html").unlink()
    assert snapshot.night(first).standing == ("area_profile", "areas")
    snapshot.suites["areas"] = [KINDS["in_set"][0]]
    assert snapshot.night(first).standing == ("area_profile",)
    versions = gate.engine_versions()
    monkeypatch.setattr(gate, "engine_versions", lambda: {**versions, "great-expectations": "0"})
    assert snapshot.night(first).standing == ()


def test_keys_that_the_mart_lacks_are_left_out(tmp_path: Path) -> None:
    promise, broken, *_ = KINDS["not_null"]
    table(broken).write_parquet(tmp_path / "m.parquet")
    verdict = gate.judge(
        {"m": tmp_path / "m.parquet"}, {"m": ["area_id", "quarter"]}, {"m": [promise]}, tmp_path / "page", "T", []
    )
    assert verdict.findings[0].where == ("area_id=gellerup",)


def test_a_refusal_says_what_is_broken_and_where() -> None:
    where = ("area_id=vollsmose, year=2012, indicator=convicted_pct",)
    found = (
        Finding("area_profile", "value", "0 to 100 percent", 1, where, None),
        Finding("area_profile", None, "no share above 100", 1200, tuple(f"area_id={n}" for n in range(5)), None),
        Finding("dim_areas", None, "the columns of the registry", None, (), None),
        Finding("dim_areas", None, "every area is known", None, (), "Binder Error: no such column"),
    )
    assert gate.refusal(Judgement(143, 12, found, 1.0, Path("pages/index.html"))).splitlines() == [
        "publication refused: 3 of 143 promises are broken and 1 of 143 could not be judged. "
        "The last snapshot stays in force.",
        '  area_profile.value: 1 row breaks "0 to 100 percent" (area_id=vollsmose, year=2012, indicator=convicted_pct)',
        '  area_profile: 1,200 rows break "no share above 100" '
        "(area_id=0; area_id=1; area_id=2; area_id=3; area_id=4; ...)",
        '  dim_areas: breaks "the columns of the registry"',
        '  dim_areas: "every area is known" could not be judged, the engine failed: Binder Error: no such column',
        "  see pages/index.html",
    ]


def test_a_refusal_counts_in_the_singular_and_stops_at_twenty() -> None:
    finding = Finding("m", None, "rule", 1, (), None)
    first, *_ = gate.refusal(Judgement(2, 1, (finding,), 1.0, Path("p"))).splitlines()
    assert first == "publication refused: 1 of 2 promises is broken. The last snapshot stays in force."
    assert "  and 3 more" in gate.refusal(Judgement(30, 1, (finding,) * 23, 1.0, Path("p"))).splitlines()


def test_there_is_no_refusal_where_all_is_kept() -> None:
    with pytest.raises(ValueError, match="nothing to refuse"):
        gate.refusal(Judgement(2, 1, (), 1.0, Path("p")))
