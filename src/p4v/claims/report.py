"""What an import writes: the table of member months, the controls, the claims without a place, and the report."""

import csv
import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from p4v.claims.charges import CLAIMS, DUPLICATES, ENTRIES, LINES, NOT_COUNTED, OTHER_PERIOD, OUTSIDE, PLACED, REPEATED
from p4v.claims.months import Imported, MemberMonth
from p4v.money import decimal_text, rounded_exact

MONTH_PLACES = 6
_NOISE_PLACES = 30
_SHOWN = {
    LINES: "lines in the file",
    REPEATED: "header amounts repeated on lines, not added again",
    DUPLICATES: "lines given twice, dropped",
    CLAIMS: "claims in",
    PLACED: "placed in member months",
    OUTSIDE: "outside every span",
    NOT_COUNTED: "in a month that does not count",
    OTHER_PERIOD: "outside the period",
}
_MONTH_RULES = {
    "any_day": "a month counts if any day of it is covered",
    "first_of_month": "a month counts if its first day is covered",
    "fifteenth_of_month": "a month counts if its fifteenth day is covered",
    "full_month": "a month counts if all its days are covered",
    "pro_rata_days": "covered days over the days of the month, to six decimals, half up",
    "covered_days": "first and last covered day are written, and the contract says what counts",
}


def table_columns(imported: Imported) -> list[str]:
    """The headers of the member months."""
    document = imported.claims_map.document
    by_rule = {"pro_rata_days": ["member_months"], "covered_days": ["first_day", "last_day"]}
    money = [f"{measure}_{category.id}_cents" for measure in document.measures() for category in document.categories]
    labels = ["group_id", "member_id", "month", *document.eligibility.attributes()]
    return [*labels, *by_rule.get(document.member_months.counting, []), *money]


def _cells(row: MemberMonth, counting: str) -> list[Any]:
    """A row of the table: text, and whole numbers."""
    labels = row.covered.labels or ()
    cells: list[Any] = [labels[0], row.member, month_text(row.month), *labels[1:]]
    if counting == "pro_rata_days":
        cells.append(share_text(row.covered.share))
    if counting == "covered_days":
        (days,) = row.covered.days[labels]
        cells += [days.first, days.last]
    return [*cells, *row.cents]


def month_text(month: int) -> str:
    """A month, counted from year 0, as YYYY-MM."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def share_text(share: Fraction) -> str:
    """The part of a month to six decimals."""
    return decimal_text(rounded_exact(share, MONTH_PLACES, "half_up"))


def table_csv(imported: Imported) -> bytes:
    """The member months as CSV."""
    counting = imported.claims_map.document.member_months.counting
    return _csv([table_columns(imported), *(_cells(row, counting) for row in imported.rows)])


def table_parquet(imported: Imported) -> bytes:
    """The member months as Parquet: text, and whole numbers."""
    counting = imported.claims_map.document.member_months.counting
    names = table_columns(imported)
    rows = [_cells(row, counting) for row in imported.rows]
    whole = {"first_day", "last_day"}
    columns = {
        name: pa.array(
            [cells[place] for cells in rows],
            type=pa.int64() if name.endswith("_cents") or name in whole else pa.string(),
        )
        for place, name in enumerate(names)
    }
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content, compression="zstd")
    return content.getvalue()


def controls_csv(imported: Imported) -> bytes:
    """What became of every amount, by file; dollars."""
    measures = imported.claims_map.document.measures()
    rows: list[list[Any]] = [["file", "entry", "amounts", *measures]]
    for control in imported.controls:
        for entry in ENTRIES:
            tally = control.tallies[entry]
            rows.append([control.source.role, entry, tally.amounts, *map(dollars, tally.cents)])
    return _csv(rows)


def not_placed_csv(imported: Imported) -> bytes:
    """The claims without a place, by file and line; no id stands here."""
    measures = imported.claims_map.document.measures()
    rows: list[list[Any]] = [["file", "line", "entry", *measures]]
    for charge in imported.not_placed:
        rows += [[charge.source.role, charge.line, charge.entry, *map(dollars, charge.cents)]]
    return _csv(rows)


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def dollars(cents: int, separator: str = "") -> str:
    """Cents as dollars; a table takes no separator."""
    whole, rest = divmod(abs(cents), 100)
    shown = f"{whole:,}".replace(",", separator)
    return f"{'-' if cents < 0 else ''}{shown}.{rest:02d}"


def summary(imported: Imported) -> Iterator[str]:
    """The controls as plain lines, for a terminal."""
    yield from _aligned(_control_rows(imported))
    yield ""
    yield _months_line(imported)
    yield from notes(imported)


def _months_line(imported: Imported) -> str:
    months = decimal_text(rounded_exact(imported.member_months(), MONTH_PLACES, "half_up"))
    return f"{months} member months of {imported.members()} members, {len(imported.rows)} rows"


def _control_rows(imported: Imported) -> list[list[str]]:
    """A header, then the entries of every file; of those that have nothing only what everybody asks for."""
    measures = imported.claims_map.document.measures()
    rows = [["file", "", "amounts", *measures]]
    for control in imported.controls:
        for entry in ENTRIES:
            tally = control.tallies[entry]
            if tally.amounts or entry in (LINES, CLAIMS, PLACED, OUTSIDE):
                money = [dollars(cents, separator=",") for cents in tally.cents]
                rows.append([control.source.role, _SHOWN[entry], f"{tally.amounts:,}", *money])
    return rows


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            f"{cell:<{width}}" if place < 2 else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def notes(imported: Imported) -> Iterator[str]:
    """What was done by rule, each with its count."""
    coverage = imported.coverage
    counts = (
        (coverage.merged, "with days that another has too, merged"),
        (coverage.dropped, "with an end before the start, dropped"),
        (coverage.cut, "reaching beyond the period, cut to it"),
    )
    for count, what in counts:
        if count:
            yield f"eligibility: {_many(count, 'span')} {what}"
    for control in imported.controls:
        role = control.source.role
        if control.noisy:
            moved = decimal_text(control.moved, _NOISE_PLACES).rstrip("0")
            noisy = _many(control.noisy, "amount")
            yield f"{role}: {noisy} with the noise of a float, taken to the cent; {moved} dollars moved"
        if control.empty:
            yield f"{role}: {_many(control.empty, 'empty amount')}, taken as zero"
        if control.alike.amounts:
            money = ", ".join(
                f"{name} {dollars(cents)}" for name, cents in zip(control.measures, control.alike.cents, strict=True)
            )
            alike, said = _many(control.alike.amounts, "claim"), "added line by line as the map says"
            yield f"{role}: {alike} with one amount on several lines, {said}; after the first lines {money}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def report_markdown(imported: Imported, table: str) -> bytes:
    """The report of an import."""
    made = imported.claims_map.document.member_months
    period = str(imported.period) if imported.period else "all months of the spans"
    by = "member month" if made.claims_by == "month" else "day, which must lie within a span"
    header, *rows = _control_rows(imported)
    lines = [
        "# Member months from claims",
        "",
        f"Months: {period}; {_MONTH_RULES[made.counting]}. A claim belongs to its {by}.",
        "",
        f"| {' | '.join(header)} |",
        f"|---|---|{'---:|' * (len(header) - 2)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        "Lines = repeated + dropped + claims in; claims in = placed + what has no place. `controls.csv` has all",
        "entries, `not_placed.csv` every claim without a place, by file and line.",
        "",
        f"- {_months_line(imported)}",
        *(f"- {note}" for note in notes(imported)),
        "",
        "| file | rows | bytes | SHA-256 | columns not read |",
        "|---|---:|---:|---|---|",
        *_file_rows(imported),
        "",
        "The table in `p4v.yaml`:",
        "",
        "```yaml",
        "tables:",
        "  member_months:",
        f"    files: {table}",
        *(["    months: covered_days"] if made.counting == "covered_days" else []),
        "```",
        "",
    ]
    return "\n".join(lines).encode()


def _file_rows(imported: Imported) -> Iterator[str]:
    document = imported.claims_map.document
    for source in (imported.eligibility, *(control.source for control in imported.controls)):
        read = set(source.columns.values())
        read |= set(document.columns_of_categories(source.role))
        unread = sum(header not in read for header in source.headers)
        yield f"| {source.role} | {source.rows} | {source.size} | {source.sha256} | {unread} |"
