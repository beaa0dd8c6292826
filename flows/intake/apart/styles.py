"""The styles of a workbook: the number format of each style that a cell, or a conditional format, may have."""

from flows.intake.apart.answers import Unreadable
from flows.intake.apart.number_formats import BUILT_IN, NumberFormat, number_format
from flows.intake.apart.package import Package

MOST_STYLES = 70_000
# A format that is named by a number which no workbook of the western world has shows nothing that is known here.
FOREIGN = '"?"0'


def formats(package: Package, part: str | None) -> tuple[list[NumberFormat], list[NumberFormat | None]]:
    """The number format of every cell style and of every differing style that has one, in their order.

    Raises Unreadable where they are damaged.
    """
    if part is None:
        return [], []
    codes: dict[int, str] = {}
    used: list[int] = []
    differing: list[NumberFormat | None] = []
    above: list[str] = []

    def started(tag: str, attributes: dict[str, str]) -> None:
        inside = above[-1] if above else ""
        above.append(tag)
        if tag == "numFmt" and inside == "numFmts":
            codes[_number(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif tag == "xf" and inside == "cellXfs":
            used.append(_number(attributes.get("numFmtId", "0")))
        elif tag == "dxf" and inside == "dxfs":
            differing.append(None)
        elif tag == "numFmt" and inside == "dxf":
            code = attributes.get("formatCode") or _built_in(_number(attributes.get("numFmtId", "0")))
            differing[-1:] = [number_format(code)]
        if len(used) + len(differing) > MOST_STYLES:
            raise Unreadable("damaged_file", "too many styles")

    def ended(_: str) -> None:
        above.pop()

    package.parse(part, started, ended, lambda _: None)
    # Danish Excel spells out those of money; StatBank's program writes an empty code for the general format.
    return [number_format(codes.get(key) or _built_in(key)) for key in used], differing


def _built_in(key: int) -> str:
    return BUILT_IN.get(key, FOREIGN if 59 <= key <= 81 else "General")


def _number(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Unreadable("damaged_file", "a style without a number")
    return int(text)
