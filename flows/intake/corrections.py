"""Known errors of sources, mended in the text of a delivery before anything is made of it."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from flows.intake.coded import Coded, DeliveredTable, tidied
from schemas.rules import Correction


def corrected(
    delivered: DeliveredTable, path: str, declared: Iterable[Correction]
) -> tuple[DeliveredTable, dict[str, int]]:
    """The delivered with every correction made that its source has declared, and how many rows each one matched."""
    columns, matched = dict(delivered.columns), {}
    for correction in declared:
        if correction.file not in (None, path):
            continue
        rows = _matches(columns, correction, len(delivered.lines))
        if rows is None or not rows.any():
            continue
        header = _named(columns, correction.column)
        old = columns[header]
        spellings = pl.concat([old.spellings, pl.Series(values=[correction.right])])
        columns[header] = Coded(np.where(rows, len(spellings) - 1, old.codes).astype(np.int32), spellings)
        matched[correction.id] = int(rows.sum())
    return replace(delivered, columns=columns), matched


def _matches(columns: Mapping[str, Coded], correction: Correction, rows: int) -> NDArray[np.bool_] | None:
    """Rows that have every cell of the correction; None where a column is not there."""
    mask = np.ones(rows, dtype=bool)
    for name, cell in {**correction.where, correction.column: correction.wrong}.items():
        if not (header := _named(columns, name)):
            return None
        clean = tidied({header: columns[header]})[header]
        mask &= clean.where(clean.spellings == unicodedata.normalize("NFC", cell).strip())
    return mask


def _named(columns: Mapping[str, Coded], name: str) -> str:
    return next((header for header in columns if header.casefold() == name.casefold()), "")
