"""A parquet file has the same bytes in whatever batches its rows come, and holds them in the contract's order."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from flows.core import parquet
from schemas.loading import load

TABLE = load().marts["dim_municipality_mergers"]


def rows_of(numbers: list[int]) -> pa.Table:
    """Rows of a small mart, one for each number, which stands in its texts."""
    values = {pa.string(): lambda n: f"text {n}", pa.bool_(): lambda n: n % 2 == 0, pa.date32(): lambda n: n}
    fields = parquet.contracts.arrow_schema(TABLE)
    return pa.table({field.name: pa.array([values[field.type](n) for n in numbers], field.type) for field in fields})


@settings(max_examples=examples(40))
@given(numbers=st.lists(st.integers(0, 9), max_size=40), size=st.integers(1, 45), group=st.integers(1, 45))
def test_batches_make_the_file_that_the_whole_table_makes(
    numbers: list[int], size: int, group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, whole = tmp_path_factory.mktemp("parquet"), rows_of(numbers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "ROW_GROUP", group)
        with parquet.parquet(folder / "whole.parquet", TABLE) as add:
            for start in range(0, whole.num_rows, group):
                add(whole.slice(start, group))
        turned = whole.select(list(reversed(whole.column_names)))
        batches = pa.RecordBatchReader.from_batches(turned.schema, turned.to_batches(max_chunksize=size))
        parquet.write_batches(folder / "batches.parquet", batches, TABLE, folder / "aside" / "rows")
    assert (folder / "batches.parquet").read_bytes() == (folder / "whole.parquet").read_bytes()
    assert not list(folder.rglob("rows"))


def test_a_row_group_is_as_large_as_that_of_a_table_written_at_once(tmp_path: Path) -> None:
    many = rows_of([1]).take(pa.array([0] * (parquet.ROW_GROUP + 5)))
    parquet.write_parquet(tmp_path / "at_once.parquet", many, TABLE)
    assert pq.read_metadata(tmp_path / "at_once.parquet").row_group(0).num_rows == parquet.ROW_GROUP
    batches = pa.RecordBatchReader.from_batches(many.schema, many.to_batches(max_chunksize=parquet.ROW_GROUP - 7))
    parquet.write_batches(tmp_path / "batches.parquet", batches, TABLE, tmp_path / "aside")
    assert (tmp_path / "batches.parquet").read_bytes() == (tmp_path / "at_once.parquet").read_bytes()
