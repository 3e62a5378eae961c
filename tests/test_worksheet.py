"""The worksheet: units, names, numbering, rounding, states, and what a line says in a settlement file."""

from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import pytest

from p4v.formulas import guardrail, improvement_gap, quality, savings, waterfall
from p4v.money import Rounding, Rule
from p4v.primitives import rounded, step
from p4v.symbols import Name, Whole, Word
from p4v.units import Listed, Table, Unit, Usd, UsdPmpm
from p4v.worksheet import Line, LineFault, Source, Worksheet, formula_expression, formula_shape, label_of

CLAUSE = Source("§4.1", {"contract": "contracts/x.yaml", "line": 8, "amendment": None})
GIVEN = Source("§2", {"table": "t", "column": "benchmark"})
CENTS = Rounding(2, Rule.HALF_UP)


def usd(sheet: Worksheet, name: str, amount: Any) -> Line:
    return sheet.given(name, amount, Unit.USD, GIVEN)


def gross(sheet: Worksheet) -> Line:
    benchmark, spent = usd(sheet, "benchmark", Fraction(100)), usd(sheet, "expenditure", Fraction(95))
    return sheet.compute(savings.gross_savings, clause="§5", benchmark=benchmark, expenditure=spent)


def test_a_computed_line_says_what_ran_and_on_what() -> None:
    sheet = Worksheet()
    line = gross(sheet)
    assert line is sheet["gross_savings"]
    assert line.document(3) == {
        "number": 3,
        "name": "gross_savings",
        "label": "Gross savings",
        "kind": "computed",
        "value": "5",
        "exact": "5",
        "unit": "usd",
        "rounding": None,
        "expression": "benchmark - expenditure",
        "inputs": {"benchmark": "benchmark", "expenditure": "expenditure"},
        "clause": "§5",
        "origin": {"formula": "savings.gross_savings"},
        "state": None,
    }


def test_term_and_given_lines_have_no_expression() -> None:
    sheet = Worksheet()
    term = sheet.term("sharing_rate", Fraction(1, 3), Unit.RATE, CLAUSE)
    given = usd(sheet, "benchmark", Fraction("1.25"))
    assert term.document(1) == {
        "number": 1, "name": "sharing_rate", "label": "Sharing rate", "kind": "term", "value": "0.333333333333",
        "exact": "1/3", "unit": "rate", "rounding": None, "expression": None, "inputs": {}, "clause": "§4.1",
        "origin": {"contract": "contracts/x.yaml", "line": 8, "amendment": None}, "state": None,
    }  # fmt: skip
    assert (given.kind, given.value_text(), given.exact_text(), given.expression) == ("given", "1.25", "5/4", None)
    assert sheet.term("sharing_rate", Fraction(1, 2), Unit.RATE, CLAUSE) is term


def test_a_key_is_called_what_its_measure_is_called() -> None:
    sheet = Worksheet()
    sheet.name_key("a1c_9", "HbA1c over 9%")
    assert usd(sheet, "points.a1c_9", Fraction(1)).label == "Points: HbA1c over 9%"
    assert usd(sheet, "points.other_one", Fraction(1)).label == "Points, other one"


def test_a_table_is_one_term_line() -> None:
    table = Table.of_pairs([(Fraction(0), Fraction(1, 2)), (Fraction(1, 4), Fraction(1, 3))])
    line = Worksheet().term("corridor", table, Unit.TABLE, CLAUSE)
    assert line.value_text() == [["0", "0.5"], ["0.25", "0.333333333333"]]
    assert line.exact_text() is None
    assert line.document(1)["unit"] == "table"


def test_a_settled_line_is_rounded_once_and_later_formulas_take_the_rounded_value() -> None:
    sheet = Worksheet()
    amount = usd(sheet, "shared_savings", Fraction("617283.945"))
    earned = sheet.settle(savings.earned, clause="§5", rounding=CENTS, amount=amount)
    assert earned.document(2)["value"] == "617283.95"
    assert earned.document(2)["exact"] == "123456789/200"
    assert earned.document(2)["rounding"] == {"places": 2, "rule": "half_up"}
    assert earned.document(2)["kind"] == "settled"
    after = sheet.compute(waterfall.savings_change, clause="§5", before=earned, after=amount)
    assert after.exact == Fraction("-0.005")


def test_a_settled_line_keeps_its_places() -> None:
    sheet = Worksheet()
    whole = sheet.settle(savings.earned, clause="§5", rounding=CENTS, amount=usd(sheet, "a", Fraction(312500)))
    assert whole.value_text() == "312500.00"
    dollars = Worksheet()
    line = dollars.settle(
        savings.earned, clause="§5", rounding=Rounding(0, Rule.DOWN), amount=usd(dollars, "a", Fraction("-9.99"))
    )
    assert line.value_text() == "-9"


def test_lines_stand_terms_first_then_given_then_computed() -> None:
    sheet = Worksheet()
    line = gross(sheet)
    sheet.settle(savings.earned, clause="§5", rounding=CENTS, amount=line)
    sheet.term("sharing_rate", Fraction(1, 2), Unit.RATE, CLAUSE)
    sheet.absent("revenue", Unit.USD, "not_given", CLAUSE)
    names = [each.name for each in sheet.lines]
    assert names == ["sharing_rate", "benchmark", "expenditure", "revenue", "gross_savings", "earned"]
    assert "revenue" in sheet
    assert "fee" not in sheet


def test_an_absent_figure_says_why_and_no_formula_takes_it() -> None:
    sheet = Worksheet()
    line = sheet.absent("revenue", Unit.USD, "not_given", CLAUSE)
    document = line.document(1)
    assert (document["value"], document["exact"], document["state"], document["kind"]) == (
        None,
        None,
        "not_given",
        "given",
    )
    assert (document["clause"], document["label"]) == ("§4.1", "Revenue")
    with pytest.raises(TypeError, match=r"amount has no value \(not_given\)"):
        sheet.compute(savings.earned, clause="§5", amount=line)


def test_a_line_may_depend_on_a_flag() -> None:
    def score(flag: int, reading: Any = "exact") -> Line:
        sheet = Worksheet(reading)
        figure = np.array([0.0, 1.0]) if reading == "arrays" else Fraction(flag)
        scored = sheet.given("scored", figure, Unit.FLAG, GIVEN)
        points = sheet.given(
            "points", np.array([0.0, 40.0]) if reading == "arrays" else Fraction(40), Unit.POINTS, GIVEN
        )
        weight = sheet.term("weight", Fraction(1), Unit.RATE, CLAUSE)
        return sheet.compute(
            quality.total_performance_score, clause="§5", scored_if=scored,
            domain_scores=[points], domain_weights=[weight], domains_scored=[scored],
        )  # fmt: skip

    assert (score(1).value_text(), score(1).state) == ("40", None)
    unscored = score(0)
    assert (unscored.value_text(), unscored.exact_text(), unscored.state) == (None, None, "not_scored")
    assert unscored.inputs == {"domain_scores": ["points"], "domain_weights": ["weight"], "domains_scored": ["scored"]}
    assert unscored.figure is None
    assert np.array_equal(score(0, "arrays").exact, np.array([np.nan, 40.0]), equal_nan=True)
    estimates = score(0, "arrays").figure
    assert np.isnan(estimates[0])
    assert estimates[1] == 40.0
    # Where names alone are asked for a flag says nothing yet: whatever takes the score must get a line with a value.
    assert (score(0, "names").figure, score(0, "names").state) == (0, None)


def test_a_condition_gives_a_line_of_1_or_0() -> None:
    for flag, expected in ((1, "1"), (0, "0")):
        sheet = Worksheet()
        scored = sheet.given("scored", Fraction(flag), Unit.FLAG, GIVEN)
        line = sheet.compute(quality.any_domain_scored, clause="§5", domains_scored=[scored])
        assert (line.value_text(), line.exact, line.unit) == (expected, Fraction(flag), Unit.FLAG)
    sheet = Worksheet("arrays")
    scored = sheet.given("scored", np.array([0.0, 1.0]), Unit.FLAG, GIVEN)
    line = sheet.compute(quality.any_domain_scored, clause="§5", domains_scored=[scored])
    assert line.figure.dtype == np.float64
    assert line.figure.tolist() == [0.0, 1.0]


def test_keys_constants_and_lists_of_lines() -> None:
    sheet = Worksheet()
    earned = usd(sheet, "earned", Fraction(1))
    parts = [usd(sheet, name, Fraction(1, 3)) for name in ("a", "b", "c")]
    line = sheet.compute(waterfall.waterfall, key="share", clause="§5", earned=earned, changes=parts, i=0)
    assert line.name == "waterfall.share"
    assert line.label == "Waterfall, share"
    assert line.document(1)["expression"] == "footed(earned, changes, 0)"
    assert line.inputs == {"earned": "earned", "changes": ["a", "b", "c"]}
    assert line.exact == Fraction(34, 100)


def test_labels_come_from_the_program_or_from_the_name() -> None:
    sheet = Worksheet(labels={"benchmark": "Benchmark expenditures"})
    assert usd(sheet, "benchmark", Fraction(1)).label == "Benchmark expenditures"
    assert usd(sheet, "expenditure", Fraction(1)).label == "Expenditure"
    given = sheet.given("fee", Fraction(0), Unit.USD, GIVEN, label="Fee (not known)")
    assert given.label == "Fee (not known)"
    parts = Worksheet(labels={"reported_expenditure": "Reported cost"})
    assert usd(parts, "reported_expenditure.home_health", Fraction(1)).label == "Reported cost: home health"
    assert usd(parts, "reported_expenditure.home.other", Fraction(1)).label == "Reported cost: home.other"
    assert label_of("care_coordination_fee_pmpm") == "Care coordination fee PMPM"
    assert label_of("care_coordination_fee.2014-03") == "Care coordination fee, 2014-03"
    assert label_of("waterfall.loss_share") == "Waterfall, loss share"


class TestArrays:
    def test_terms_become_float64_once(self) -> None:
        sheet = Worksheet("arrays")
        term = sheet.term("sharing_rate", Fraction(1, 3), Unit.RATE, CLAUSE)
        assert term.figure.dtype == np.float64
        assert term.figure == 1 / 3
        table = sheet.term("t", Table.of_pairs([(Fraction(0), Fraction(1, 2))]), Unit.TABLE, CLAUSE)
        assert table.figure.xs.dtype == np.float64
        assert table.figure.ys.dtype == np.float64
        assert table.figure.ys.tolist() == [0.5]

    def test_given_figures_are_arrays_or_one_fraction_for_all(self) -> None:
        sheet = Worksheet("arrays")
        benchmark = usd(sheet, "benchmark", Fraction(100))
        spent = usd(sheet, "expenditure", np.array([95.0, 105.0]))
        line = sheet.compute(savings.gross_savings, clause="§5", benchmark=benchmark, expenditure=spent)
        assert line.figure.tolist() == [5.0, -5.0]
        earned = sheet.settle(savings.earned, clause="§5", rounding=CENTS, amount=line)
        assert earned.figure.tolist() == [5.0, -5.0]
        assert line.expression is not None

    def test_settled_lines_are_rounded(self) -> None:
        sheet = Worksheet("arrays")
        amounts = usd(sheet, "amount", np.array([1.2349, -1.2361]))
        earned = sheet.settle(savings.earned, clause="§5", rounding=CENTS, amount=amounts)
        assert earned.figure.tolist() == [1.23, -1.24]
        assert earned.exact.tolist() == [1.2349, -1.2361]


class TestRefusals:
    def test_units(self) -> None:
        sheet = Worksheet()
        rate = sheet.term("rate", Fraction(1, 2), Unit.RATE, CLAUSE)
        spent = usd(sheet, "expenditure", Fraction(1))
        with pytest.raises(TypeError, match="savings.gross_savings: benchmark takes usd, not rate"):
            sheet.compute(savings.gross_savings, clause="§5", benchmark=rate, expenditure=spent)
        with pytest.raises(TypeError, match="waterfall.waterfall: changes takes a list of lines"):
            sheet.compute(waterfall.waterfall, clause="§5", earned=spent, changes=spent, i=0)
        with pytest.raises(TypeError, match="waterfall.waterfall: changes takes usd, not rate"):
            sheet.compute(waterfall.waterfall, clause="§5", earned=spent, changes=[spent, rate], i=0)
        with pytest.raises(TypeError, match="waterfall.waterfall: i takes a whole number or a word, not usd"):
            sheet.compute(waterfall.waterfall, clause="§5", earned=spent, changes=[spent], i=spent)
        points = sheet.term("points", Fraction(2), Unit.POINTS, CLAUSE)
        better = sheet.term("better", Fraction(1), Unit.FACTOR, CLAUSE)
        with pytest.raises(TypeError) as mixed:
            sheet.compute(
                improvement_gap.improvement_wanted, clause="§5",
                target=points, prior_rate=rate, better=better, improvement_share=rate,
            )  # fmt: skip
        wanted = "improvement_gap.improvement_wanted: one unit is wanted, not points and rate"
        assert str(mixed.value) == wanted
        with pytest.raises(TypeError, match="savings.earned: amount takes one line"):
            sheet.compute(savings.earned, clause="§5", amount=[spent])
        with pytest.raises(TypeError, match="savings.earned: amount takes usd, not Fraction"):
            sheet.compute(savings.earned, clause="§5", amount=Fraction(1))

    def test_floats_and_other_values(self) -> None:
        for wrong in (1.5, 1, "1"):
            with pytest.raises(TypeError, match=f"a settlement takes exact fractions, not {type(wrong).__name__}"):
                usd(Worksheet(), "benchmark", wrong)

        def float_result(amount: Usd) -> Usd:
            return 0.5 if isinstance(amount, Fraction) else amount

        sheet = Worksheet()
        with pytest.raises(TypeError, match="gives fractions, not float"):
            sheet.compute(float_result, clause="§5", amount=usd(sheet, "a", Fraction(1)))

    def test_names_and_clauses(self) -> None:
        sheet = Worksheet()
        line = usd(sheet, "benchmark", Fraction(1))
        with pytest.raises(ValueError, match="benchmark: a worksheet has one line of a name"):
            usd(sheet, "benchmark", Fraction(1))
        with pytest.raises(ValueError, match="earned: every figure has a clause"):
            sheet.compute(savings.earned, clause="", amount=line)

    def test_a_figure_outside_what_a_primitive_takes_names_the_line(self) -> None:
        def stepped(amount: Usd, bounds: Annotated[Any, Unit.TABLE]) -> Usd:
            return step(amount, bounds)

        sheet = Worksheet()
        bounds = sheet.term("bounds", Table.of_pairs([(Fraction(0), Fraction(1))]), Unit.TABLE, CLAUSE)
        with pytest.raises(LineFault, match="stepped: below the first bound of the table") as caught:
            sheet.compute(stepped, clause="§5", amount=usd(sheet, "a", Fraction(-1)), bounds=bounds)
        assert (caught.value.name, caught.value.reason) == ("stepped", "below the first bound of the table")

    def test_formulas_without_units_or_expression(self) -> None:
        def no_unit(amount) -> Usd:  # type: ignore[no-untyped-def]
            return amount

        def no_result(amount: Usd):  # type: ignore[no-untyped-def]
            return amount

        def a_list(amount: Usd) -> Annotated[Any, Listed(Unit.USD)]:
            return amount

        def constant(amount: Usd) -> Usd:
            return 1

        for wrong, message in (
            (no_unit, "no_unit: amount has no unit"),
            (no_result, "no_result: its result has no unit"),
            (a_list, "a_list: the result has one unit"),
        ):
            with pytest.raises(TypeError, match=message):
                formula_shape(wrong)
        sheet = Worksheet()
        with pytest.raises(TypeError, match="constant: a formula uses its parameters"):
            sheet.compute(constant, clause="§5", amount=usd(sheet, "a", Fraction(1)))


def test_the_shape_of_a_formula() -> None:
    def rounded_fee(fee: UsdPmpm, places: int, rule: str) -> UsdPmpm:
        return rounded(fee, places, rule)

    shape = formula_shape(rounded_fee)
    assert dict(shape.units) == {"fee": Unit.USD_PMPM, "places": None, "rule": None}
    assert (shape.result, shape.name, shape.origin) == (Unit.USD_PMPM, "rounded_fee", "test_worksheet.rounded_fee")
    rounded_fee.__module__ = "fees"
    assert formula_shape.__wrapped__(rounded_fee).origin == "fees.rounded_fee"
    tree = formula_expression(rounded_fee, (("places", 2), ("rule", "half_even")))
    assert [type(argument) for argument in tree.arguments] == [Name, Whole, Word]
    sheet = Worksheet()
    fee = sheet.term("fee", Fraction("3.585"), Unit.USD_PMPM, CLAUSE)
    line = sheet.compute(rounded_fee, clause="§5", fee=fee, places=2, rule="half_even")
    assert line.document(1)["expression"] == "rounded(fee, 2, half_even)"
    assert line.document(1)["value"] == "3.58"
    assert line.document(1)["inputs"] == {"fee": "fee"}


def test_lines_of_one_name_in_two_modules_say_which_formula_ran() -> None:
    sheet = Worksheet()
    saved = usd(sheet, "qualified_savings", Fraction(7))
    line = sheet.compute(guardrail.generated_savings, clause="§5", qualified_savings=saved)
    assert line.name == "generated_savings"
    assert line.origin == {"formula": "guardrail.generated_savings"}


def test_a_settled_line_may_have_a_key() -> None:
    sheet = Worksheet()
    line = sheet.settle(savings.earned, key="fee", clause="§5", rounding=CENTS, amount=usd(sheet, "a", Fraction(1)))
    assert line.name == "earned.fee"


def test_a_word_where_a_line_is_wanted_is_refused() -> None:
    for wrong in ("half_up", 3):
        with pytest.raises(TypeError, match=f"savings.earned: amount takes usd, not {type(wrong).__name__}"):
            Worksheet().compute(savings.earned, clause="§5", amount=wrong)
