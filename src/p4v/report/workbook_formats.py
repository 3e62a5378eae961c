"""How the cells of a workbook look."""

from collections.abc import Mapping
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

_DOLLARS = "$#,##0.00;[Red]-$#,##0.00"
_DOLLARS_EACH = "$#,##0.00##;[Red]-$#,##0.00##"
_NUMBERS = {
    "usd": _DOLLARS,
    "usd_pmpm": _DOLLARS_EACH,
    "usd_per_person": _DOLLARS_EACH,
    "rate": "0.00####%;[Red]-0.00####%",
    "count": "#,##0",
    "member_months": "#,##0.######",
    "points": "#,##0.00####",
    "flag": '"yes";"yes";"no"',
}
_DEEP, _RULE, _SOFT = "#0B4A6F", "#D7DDE2", "#51606C"


class Formats:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        top = {"valign": "top"}
        ruled = top | {"bottom": 1, "bottom_color": _RULE}
        strong = ruled | {"bold": True, "font_color": _DEEP}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.section = book.add_format({"bold": True, "font_size": 12, "font_color": _DEEP})
        self.soft = book.add_format({"font_color": _SOFT, "font_size": 9})
        self.text = book.add_format(top | {"text_wrap": True})
        heading = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "bg_color": "#F3F6F8"}
        self.heading = book.add_format(heading | {"align": "left", "indent": 1})
        self.heading_right = book.add_format(heading | {"align": "right"})
        self.wrapped = book.add_format(ruled | {"text_wrap": True, "align": "left", "indent": 1})
        self.right = book.add_format(ruled | {"align": "right"})
        self.number = book.add_format(ruled | {"num_format": "0", "font_color": _SOFT, "align": "left"})
        self.strong = book.add_format(strong | {"align": "left", "indent": 1})
        self.good = book.add_format({"font_color": "#1C6B4A", "bold": True})
        self.bad = book.add_format({"font_color": "#B3261E", "bold": True})
        self._plain = book.add_format(ruled)
        self._units = {unit: book.add_format(ruled | {"num_format": form}) for unit, form in _NUMBERS.items()}
        self._settled = {
            unit: book.add_format(strong | {"num_format": form, "top": 1}) for unit, form in _NUMBERS.items()
        }

    def of(self, line: Mapping[str, Any]) -> Format:
        """The format of a line's figure."""
        units = self._settled if line["kind"] == "settled" else self._units
        return units.get(line["unit"], self._plain)

    def unit(self, unit: str) -> Format:
        return self._units[unit]

    def total(self, unit: str) -> Format:
        return self._settled.get(unit, self.right)
