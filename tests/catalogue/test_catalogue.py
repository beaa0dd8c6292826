"""The catalogue of the shipped snapshot: its pages in a browser, and each form for programs as its judges see it."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jsonschema
import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from frictionless import Package
from prometheus_client.parser import text_string_to_metric_families
from pyshacl import validate
from rdflib import Graph, URIRef

from flows.catalogue import dcat, lineage, metrics, open_lineage, picture, site, telling
from flows.catalogue.lineage import Origin
from flows.catalogue.model import Catalogue, House
from flows.core.outcome import Report
from flows.intake.quarantine import Item
from flows.publish import runs, snapshots
from flows.publish.differences import Differences, FigureMoved
from schemas.registry import Registry

NOW = datetime(2026, 12, 2, 4, 10, tzinfo=UTC)
HERE = Path(__file__).parent
DCAT_ACCESS = URIRef("http://www.w3.org/ns/dcat#accessURL")
SENDER = "<b>Prøve Kommune</b>"


@pytest.fixture(scope="module")
def catalogue(published: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The catalogue of the published snapshot, with one open fault of a sender whose name is markup, and two moves."""
    folder = tmp_path_factory.mktemp("catalogue")
    shutil.copytree(published / "data" / "marts", folder / "marts", symlinks=True)
    (folder / "quarantine").mkdir()
    item = Item("k", SENDER, "a/b.csv", 3, "År", "jump", "2026-12-01")
    (folder / "quarantine" / "register.json").write_text(json.dumps({"files": [], "items": [vars(item)]}))
    runs.note_refusal(folder / "marts", Report("refused", "20 deliveries are gone"))
    made = Catalogue(snapshots.current(folder / "marts"), registry, folder / "marts", folder / "quarantine", NOW)
    figures = (
        FigureMoved("place_figures", {"geography_id": "0860"}, 65307.0, 65311.0, 0.1, SENDER),
        FigureMoved("area_profile", {"area_id": "vollsmose"}, None, 54.4, None, None),
    )
    vars(made)["differences"] = Differences("0" * 16, made.snapshot.id, (), (), (), figures, (), ())
    return made


@pytest.fixture(scope="module")
def written(catalogue: Catalogue) -> Path:
    """The folder of the site."""
    return site.write(catalogue).parent


def test_a_column_is_traced_to_the_delivered_columns_that_its_values_are_made_of(catalogue: Catalogue) -> None:
    profile = catalogue.origins["area_profile"]
    assert profile["numerator"] == {Origin("facts.figures", "numerator")}
    assert Origin("facts.figures", "value") in profile["value"]
    assert Origin("codes.areas", "name") in profile["area_name"]
    assert not any(origin.table == "facts.grants" for origin in profile["rank"])
    # A statistic that SQL cannot say is told as that statistic, with what it is computed from behind it.
    smd = catalogue.origins["baseline_balance"]["smd"]
    assert Origin("statistics.balance") in smd
    assert {"figures", "grants"} <= set(lineage.facts_behind(Origin("statistics.balance")))
    for name, columns in catalogue.origins.items():
        assert set(columns) == {column.name for column in catalogue.registry.marts[name].columns}, name


def test_columns_of_a_mart_that_are_made_of_the_same_stand_together_in_the_picture() -> None:
    same = frozenset({Origin("facts.figures", "value")})
    columns = {"a": same, "b": same, "origin": frozenset[Origin]()}
    assert [group.columns for group in picture.groups(columns)] == [("a", "b"), ("origin",)]
    drawn = picture.picture("x", columns, {"figures": ["population", "<lists>"]})
    assert drawn.count("<path") == 3  # from two sources to one column, and from it to one box
    assert "&lt;lists&gt;" in drawn
    assert "<lists>" not in drawn


def test_pages_say_what_stands_and_escape_what_senders_write(written: Path) -> None:
    index = (written / "index.html").read_text(encoding="utf-8")
    assert "A run was refused" in index
    assert "20 deliveries are gone" in index
    assert SENDER not in index
    assert "&lt;b&gt;Prøve Kommune&lt;/b&gt;" in index
    assert "jump (1)" in index
    moved = (written / "differences.html").read_text(encoding="utf-8")
    assert re.findall(r'data-label="(?:before|after)">([^<]*)<', moved) == ["65,307", "65,311", "none", "54.4"]
    assert SENDER not in moved
    mart = (written / "marts" / "area_profile.html").read_text(encoding="utf-8")
    for program in ("DuckDB", "R", "Stata", "Python"):
        assert f"<h3>{program}</h3>" in mart
    assert "read_parquet" in mart
    marts = {file.stem for file in (written / "marts").glob("*.html")}
    assert marts == {file.stem for file in (written / "data").glob("*.parquet")}
    site_file, kept = written / "data" / "coverage.parquet", written.parents[1] / "current" / "coverage.parquet"
    assert site_file.samefile(kept)  # no byte is stored twice


def faults(page: Any) -> list[tuple[str, list[str]]]:
    """What axe finds on a page: rules, and where they are broken."""
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
    found = Axe().run(page, options=rules).response["violations"]
    return [(rule["id"], [node["html"][:90] for node in rule["nodes"]]) for rule in found]


@pytest.mark.slow
def test_the_site_in_a_browser(written: Path, browser: Any) -> None:
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: request.url.startswith("file:") or complaints.append(request.url))
    for name in ("index", "differences", "marts/coverage"):
        page.goto((written / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 320, name
        assert faults(page) == [], name
    page.goto((written / "dictionary.html").as_uri())
    entries = page.locator("[data-entry]")
    page.get_by_role("searchbox").fill("Fraction nobody ever")
    assert entries.filter(visible=True).count() == 0
    page.get_by_role("searchbox").fill("SOURCE_line")
    assert 0 < entries.filter(visible=True).count() < entries.count()
    assert "source_line" in entries.filter(visible=True).first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert faults(page) == []
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto((written / "dictionary.html").as_uri())
    assert plain.locator("[data-entry]").filter(visible=True).count() == entries.count()
    assert not plain.get_by_role("searchbox").is_visible()
    assert complaints == []


def test_the_data_package_holds_and_its_schemas_fit_the_rows(written: Path, tmp_path: Path) -> None:
    descriptor = json.loads((written / "datapackage.json").read_text(encoding="utf-8"))
    assert list(Package.metadata_validate(descriptor)) == []
    paths = {resource["path"] for resource in descriptor["resources"]}
    assert paths == {file.relative_to(written).as_posix() for file in (written / "data").glob("*.parquet")}
    # The rows as text, where every value is judged by its field: type, limits, codes, what stands for no value.
    resources = []
    for resource in descriptor["resources"]:
        if resource["name"] in ("coverage", "statutory-criteria"):
            pl.read_parquet(written / resource["path"]).head(200).write_csv(tmp_path / f"{resource['name']}.csv")
            kept = {name: resource[name] for name in ("name", "type", "schema")}
            resources.append({**kept, "path": f"{resource['name']}.csv", "format": "csv", "mediatype": "text/csv"})
    as_text = {**descriptor, "resources": resources}
    report = Package.from_descriptor(as_text, basepath=str(tmp_path)).validate()
    assert report.valid, report.flatten(["fieldName", "note"])[:5]
    lines = (tmp_path / "coverage.csv").read_text().splitlines()
    (tmp_path / "coverage.csv").write_text("\n".join([lines[0], "," + lines[1].split(",", 1)[1], *lines[2:]]) + "\n")
    assert not Package.from_descriptor(as_text, basepath=str(tmp_path)).validate().valid  # a row without its area
    resource = next(found for found in descriptor["resources"] if found["name"] == "area-profile")
    (missing,) = resource["schema"]["missingValues"]
    assert (missing["value"], "missing_reason" in missing["label"]) == ("", True)
    broken = {**descriptor, "resources": [{"name": "no path"}]}
    assert list(Package.metadata_validate(broken)) != []


def test_a_house_says_whose_the_record_is_and_else_it_is_not_set(catalogue: Catalogue) -> None:
    ours = House("Odense Kommune <https://www.odense.dk>", "Data og analyse <data@example.org>")
    graphs = [
        Graph().parse(data=json.dumps(dcat.record(replace(catalogue, house=house))), format="json-ld")
        for house in (ours, House(), House("Odense", "data@example.org"))
    ]
    asked = "select distinct ?name where { ?s <%s> ?name }"
    names = [{str(row.name) for row in graph.query(asked % "http://xmlns.com/foaf/0.1/name")} for graph in graphs]
    assert names == [{"Odense Kommune"}, {"not set (BOLIGPROFIL_PUBLISHER)"}, {"Odense"}]
    people = [{str(row.name) for row in graph.query(asked % "http://www.w3.org/2006/vcard/ns#fn")} for graph in graphs]
    assert people == [{"Data og analyse"}, {"not set (BOLIGPROFIL_CONTACT)"}, {"data@example.org"}]
    mails = [{str(r.name) for r in graph.query(asked % "http://www.w3.org/2006/vcard/ns#hasEmail")} for graph in graphs]
    assert mails == [{"mailto:data@example.org"}, set(), set()]
    shapes = Graph().parse(HERE / "dcat_ap.shacl.ttl", format="turtle")
    assert all(validate(graph, shacl_graph=shapes, advanced=False, inference="none")[0] for graph in graphs)
    assert (House().lacks, ours.lacks) == (("BOLIGPROFIL_PUBLISHER", "BOLIGPROFIL_CONTACT"), ())


def test_the_dcat_record_has_what_is_mandatory(written: Path) -> None:
    shapes = Graph().parse(HERE / "dcat_ap.shacl.ttl", format="turtle")
    text = (written / "dcat.jsonld").read_text(encoding="utf-8")
    graph = Graph().parse(data=text, format="json-ld", publicID=written.as_uri() + "/")
    holds, _, words = validate(graph, shacl_graph=shapes, advanced=False, inference="none")
    assert holds, words
    files = {str(address) for _, _, address in graph.triples((None, DCAT_ACCESS, None))}
    assert (written / "data" / "coverage.parquet").as_uri() in files
    lacking = Graph().parse(data=text.replace("dct:title", "dct:alternative"), format="json-ld")
    assert not validate(lacking, shacl_graph=shapes, advanced=False, inference="none")[0]


def test_metrics_are_what_prometheus_reads(written: Path, catalogue: Catalogue) -> None:
    families = {f.name: f for f in text_string_to_metric_families((written / "metrics.prom").read_text("utf-8"))}
    rows = {sample.labels["mart"]: sample.value for sample in families["boligprofil_mart_rows"].samples}
    assert rows == {name: entry["rows"] for name, entry in catalogue.snapshot.manifest["marts"].items()}
    states = families["boligprofil_source_state"].samples
    assert {s.labels["source"] for s in states if s.value} == {source.id for source in catalogue.sources}
    odd = [metrics.Metric("odd", "Odd labels.", (({"name": 'a "b"\\\nc'}, 1.0),))]
    (family,) = text_string_to_metric_families(metrics.as_text(odd))
    assert family.samples[0].labels == {"name": 'a "b"\\\nc'}


@pytest.mark.parametrize("outcome", ["published", "unchanged", "refused"])
def test_events_fit_the_schema_of_open_lineage(catalogue: Catalogue, outcome: Any) -> None:
    schema = json.loads((HERE / "open_lineage.schema.json").read_text(encoding="utf-8"))
    report, later = Report(outcome, "20 deliveries are gone"), NOW + timedelta(seconds=30)
    made = open_lineage.events(report, NOW, later, catalogue.snapshot, catalogue.registry)
    for event in made:
        jsonschema.validate(event, schema, format_checker=jsonschema.FormatChecker())
    kinds = [(event["eventType"], event["job"]["name"]) for event in made]
    end = ("FAIL" if outcome == "refused" else "COMPLETE", "nightly")
    steps = [("COMPLETE", "nightly.read"), ("COMPLETE", "nightly.build")] if outcome == "published" else []
    assert kinds == [("START", "nightly"), *steps, end]
    assert made[0]["run"]["runId"] == made[-1]["run"]["runId"]
    if steps:
        facts = {fact["name"] for fact in made[2]["inputs"]}
        fields = made[2]["outputs"][1]["facets"]["columnLineage"]["fields"]
        assert {field["name"] for column in fields.values() for field in column["inputFields"]} <= facts
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**made[0], "run": {"runId": "first"}}, schema, format_checker=jsonschema.FormatChecker())


@pytest.fixture
def listener() -> Iterator[tuple[str, list[Any]]]:
    """An address on loopback, and what was posted to it."""
    got: list[Any] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage", got
    server.shutdown()
    server.server_close()


def test_a_run_is_told_to_a_file_and_an_address_and_goes_on_where_nobody_listens(
    tmp_path: Path, catalogue: Catalogue, listener: tuple[str, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    address, got = listener
    report, marts = Report("unchanged", "nothing changed"), catalogue.marts_folder
    telling.tell(report, NOW, marts, None, tmp_path / "x" / "boligprofil.prom", address)
    assert [event["eventType"] for event in got] == ["START", "COMPLETE"]
    assert 'last_run_outcome{outcome="unchanged"} 1.0' in (tmp_path / "x" / "boligprofil.prom").read_text()
    telling.tell(report, NOW, marts, None, None, str(tmp_path / "events.jsonl"))
    telling.tell(report, NOW, marts, None, None, str(tmp_path / "events.jsonl"))
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 4
    assert caplog.text == ""
    telling.tell(report, NOW, marts, None, tmp_path, "http://127.0.0.1:9/")
    assert caplog.text.count("told to nobody outside") == 2
