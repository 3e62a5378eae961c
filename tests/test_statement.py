"""The statement: its figures are the settlement's, its sentences follow from the lines, and text stays text."""

import re
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pytest

from p4v.report.shown import change_text, date_text, figure, period_text, short_value, shown, tile_value
from p4v.report.statement import HTML, MARKDOWN, not_in_force, statement_html, statement_markdown, statements
from p4v.report.view import StatementView, statement_view
from p4v.report.waterfall import waterfall
from p4v.report.wording import formula_in_numbers, formula_in_words, spans_text
from statement_samples import SAMPLES, Book, Sample, failed_gate, happy, loss_owed

MINUS = "\N{MINUS SIGN}"
NASTY = (
    '<script>alert(1)</script> "x" onmouseover="alert(1)',
    "' onfocus='alert(1)",
    "{{ cycler.__init__ }}{% include 'x' %}",
    "=cmd|'/c calc'!A1",
    "| a | **b** | </title><style>*{display:none}</style>",
)


class Page(HTMLParser):
    """A page read back: its tables by the heading of their section, its tags and attributes, its text."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._section = ""
        self._cell: list[str] | None = None
        self._skipped = False
        self.feed(content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self._skipped = tag == "style"
        if tag == "h2":
            self._section = dict(attrs)["id"] or ""
        elif tag == "tr":
            self.tables.setdefault(self._section, []).append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        self._skipped = False
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._section][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text += data
            if self._cell is not None:
                self._cell.append(data)


def page(sample: Sample) -> Page:
    return Page(statement_html(*sample))


def view(sample: Sample) -> StatementView:
    return statement_view(*sample)


def by_name(sample: Sample) -> dict[str, dict[str, Any]]:
    return {line["name"]: line for line in sample[0]["lines"]}


def money(text: str) -> Fraction:
    """A printed amount of dollars."""
    return Fraction(text.replace("$", "").replace(",", "").replace(MINUS, "-"))


@pytest.mark.parametrize("name", SAMPLES)
class TestEverySample:
    def test_every_line_stands_once_with_its_value_clause_and_formula(self, name: str) -> None:
        sample = SAMPLES[name]()
        read = page(sample)
        listed = [
            row
            for section in ("lines", "given", "terms", "quality", "working")
            for row in read.tables.get(f"h-{section}", [])
        ]
        rows = {row[0]: row for row in listed if row[0].isdigit()}
        lines = by_name(sample)
        assert len(rows) == len(lines) == len([row for row in listed if row[0].isdigit()])
        for line in lines.values():
            _, item, clause, value = rows[str(line["number"])]
            assert item.startswith(line["label"])
            assert clause.startswith(line["clause"])
            assert value == shown(line)
            if line["expression"] is not None:
                assert formula_in_words(line, lines) in item
                assert f"= {formula_in_numbers(line, lines)}" in item
                assert " quality_" not in item
            if line["kind"] == "settled":
                assert money(value.rstrip("%")) * (Fraction(1, 100) if line["unit"] == "rate" else 1) == figure(line)

    def test_the_markdown_has_the_same_figures(self, name: str) -> None:
        sample = SAMPLES[name]()
        text = statement_markdown(*sample).decode()
        seen = view(sample)
        assert f"**{seen.headline.label}: {seen.headline.figure}**" in text
        for line in [*seen.parts.main, *seen.parts.given]:
            assert re.search(rf"^\| {line.number} \|.*\| {re.escape(line.value)} \|", text, re.MULTILINE), line.name
        for sentence in seen.sentences:
            assert sentence.replace("[", "\\[") in text

    def test_the_page_stands_alone(self, name: str) -> None:
        content = statement_html(*SAMPLES[name]())
        read = Page(content)
        assert not {"script", "link", "img", "iframe", "object", "embed", "a", "form"} & set(read.tags)
        assert not [key for key, _ in read.attributes if key.startswith("on") or key in ("src", "href", "style")]
        urls = re.findall(rb"url\(([^)]{5})|@import|https?://", content)
        assert urls == [b"data:"]
        assert b"default-src 'none'" in content
        assert content.startswith(b"<!doctype html>")

    def test_tables_and_pictures_are_named(self, name: str) -> None:
        content = statement_html(*SAMPLES[name]()).decode()
        assert content.count("<table") == content.count("<caption>")
        for attributes in re.findall(r"<svg([^>]*)>", content):
            assert 'role="img"' in attributes
            assert "aria-label" in attributes
        assert len(re.findall(r"<h1>", content)) == 1
        identifiers = re.findall(r' id="([^"]+)"', content)
        assert len(identifiers) == len(set(identifiers))

    def test_the_same_bytes_again(self, name: str) -> None:
        assert statements(*SAMPLES[name]()) == statements(*SAMPLES[name]())


SENTENCES = {
    "happy": [
        "Riverbend Medical Group earned $963,393.41 for January to December 2025; the net payment is $713,393.41.",
        "Every gate was met (Minimum savings rate 5.60% against 2.00%, Quality score 72.98% against 50.00%), and no cap applied.",
        "Of the gross savings of $2,640,239.68, the step that took most was “Payer's share”: $1,320,119.84.",
    ],
    "failed_gate": [
        "Harbor Physicians earned nothing for January to December 2025, and owes nothing.",
        "The gate “Minimum savings rate” was not met: 1.50% against 2.00%, which stopped $353,891.48.",
        "Of the gross savings of $707,782.96, the step that took most was “Minimum savings rate”: $707,782.96.",
    ],
    "nothing_earned": [
        "Quiet Valley Clinic earned nothing for January to December 2025, and owes nothing.",
        "The gate was met (Minimum savings rate 0.00% against 0.00%).",
    ],
    "loss_owed": [
        "Coastal Medical Foundation owes Northlake Health Plan $646,875.00 for January to December 2015.",
        "“Loss limit” decided the amount and spared $110,625.00.",
        "Of the loss of $2,550,000.00, the step that took most off was “Payer's share of losses”: $1,792,500.00.",
    ],
    "fee_reset": [
        "The care coordination fee of the next period is $3.59 per member per month, $2.09 more than now.",
        "The care coordination fee for July 2013 to June 2014 is $306,000.00.",
    ],
    "uplift": ["The fee schedule of Cornerstone Example Physicians rises by 3.5% for its results of April 2012 to March 2014."],
    "pay_for_performance": [
        "Primed Example Physicians earned $105,087.92 for January to December 2014.",
        "Of the quality pool of $144,000.00, the step that took most was “Quality”: $38,912.08.",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences(name: str) -> None:
    assert list(view(SAMPLES[name]()).sentences) == SENTENCES[name]


HEADLINES = {
    "happy": ("Net payable to the group", "$713,393.41", "paid"),
    "failed_gate": ("Nothing earned or owed", "$0.00", "nothing"),
    "nothing_earned": ("Nothing earned or owed", "$0.00", "nothing"),
    "loss_owed": ("Owed by the group", "$646,875.00", "owed"),
    "fee_reset": ("Next care coordination fee", "$3.59", "paid"),
    "uplift": ("Fee schedule uplift", "3.5%", "paid"),
    "pay_for_performance": ("Earned by the group", "$105,087.92", "paid"),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_headlines(name: str) -> None:
    seen = view(SAMPLES[name]()).headline
    assert (seen.label, seen.figure, seen.kind) == HEADLINES[name]


class TestScorecard:
    def test_rates_points_and_dollars_are_the_lines(self) -> None:
        sample = happy()
        lines, rows = by_name(sample), page(sample).tables["h-scorecard"]
        assert rows[0] == [
            "Measure",
            "Counts",
            "Rate",
            "Prior",
            "Threshold",
            "Target",
            "Scale",
            "Points",
            "Earned",
            "Not earned",
        ]
        first = rows[1]
        assert first == [
            "Breast cancer screening", "1,124 / 1,466", "76.67%", "74.20%", "70.00%", "80.00%", "", "0.67 of 1",
            shown(lines["measure_earned.bcs"]), shown(lines["measure_not_earned.bcs"]),
        ]  # fmt: skip
        measures, total = rows[1:-1], rows[-1]
        for column, name in ((8, "quality_dollars_earned"), (9, "quality_dollars_not_earned")):
            assert sum(money(row[column]) for row in measures) == money(total[column]) == figure(lines[name])
        assert money(total[8]) + money(total[9]) == Fraction("1320119.84")

    def test_the_scale_puts_better_to_the_right(self) -> None:
        card = view(happy()).scorecard
        assert card is not None
        scales = {measure.id: measure.scale for measure in card.measures}
        bcs, a1c, amr = scales["bcs"], scales["a1c"], scales["amr"]
        assert bcs is not None
        assert a1c is not None
        assert amr is not None
        assert bcs.threshold < bcs.dot < bcs.target
        # 17.6% of a measure where lower is better, from 25% to 15%: three quarters of the way
        assert a1c.dot == 26 + int(Fraction(68) * (Fraction(25, 100) - Fraction(143, 812)) * 10)
        assert amr.missed
        assert amr.dot < amr.threshold
        assert amr.title == "Asthma medication ratio misses the threshold"

    def test_a_measure_that_is_not_scored_says_so(self) -> None:
        read = page(SAMPLES["not_scored"]())
        row = next(row for row in read.tables["h-scorecard"] if row[0] == "Asthma medication ratio")
        assert row[2] == "not scored"
        assert "Not scored: Asthma medication ratio." in " ".join(read.text.split())
        card = view(SAMPLES["not_scored"]()).scorecard
        assert card is not None
        assert card.measures[-1].scale is None


class TestSections:
    """A section without data is absent."""

    def test_a_fee_has_no_waterfall_gates_or_scorecard(self) -> None:
        read = page(SAMPLES["fee_reset"]())
        assert set(read.tables) - {""} == {"h-settled", "h-lines", "h-given", "h-terms", "h-order"}
        assert "svg" not in read.tags

    def test_a_statement_with_everything(self) -> None:
        read = page(happy())
        assert {"h-settled", "h-waterfall", "h-gates", "h-prior", "h-scorecard", "h-stated", "h-working"} <= set(
            read.tables
        )
        text = " ".join(read.text.split())
        assert "Cap on payment moved by §6.6" in text
        assert "signed 12 January 2024, effective 1 January 2024, ends 31 December 2026" in text
        assert "15 April 2026" in text

    def test_the_prior_period(self) -> None:
        rows = page(happy()).tables["h-prior"][1:]
        assert rows == [
            ["Member months", "112,806", "117,404", "+4.1%"],
            ["Expenditure PMPM", "$371.90", "$379.25", "+2.0%"],
            ["Savings rate", "3.84%", "5.60%", "+1.76 pts"],
            ["Quality score", "68.10%", "72.98%", "+4.88 pts"],
            ["Shared savings earned", "$574,206", "$963,393", "+67.8%"],
        ]

    def test_a_failed_gate_shows_its_dollars_as_a_line_too(self) -> None:
        read = page(failed_gate())
        gate = read.tables["h-gates"][1]
        assert gate == ["Minimum savings rate §4.2", "1.50%", "2.00%", f"{MINUS}0.50 pts", "not met", "$353,891.48"]
        assert any(row[3] == "$353,891.48" and row[1].startswith("Not earned") for row in read.tables["h-lines"])

    def test_a_gate_of_losses(self) -> None:
        gate = page(loss_owed()).tables["h-gates"][1]
        assert gate == ["Minimum loss rate §4.2", "4.93%", "2.00%", "+2.93 pts", "yes"]

    def test_the_waterfall_foots(self) -> None:
        for name in ("happy", "failed_gate", "loss_owed", "pay_for_performance"):
            *bars, total = page(SAMPLES[name]()).tables["h-waterfall"][1:]
            assert sum(money(bar[2]) for bar in bars) == money(total[2])

    def test_gaps_in_the_numbers_are_explained(self) -> None:
        sample = happy()
        seen = view(sample)
        shown_numbers = {line.number for line in seen.parts.main}
        for low, high in re.findall(r"(\d+)(?:–(\d+))?", seen.numbering):
            shown_numbers |= set(range(int(low), int(high or low) + 1))
        assert shown_numbers == set(range(1, len(sample[0]["lines"]) + 1))

    def test_a_score_is_headed_by_its_title(self) -> None:
        book = Book("hospital", "010001", "Hospital Value-Based Purchasing Program")
        book.given("score", "36.25", "points", "42 CFR 412.165", "Total performance score")
        book.compute("total_performance_score", "score", "points", "42 CFR 412.165", score="score")
        document, manifest, digest = book.sample("010001")
        seen = statement_view(document, manifest | {"payer": None}, digest)
        assert seen.heading == "Hospital Value-Based Purchasing Program"
        assert seen.program == ""
        assert seen.reached == "How the figure was reached"
        assert seen.sentences == ["Total performance score of 010001 for January to December 2025: 36.25."]

    def test_a_statement_that_replaces_another(self) -> None:
        document, manifest, digest = happy()
        read = page((document | {"version": 2, "replaces": "a" * 64}, manifest, digest))
        assert f"Final, version 2, replaces {'a' * 12}" in read.text


@pytest.mark.parametrize("name", NASTY)
def test_names_are_text_everywhere(name: str) -> None:
    document, manifest, digest = happy(group_name=name)
    lines = [
        line | {"label": name, "clause": name} if line["name"] == "benchmark" else line for line in document["lines"]
    ]
    sample = document | {"lines": lines}, manifest | {"title": name, "payer": {"name": name}}, digest
    read, clean = page(sample), page(happy())
    assert name in read.text
    assert read.tags == clean.tags
    assert [key for key, _ in read.attributes] == [key for key, _ in clean.attributes]
    markdown = statement_markdown(*sample).decode()
    assert not re.search(r"(?<!\\)<|(?<!\\)\*\*b", markdown)
    for row in markdown.split("\n"):
        if row.startswith("| 5 |"):
            assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_a_notice_for_a_contract_not_in_force() -> None:
    period = {"from": "2013-01", "to": "2013-12"}
    files = not_in_force(
        "gpa", "<b>GPA</b>", "gpa-2014", "Pay for performance", period, "It takes effect on 1 January 2014."
    )
    read = Page(files[HTML])
    assert "There is no settlement for January to December 2013." in read.text
    assert "It takes effect on 1 January 2014." in read.text
    assert "<b>GPA</b> (gpa)" in read.text
    assert "b" not in read.tags
    assert "# No settlement: \\<b\\>GPA" in files[MARKDOWN].decode()


class TestWords:
    def test_a_rate_never_looks_equal_to_what_it_missed(self) -> None:
        assert short_value(Fraction(1999999, 100_000_000), "rate", Fraction(2, 100)) == "1.999999%"
        assert short_value(Fraction(2, 100), "rate", Fraction(2, 100)) == "2.00%"
        assert tile_value(Fraction("100000.40"), "usd", Fraction("100000.30")) == "$100,000.40"

    def test_changes(self) -> None:
        assert change_text(Fraction(0), Fraction(5), "usd") == ""
        assert change_text(Fraction(-100), Fraction(-50), "usd") == "+50.0%"
        assert change_text(Fraction(3), Fraction(1), "points") == f"{MINUS}2"
        assert change_text(Fraction(1), Fraction(0), "flag") == ""

    def test_dates_and_periods(self) -> None:
        assert date_text("2014-02-03") == "3 February 2014"
        assert date_text("soon") == "soon"
        assert period_text({"from": "2014-02", "to": "2014-02"}) == "February 2014"

    def test_spans(self) -> None:
        assert spans_text([1, 2, 3, 5, 8, 9]) == "1–3, 5, 8–9"

    @pytest.mark.parametrize(
        "expression, words, numbers",
        [
            ("when(f == 1, a, 0)", "A [1] if F [3], else 0", "$5.00 if yes, else 0"),
            ("when(f == 0, a, 0)", "A [1] if not (F [3]), else 0", "$5.00 if not (yes), else 0"),
            ("ratio(a, b, 0)", "A [1] / B [2] (0 if divided by 0)", "$5.00 / 2%"),
            ("ratio(a, z, 0)", "A [1] / Z [4] (0 if divided by 0)", "$5.00 / $0.00 (0 if divided by 0)"),
            ("total(l)", "the total of lines 1, 4", "$5.00 + $0.00"),
            ("a - total(l)", f"A [1] {MINUS} (the total of lines 1, 4)", f"$5.00 {MINUS} ($5.00 + $0.00)"),
            ("count_of(g)", "how many of line 3 hold", "1 of 1"),
            ("step(b, t)", "T [5] at B [2]", "the table at 2%"),
            ("interpolated(b, t)", "T [5] at B [2], read between its rows", "the table at 2%, read between its rows"),
            ("a * bands(b, t)", "A [1] × (B [2] band by band through T [5])", "$5.00 × (2% band by band through the table)"),
            ("rounded(a * b, 2, half_up)", "(A [1] × B [2]) rounded half up to 2 places", "($5.00 × 2%) rounded half up to 2 places"),
            ("footed(a, l, 1)", "Z [4], in cents that add up to A [1]", "$0.00, in cents that add up to $5.00"),
            ("allocated(a, m, 0)", "A [1] × B [2] / (line 2), in cents that add up", "$5.00 × 2% / (2%), in cents that add up"),
            ("weighted_total(l, l)", "the total of lines 1, 4, each × its weight in lines 1, 4", "$5.00 × $5.00 + $0.00 × $0.00"),
        ],
    )  # fmt: skip
    def test_formulas(self, expression: str, words: str, numbers: str) -> None:
        book = Book("c", "g", "t")
        book.given("a", "5", "usd", "§1", "A")
        book.given("b", "0.02", "rate", "§1", "B (as printed)")
        book.given("f", "1", "flag", "§1", "F")
        book.given("z", "0", "usd", "§1", "Z")
        book.term("t", [["0", "1"]], "table", "§1", "T")
        inputs = {"a": "a", "b": "b", "f": "f", "z": "z", "t": "t", "l": ["a", "z"], "g": ["f"], "m": ["b"]}
        line = {"expression": expression, "inputs": inputs}
        assert formula_in_words(line, book.lines) == words
        assert formula_in_numbers(line, book.lines) == numbers


class TestDrawing:
    def test_bars_hang_where_the_sum_stands(self) -> None:
        fall = waterfall(by_name(happy()))
        assert fall is not None
        assert fall.unit == "$ thousands"
        first, gate, share, quality, cap, total = fall.wide.bars
        assert first.y + first.height == fall.wide.zero == total.y + total.height
        assert gate.kind == cap.kind == "even"
        assert share.y == first.y
        assert abs(quality.y - (share.y + share.height)) <= 1
        assert [bar.short for bar in fall.wide.bars] == ["2,640", "0", f"{MINUS}1,320", f"{MINUS}357", "0", "963"]

    def test_a_loss_hangs_below_the_axis(self) -> None:
        fall = waterfall(by_name(loss_owed()))
        assert fall is not None
        assert {bar.kind for bar in fall.wide.bars} == {"start", "rises", "owed"}
        assert fall.wide.bars[0].y == fall.wide.bars[-1].y == fall.wide.zero
        assert "Loss limit $110,625.00" in fall.description

    def test_all_zero(self) -> None:
        fall = waterfall(by_name(SAMPLES["nothing_earned"]()))
        assert fall is not None
        assert all(bar.height == 1 for bar in fall.wide.bars)
        assert fall.unit == "$"


class TestLinesOfContracts:
    """Names that a contract's settlement uses beside those of the samples."""

    def test_a_quality_gate_stands_for_the_dollars_of_all_of_them(self) -> None:
        book = Book("c", "g", "t")
        book.term("minimum", "0.8", "rate", "§1", "Minimum quality score")
        book.given("quality_score", "0.7", "rate", "§1")
        two = {"score": "quality_score", "minimum": "minimum"}
        book.compute("gate_met.quality_score", "score >= minimum", "flag", "§1", **two)
        book.given("shared", "100.00", "usd", "§2", "Shared savings")
        book.compute(
            "not_earned.quality",
            "when(met == 1, 0, before)",
            "usd",
            "§1",
            met="gate_met.quality_score",
            before="shared",
        )
        book.compute("past", "when(met == 1, before, 0)", "usd", "§1", met="gate_met.quality_score", before="shared")
        book.settle("earned", "past", "§3")
        seen = view(book.sample("Group"))
        assert seen.sentences[1] == "The gate “Quality score” was not met: 70% against 80%, which stopped $100.00."
        assert [(gate.compared, gate.required, gate.stopped) for gate in seen.gates] == [("70%", "80%", True)]

    def test_parts_settled_apart_start_from_their_own_gross_savings(self) -> None:
        book = Book("c", "g", "t")
        book.given("a", "100.00", "usd", "§1")
        book.given("b", "-40.00", "usd", "§1")
        book.given("share", "-10.00", "usd", "§1")
        book.compute("sum", "total(parts)", "usd", "§1", parts=["a", "b", "share"])
        book.settle("earned", "sum", "§1")
        for step, place in (("gross_savings-acp", 0), ("gross_savings-azcc", 1), ("cap_payment-acp", 2)):
            book.compute(
                f"waterfall.{step}", f"footed(earned, changes, {place})", "usd", "§1", f"Waterfall, {step}",
                earned="earned", changes=["a", "b", "share"],
            )  # fmt: skip
        seen = view(book.sample("Group"))
        assert seen.waterfall is not None
        assert [bar.label for bar in seen.waterfall.bars] == [
            "Gross savings, acp",
            "Gross savings, azcc",
            "Cap on payment, acp",
        ]
        assert seen.sentences[1:] == [
            "“Cap on payment, acp” decided the amount and took $10.00.",
            "Of the gross savings of $60.00, the step that took most was “Cap on payment”: $10.00.",
        ]

    def test_a_quality_incentive_is_what_was_earned(self) -> None:
        book = Book("c", "g", "t")
        book.given("dollars", "7.50", "usd", "§1")
        book.settle("quality_incentive", "dollars", "§1")
        seen = view(book.sample("Group"))
        assert seen.headline.label == "Earned by the group"
        assert seen.sentences == ["Group earned $7.50 for January to December 2025."]
