"""What must hold for every delivery, tried on made-up and on damaged ones."""

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.core.provenance import file_sha256
from flows.intake import facts, stage, versions
from flows.intake.cast import number_text
from flows.intake.deliveries import Delivery, find
from flows.intake.faults import Refusal
from flows.intake.formats import read
from flows.intake.ledger import DeliveryLedger, now
from flows.intake.reading import reading
from flows.intake.vintages import Vintage
from schemas import contracts
from schemas.registry import Registry

RAW = Path(__file__).parents[2] / "data" / "raw"
HEAD = "# kilde: en prøve\n# udgivet: 2016\n# oprindelse: real\n# modtaget: 2026-01-01\n"
FIELD = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co")), max_size=12)


def cast_one(text: str, kind: str) -> Any:
    """One cell through the caster: its value, or None where it is a fault."""
    return number_text(pl.Series(values=[text], dtype=pl.String()), kind, "danish")[0]


def oracle(text: str, decimals: bool) -> str | None:
    """A slow reading of the grammar: digits in groups of three by points, or none; then perhaps a comma and digits."""
    body = text.removeprefix("-")
    whole, comma, rest = body.partition(",")
    if comma and not (decimals and rest and set(rest) <= set("0123456789")):
        return None
    groups = whole.split(".")
    if not all(group and set(group) <= set("0123456789") for group in groups):
        return None
    grouped = len(groups[0]) <= 3 and groups[0][0] != "0" and all(len(group) == 3 for group in groups[1:])
    if len(groups) > 1 and not grouped:
        return None
    return ("-" if text.startswith("-") else "") + "".join(groups) + ("." + rest if comma else "")


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_survives_danish_notation(number: int) -> None:
    for written in (str(number), f"{number:,}".replace(",", ".")):
        assert int(cast_one(written, "integer")) == number


@given(st.decimals(-(10**9), 10**9, places=3))
def test_a_decimal_survives_danish_notation(number: Decimal) -> None:
    written = f"{number:,f}".translate(str.maketrans(",.", ".,"))
    assert Decimal(cast_one(written, "decimal")) == number


@settings(max_examples=examples(500))
@given(st.text("0123456789.,- x", max_size=9), st.booleans())
@example("9.259", True)
@example("1.07", True)
@example("0.259", True)
@example("٣", True)
@example("1.0721", True)
@example("1.234,5", True)
@example("9,259", False)
def test_what_is_no_danish_number_is_never_guessed(text: str, decimals: bool) -> None:
    assert cast_one(text, "decimal" if decimals else "integer") == oracle(text, decimals)


@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), min_size=1, max_size=8))
def test_what_is_written_is_read_back_with_its_lines(registry: Registry, rows: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    kept = [(line, *row) for line, row in enumerate(rows, 6) if any(cell.strip(';" \t') for cell in row)]
    content = (HEAD + text.getvalue()).encode()
    try:
        sheet = read(content, registry.layouts["figures_long"], registry.sources["municipal_figures"])
    except Refusal as refusal:
        assert refusal.rule in ("header_only", "cpr_number", "double_encoded")
        return
    assert sheet.frame().rows() == kept


@settings(max_examples=examples(300))
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_refused(registry: Registry, content: bytes, with_head: bool) -> None:
    try:
        read(
            HEAD.encode() + content if with_head else content,
            registry.layouts["figures_long"],
            registry.sources["municipal_figures"],
        )
    except Refusal as refusal:
        assert refusal.rule in registry.rules
        assert not any(refusal.rule in rules for rules in contracts.ROW_RULES.values())


ROW = st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3), st.integers(1, 2))


@given(st.lists(ROW, max_size=12))
def test_each_row_of_a_key_is_used_once_or_has_a_fault(registry: Registry, rows: list[tuple[str, int, int]]) -> None:
    table = registry.tables["pool_totals"]
    frame = pl.DataFrame(
        [(f"{name}{year}", total, line) for line, (name, year, total) in enumerate(rows, 2)],
        schema={"measure": pl.String, "total": pl.Int64, "source_line": pl.Int64},
        orient="row",
    ).with_row_index("row")
    bad = {fault.line: fault.rule for fault in facts.key_faults(frame, table, {})}
    used = frame.filter(~pl.col("source_line").is_in(list(bad)))
    assert used["measure"].is_unique().all()
    for measure, group in frame.group_by("measure"):
        agree = group["total"].n_unique() == 1
        assert used.filter(pl.col("measure") == measure[0]).height == (1 if agree else 0)
        assert agree or set(group["source_line"]) <= bad.keys()


DAMAGE = st.lists(
    st.tuples(st.sampled_from(["flip", "cut", "double", "drop", "swap"]), st.floats(0, 1), st.integers(0, 255)),
    min_size=1,
    max_size=3,
)


def damaged(content: bytes, damage: list[tuple[str, float, int]]) -> bytes:
    for kind, place, byte in damage:
        at = int(place * max(len(content) - 1, 0))
        lines = content.splitlines(keepends=True) or [b""]
        row = int(place * (len(lines) - 1))
        if kind == "flip" and content:
            content = content[:at] + bytes([byte]) + content[at + 1 :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "double":
            content = b"".join([*lines[: row + 1], lines[row], *lines[row + 1 :]])
        elif kind == "drop":
            content = b"".join([*lines[:row], *lines[row + 1 :]])
        elif kind == "swap":
            lines[row] = b";".join(reversed(lines[row].rstrip(b"\n").split(b";"))) + b"\n"
            content = b"".join(lines)
    return content


@pytest.fixture(scope="module")
def known(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("names")
    vintage = Vintage(tuple(find(RAW, registry)), DeliveryLedger(folder), now())
    names = versions.known_names(vintage, folder, registry)
    assert names is not None
    return names


FILES = sorted(path.relative_to(RAW).as_posix() for path in RAW.glob("*/*.csv"))


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), DAMAGE)
def test_a_damaged_delivery_loses_nothing_in_silence(
    registry: Registry, known: Any, tmp_path: Path, path: str, damage: list[tuple[str, float, int]]
) -> None:
    file = tmp_path / "delivery.csv"
    file.write_bytes(damaged((RAW / path).read_bytes(), damage))
    delivery = Delivery(path, file, path.split("/", 1)[0], file_sha256(file))
    receipt = stage.stage(delivery, tmp_path / "staging", reading(path.split("/", 1)[0], registry, known))
    if receipt.outcome == "refused":
        assert receipt.rule in registry.rules
        assert not receipt.tables
    else:
        assert receipt.rows == receipt.used + receipt.quarantined
        lines = {
            line
            for table in receipt.tables.values()
            for line in pl.read_parquet(tmp_path / "staging" / table)["source_line"]
        }
        assert len(lines) == receipt.used
