"""The meeting sheet as a sheet of the yearly form: goals as rows, questions, and yellow cells for what is decided."""

from collections.abc import Sequence
from typing import Any

from flows.present.excel import LINE, Formats, lines_of
from flows.present.meeting import DECISION, FOOT, HEADS, QUESTIONS, TO_FILL_IN, MeetingSheet

# Goal and indicator, start, now, goal, verdict, why, elsewhere: as many columns as one page of A4 shows at 8 points.
WIDTHS = (34, 12, 12, 12, 19, 46, 36)
GOAL, _, VERDICT, WHY, ELSEWHERE = HEADS
LINES_TO_WRITE = 4


def add(sheet: Any, formats: Formats, content: MeetingSheet, marks: Sequence[tuple[str, str]]) -> None:
    """Write the sheet; it prints on one page."""
    for place, width in enumerate(WIDTHS):
        sheet.set_column(place, place, width)
    plain, small = formats.of(font_size=10), formats.of(font_size=9, font_color="#4D4D4D")
    sheet.write_string(0, 0, " · ".join(f"{mark}: {meaning}" for mark, meaning in marks), formats.of(bold=True))
    sheet.write_string(1, 0, f"Mødeark til styregruppen · {content.plan_name}", small)
    sheet.set_row(2, 24)
    sheet.write_string(2, 0, content.title, formats.of(bold=True, font_size=16))
    sheet.write_string(3, 0, content.place, small)
    line = _goals(sheet, formats, content, 5)
    for name, text in (("Flere mål", content.others), ("∅ Følges ikke med tal", content.without_figures)):
        if text:
            sheet.write_string(line, 0, f"{name}: {text}.", plain)
            line += 1
    line = _asked(sheet, formats, content, line + 1)
    _decided(sheet, formats, line + 1)
    sheet.fit_to_pages(1, 1)


def _goals(sheet: Any, formats: Formats, content: MeetingSheet, line: int) -> int:
    """The goals as rows; the line below them."""
    head = formats.of(bold=True, bottom=2, text_wrap=True, valign="top")
    for place, name in enumerate((GOAL, "Start ○", "Nu ◆", "Mål |", VERDICT, WHY, ELSEWHERE)):
        sheet.write_string(line, place, name, head)
    cell, strong = (
        formats.of(text_wrap=True, valign="top", bottom=1, bottom_color="#BFBFBF", bold=b) for b in (False, True)
    )
    for row in content.rows:
        line += 1
        texts = (f"{row.number} {row.goal}\n{row.measured_by}", *row.figures, row.verdict, row.why, row.elsewhere)
        for place, text in enumerate(texts):
            sheet.write_string(line, place, text, strong if place in (2, 4) else cell)
        goal = lines_of(f"{row.number} {row.goal}", WIDTHS[0]) + lines_of(row.measured_by, WIDTHS[0])
        others = (lines_of(text, width) for text, width in zip(texts[1:], WIDTHS[1:], strict=True))
        sheet.set_row(line, LINE * max(goal, *others) + 4)
    return line + 1


def _asked(sheet: Any, formats: Formats, content: MeetingSheet, line: int) -> int:
    sheet.write_string(line, 0, QUESTIONS, formats.of(bold=True, font_size=12))
    for number, question in enumerate(content.questions, 1):
        line += 1
        sheet.write_string(line, 0, f"{number}. {question}", formats.of(font_size=11))
    return line + 1


def _decided(sheet: Any, formats: Formats, line: int) -> None:
    """Yellow lines to write on, and below them who, when and the signatures."""
    # Not wrapped: what is written into the first cell runs on over the others of its line.
    answer = formats.of(valign="top", bg_color="#FFF8DC", bottom=1, bottom_color="#7F7F7F")
    sheet.write_string(line, 0, DECISION, formats.of(bold=True, font_size=12))
    for _ in range(LINES_TO_WRITE):
        line += 1
        for place in range(len(WIDTHS)):
            sheet.write_blank(line, place, None, answer)
        sheet.set_row(line, 24)
    for fields, places in ((TO_FILL_IN[:3], (0, 4, 5)), (TO_FILL_IN[3:], (0, 5, 6))):
        line += 2
        sheet.set_row(line, 24)
        for field, place in zip(fields, places, strict=True):
            sheet.write_blank(line, place, None, answer)
            sheet.write_string(line + 1, place, field, formats.of(font_size=9, font_color="#4D4D4D"))
    sheet.write_string(line + 3, 0, FOOT, formats.of(font_size=9, font_color="#4D4D4D"))
