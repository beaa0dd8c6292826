"""The workbooks that senders fill in, in Danish and from the registry: one kind per delivery written by hand."""

from pathlib import Path

from flows.intake.templates import implementation, plans, yearly
from schemas.registry import Registry

SOURCES = (yearly.SOURCE, *plans.SOURCES, implementation.SOURCE)


def write(
    file: Path,
    registry: Registry,
    source: str = yearly.SOURCE,
    municipality_code: str | None = None,
    year: int | None = None,
) -> None:
    """Write the template workbook of one of SOURCES, for one municipality or for any.

    Raises ValueError for another source, a municipality that has nothing to fill in, and a year that does not belong.
    """
    if source == yearly.SOURCE:
        yearly.write(file, registry, municipality_code, year)
        return
    if source not in SOURCES:
        raise ValueError(f"there is no template for {source!r}; there are {', '.join(SOURCES)}")
    if year is not None:
        raise ValueError(f"a year belongs to the yearly figures; the rows of '{source}' say their own years")
    if source == implementation.SOURCE:
        implementation.write(file, registry, municipality_code)
    else:
        plans.write(file, registry, source, municipality_code)
