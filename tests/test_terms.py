"""Programs as data: which terms are in force for a period, as known on a day, and where each one comes from."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from p4v.contract.blocks.medicare import (
    Disaster,
    FinalMultiplier,
    Gate,
    LossLimit,
    PaymentCap,
    QualityStandard,
    SavingsShare,
)
from p4v.contract.documents import Library, Program
from p4v.contract.order import Move, Order, OrderFault, ordered_steps
from p4v.contract.terms import NotInForce, Terms, terms_in_force
from p4v.errors import Refusal
from p4v.periods import Period, agreement_year
from p4v.units import Unit
from support import CONFIGS

BUILT_IN = Library([CONFIGS])

BASE = """\
program: base
kind: medicare_shared_savings
title: Illustrative program
in_force: {signed: 2012-06-01, effective: 2013-01-01}
order: {base: standard/1}
figures:
  benchmark: {unit: usd, clause: "§1"}
terms:
  benchmark: {basis: given, clause: "§1"}
  gate: {form: cliff, comparison: at_least, minimum_savings_rate: 1%, clause: "§2"}
  share: {maximum_sharing_rate: 50%, clause: "§3"}
  rounding: {earned: {places: 2, rule: half_up}, clause: "§4"}
  quality_standard: {score_scales_sharing_rate: yes, alternative_standard_counts: no, clause: "§5"}
amendments:
  - {id: Am. 2, signed: 2014-06-01, effective: 2015-01-01, clause: "Am. 2 §1", terms: {share: {maximum_sharing_rate: 70%}}}
  - {id: Am. 1, signed: 2013-09-01, effective: 2014-01-01, clause: "Am. 1 §1", terms: {share: {maximum_sharing_rate: 60%}}}
  - {id: Late, signed: 2016-06-01, effective: 2014-01-01, clause: "Late §1", terms: {gate: {minimum_savings_rate: 2%}}}
"""


def library(folder: Path, **programs: str) -> Library:
    (folder / "programs").mkdir(exist_ok=True)
    for name, text in programs.items():
        (folder / "programs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Library([folder])


def year(number: int) -> Period:
    return Period.of_months(number, 1, 12)


def terms(program: str, number: int, start: date | None = None) -> Terms:
    return terms_in_force(BUILT_IN.program(program), year(number), start)


@pytest.fixture
def base(tmp_path: Path) -> Program:
    return library(tmp_path, base=BASE).program("base")


@pytest.mark.parametrize("number, rate", [(2013, 50), (2014, 60), (2015, 70), (2024, 70)])
def test_amendments_apply_from_their_day_whatever_their_place(base: Program, number: int, rate: int) -> None:
    share = terms_in_force(base, year(number), None).need("share", SavingsShare)
    assert share.maximum_sharing_rate == Fraction(rate, 100)


@pytest.mark.parametrize(
    "known, rate, gate",
    [
        (date(2013, 8, 31), 50, 1),
        (date(2013, 9, 1), 60, 1),
        (date(2016, 5, 31), 60, 1),
        (date(2016, 6, 1), 60, 2),
        (None, 60, 2),
    ],
)
def test_what_was_known_on_a_day(base: Program, known: date | None, rate: int, gate: int) -> None:
    found = terms_in_force(base, year(2014), None, known)
    assert found.need("share", SavingsShare).maximum_sharing_rate == Fraction(rate, 100)
    assert found.need("gate", Gate).minimum_savings_rate == Fraction(gate, 100)


def test_not_in_force_before_it_begins_or_is_signed(base: Program) -> None:
    with pytest.raises(NotInForce) as before:
        terms_in_force(base, year(2012), None)
    assert (before.value.program, before.value.effective) == ("base", date(2013, 1, 1))
    assert terms_in_force(base, year(2013), None, date(2012, 6, 1)).need("gate", Gate)
    with pytest.raises(NotInForce):
        terms_in_force(base, year(2013), None, date(2012, 5, 31))


def test_a_term_knows_its_clause_file_line_and_amendment(base: Program) -> None:
    term = terms_in_force(base, year(2014), None).term("share", "maximum_sharing_rate")
    assert (term.name, term.value, term.unit) == ("maximum_sharing_rate", Fraction(60, 100), Unit.RATE)
    assert term.source.clause == "Am. 1 §1"
    assert term.source.origin == {"contract": "programs/base.yaml", "line": 16, "amendment": "Am. 1"}
    original = terms_in_force(base, year(2013), None).term("share", "maximum_sharing_rate")
    assert original.source.clause == "§3"
    assert original.source.origin == {"contract": "programs/base.yaml", "line": 11, "amendment": None}
    # A term that no file sets stands at its block.
    assert terms_in_force(base, year(2013), None).source("gate", "guardrail").origin["line"] == 10


def test_a_child_overrides_one_term_and_keeps_the_rest(tmp_path: Path) -> None:
    child = """\
program: child
extends: base
title: Illustrative child
terms:
  gate: {minimum_savings_rate: 3%}
  cap_payment: {of_benchmark: 10%, clause: "C §1"}
"""
    program = library(tmp_path, base=BASE, child=child).program("child")
    found = terms_in_force(program, year(2013), None)
    assert found.need("gate", Gate).minimum_savings_rate == Fraction(3, 100)
    assert found.need("gate", Gate).form == "cliff"
    assert found.term("gate", "minimum_savings_rate").source.clause == "§2"
    assert found.term("gate", "minimum_savings_rate").source.origin["contract"] == "programs/child.yaml"
    assert found.term("cap_payment", "of_benchmark").name == "payment_cap_of_benchmark"
    assert found.order == ("gate", "share", "cap_payment")
    # The base's amendments still apply on their day, over the child's own terms.
    assert terms_in_force(program, year(2015), None).need("share", SavingsShare).maximum_sharing_rate == Fraction(7, 10)


def test_none_removes_a_block(tmp_path: Path) -> None:
    base = BASE.replace("  rounding:", '  cap_payment: {of_benchmark: 10%, clause: "§6"}\n  rounding:')
    child = "program: child\nextends: base\ntitle: Child\nterms:\n  cap_payment: none\n"
    found = library(tmp_path, base=base, child=child)
    assert terms_in_force(found.program("base"), year(2013), None).order == ("gate", "share", "cap_payment")
    without = terms_in_force(found.program("child"), year(2013), None)
    assert without.block("cap_payment", PaymentCap) is None
    assert without.order == ("gate", "share")
    with pytest.raises(Refusal) as refused:
        without.need("cap_payment", PaymentCap)
    assert (refused.value.findings[0].code, refused.value.exit_code) == ("P4V-C022", 3)


@pytest.mark.parametrize("block", ["benchmark", "gate", "quality_standard", "share", "rounding"])
def test_a_block_that_the_kind_cannot_do_without(tmp_path: Path, block: str) -> None:
    child = f"program: child\nextends: base\ntitle: Child\nterms:\n  {block}: none\n"
    program = library(tmp_path, base=BASE, child=child).program("child")
    with pytest.raises(Refusal) as refused:
        terms_in_force(program, year(2013), None)
    assert [(finding.code, finding.field) for finding in refused.value.findings] == [("P4V-C022", f"terms.{block}")]


def test_an_amendment_inside_a_period_is_refused(tmp_path: Path) -> None:
    text = BASE.replace("effective: 2015-01-01", "effective: 2015-07-01")
    program = library(tmp_path, base=text).program("base")
    with pytest.raises(Refusal) as refused:
        terms_in_force(program, year(2015), None)
    (finding,) = refused.value.findings
    assert (finding.code, finding.line, finding.field) == ("P4V-C051", 15, "amendments.0.effective")
    assert terms_in_force(program, year(2016), None).need("share", SavingsShare).maximum_sharing_rate == Fraction(7, 10)
    assert terms_in_force(program, Period.of_months(2014, 7, 12), None)
    ends_before = Period.of_months(2014, 7, 12)
    assert ends_before.last_day == date(2015, 6, 30)


def test_terms_that_do_not_go_together_are_found_where_they_were_set(tmp_path: Path) -> None:
    child = "program: child\nextends: base\ntitle: Child\nterms:\n  gate:\n    reduced_share_multiplier: 50%\n"
    program = library(tmp_path, base=BASE, child=child).program("child")
    with pytest.raises(Refusal) as refused:
        terms_in_force(program, year(2013), None)
    (finding,) = refused.value.findings
    assert (finding.code, finding.line, finding.field) == ("P4V-C023", 6, "terms.gate")
    assert finding.file.endswith("child.yaml")


def test_a_missing_term_is_an_error_not_an_assumption(tmp_path: Path) -> None:
    text = BASE.replace("form: cliff, ", "")
    program = library(tmp_path, base=text).program("base")
    with pytest.raises(Refusal) as refused:
        terms_in_force(program, year(2013), None)
    (finding,) = refused.value.findings
    assert (finding.code, finding.field) == ("P4V-C022", "terms.gate.form")


class TestOrder:
    def test_moves(self) -> None:
        blocks = {"gate", "share", "cap_payment", "final_multiplier"}
        for move, expected in (
            (None, ("gate", "share", "cap_payment", "final_multiplier")),
            (
                Move(step="cap_payment", after="final_multiplier", clause="§"),
                ("gate", "share", "final_multiplier", "cap_payment"),
            ),
            (
                Move(step="final_multiplier", before="share", clause="§"),
                ("gate", "final_multiplier", "share", "cap_payment"),
            ),
        ):
            order = Order(base="standard/1", moves=[move] if move else [])
            assert ordered_steps(order, blocks) == ((), expected)

    @pytest.mark.parametrize(
        "move, found",
        [
            ({"step": "gate", "clause": "§"}, "both or neither of `before` and `after`"),
            ({"step": "gate", "before": "share", "after": "share", "clause": "§"}, "both or neither"),
            ({"step": "disaster", "after": "share", "clause": "§"}, "the step `disaster`, which has no terms"),
            ({"step": "share", "after": "quality", "clause": "§"}, "the step `quality`, which has no terms"),
            ({"step": "share", "after": "share", "clause": "§"}, "a step moved next to itself"),
        ],
    )
    def test_moves_that_cannot_be_made(self, move: dict[str, str], found: str) -> None:
        order = Order(base="standard/1", moves=[Move(step="gate", before="share", clause="§"), Move(**move)])
        with pytest.raises(OrderFault, match=found) as fault:
            ordered_steps(order, {"gate", "share"})
        assert fault.value.path == ("moves", 1)


class TestMedicarePrograms:
    """What a year changed, against the rules published beside the examples."""

    @pytest.mark.parametrize("number, rate", [(2013, 98), (2018, 98), (2019, 100), (2020, 100), (2021, 98), (2024, 98)])
    def test_sequestration(self, number: int, rate: int) -> None:
        assert terms("mssp-track-1", number).need("final_multiplier", FinalMultiplier).savings == Fraction(rate, 100)

    @pytest.mark.parametrize(
        "number, scales, alternative", [(2013, True, False), (2020, True, False), (2021, False, False), (2022, False, False),
                                        (2023, False, True), (2024, False, True)],
    )  # fmt: skip
    def test_quality(self, number: int, scales: bool, alternative: bool) -> None:
        block = terms("mssp-enhanced", number).need("quality_standard", QualityStandard)
        assert (block.score_scales_sharing_rate, block.alternative_standard_counts) == (scales, alternative)

    @pytest.mark.parametrize("number, relief", [(2019, 0), (2020, 1), (2021, 1), (2022, 1), (2023, 0), (2024, 0)])
    def test_public_health_emergency(self, number: int, relief: int) -> None:
        assert terms("mssp-enhanced", number).need("disaster", Disaster).relieved_share_of_losses == relief

    @pytest.mark.parametrize("number, printed", [(2017, False), (2018, True), (2019, True), (2020, False)])
    def test_losses_printed(self, number: int, printed: bool) -> None:
        assert terms("mssp-track-1", number).need("gate", Gate).losses_printed_though_not_owed is printed

    @pytest.mark.parametrize("number, guarded", [(2013, False), (2023, False), (2024, True)])
    def test_guardrail(self, number: int, guarded: bool) -> None:
        assert terms("mssp-enhanced", number).need("gate", Gate).guardrail is guarded

    @pytest.mark.parametrize(
        "start, limit",
        [
            (None, "0.1"), (date(2018, 1, 1), "0.05"), (date(2018, 7, 1), "0.05"), (date(2017, 1, 1), "0.075"),
            (date(2017, 1, 2), "0.05"), (date(2016, 1, 1), "0.1"), (date(2016, 1, 2), "0.075"), (date(2012, 4, 1), "0.1"),
        ],
    )  # fmt: skip
    def test_track_2_loss_limit_by_agreement_year(self, start: date | None, limit: str) -> None:
        assert terms("mssp-track-2", 2018, start).need("loss_limit", LossLimit).of_benchmark == Fraction(limit)

    @pytest.mark.parametrize("program", ["mssp-basic-one-sided", *(f"mssp-basic-level-{level}" for level in "cde")])
    @pytest.mark.parametrize(
        "number, start, reduced",
        [
            (2023, date(2024, 1, 1), False),
            (2024, date(2024, 1, 1), True),
            (2024, date(2023, 12, 31), False),
            (2024, None, False),
        ],
    )
    def test_reduced_share(self, program: str, number: int, start: date | None, reduced: bool) -> None:
        gate = terms(program, number, start).need("gate", Gate)
        assert (gate.reduced_share_multiplier == Fraction(1, 2)) is reduced

    @pytest.mark.parametrize(
        "program", [name for name in BUILT_IN.known() if name.startswith(("mssp-track", "mssp-enh"))]
    )
    def test_no_reduced_share_outside_the_basic_levels(self, program: str) -> None:
        assert terms(program, 2024, date(2024, 1, 1)).need("gate", Gate).reduced_share_multiplier is None

    @pytest.mark.parametrize(
        "program, share, cap, limit",
        [
            ("mssp-track-1", "0.5", "0.1", None), ("mssp-track-2", "0.6", "0.15", "0.1"),
            ("mssp-track-3", "0.75", "0.2", "0.15"), ("mssp-enhanced", "0.75", "0.2", "0.15"),
            ("mssp-track-1-plus", "0.5", "0.1", "0.04"), ("mssp-basic-one-sided", "0.4", "0.1", None),
            ("mssp-basic-level-c", "0.5", "0.1", "0.01"), ("mssp-basic-level-d", "0.5", "0.1", "0.02"),
            ("mssp-basic-level-e", "0.5", "0.1", "0.04"),
        ],
    )  # fmt: skip
    def test_rates_of_the_tracks(self, program: str, share: str, cap: str, limit: str | None) -> None:
        found = terms(program, 2018)
        assert found.need("share", SavingsShare).maximum_sharing_rate == Fraction(share)
        assert found.need("cap_payment", PaymentCap).of_benchmark == Fraction(cap)
        loss_limit = found.block("loss_limit", LossLimit)
        assert (loss_limit and loss_limit.of_benchmark) == (limit and Fraction(limit))
        assert found.order.index("cap_payment") > found.order.index("final_multiplier") > found.order.index("share")


def test_periods() -> None:
    assert (str(year(2014)), year(2014).last_day) == ("2014-01 to 2014-12", date(2014, 12, 31))
    fiscal = Period.of_months(2020, 10, 12)
    assert (fiscal.first_month, fiscal.last_month, fiscal.last_day) == ("2020-10", "2021-09", date(2021, 9, 30))
    assert Period.of_months(2014, 12, 1).last_day == date(2014, 12, 31)
    assert [agreement_year(date(2012, 4, 1), year(number)) for number in (2011, 2012, 2013, 2014)] == [1, 1, 1, 2]
    assert agreement_year(date(2012, 1, 1), year(2013)) == 2
