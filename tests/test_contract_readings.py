"""Drawn contracts in every reading: exact, arrays, the printed expression evaluated by hand, and a live workbook."""

import re
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from contract_generators import Drawn, document_of, drawn_contract, drawn_sample, figures_of, program_of
from evaluator import evaluate_line
from p4v.settlement import worksheet
from p4v.worksheet import Worksheet
from spreadsheet import by_formulas, cells_of, write_poisoned
from test_workbooks import assert_equal, product_lies_below

NEAR = Fraction(1, 10**9)
SCENARIOS = 12
BOOKS = 40


# ---- the expression is what ran


@pytest.mark.parametrize("seed", [3, 5])
def test_every_printed_expression_gives_its_line(seed: int, tmp_path: Path) -> None:
    evaluated = 0
    for drawn in drawn_sample(60, seed):
        lines = {line["name"]: line for line in document_of(drawn, tmp_path)["lines"]}
        for name, line in lines.items():
            if line["expression"] is not None and line["exact"] is not None:
                assert evaluate_line(line, lines) == Fraction(line["exact"]), (name, drawn)
                evaluated += 1
    assert evaluated >= 2000


# ---- arrays


def scenarios(drawn: Drawn, draw: Random) -> list[dict[str, Fraction]]:
    """The drawn figures, and others near them that keep every kind of number what it is."""
    exact = {name: Fraction(text) for name, text in drawn.figures.items()}
    rows = [exact]
    for _ in range(SCENARIOS - 1):
        factor = Fraction(draw.randint(9_000_000, 11_000_000), 10**7)
        rows.append({name: value * factor if moves(name) else value for name, value in exact.items()})
    return rows


def moves(name: str) -> bool:
    return name.partition(".")[0] in ("expenditure", "reported_expenditure", "revenue", "fee_base", "late_claims")


def at_an_edge(sheet: Worksheet) -> bool:
    """Whether a rounding tie or an exact gate lies so near that only the exact reading may decide it.

    A step that changes nothing is no edge; a change of less than a billionth of the benchmark is one.
    """
    against = sheet["benchmark"].figure if "benchmark" in sheet else Fraction(1)
    for line in sheet.lines:
        rule = line.rounding
        if rule is not None:
            unit = line.exact * 10**rule.places
            edge = Fraction(1, 2) if str(rule.rule).startswith("half") else Fraction(0)
            off = abs((unit - edge) - round(unit - edge))
            if off < Fraction(1, 10**4) and unit != 0:
                return True
        if line.name.startswith("gate_distance.") and abs(line.figure) <= NEAR * max(abs(against), 1):
            return True
    return False


@pytest.mark.parametrize("seed", [21, 23, 29])
def test_arrays_agree_with_fractions(seed: int, tmp_path: Path) -> None:
    draw = Random(seed)
    compared = away = 0
    for _ in range(25):
        drawn = drawn_contract(draw)
        program = program_of(drawn.document(), tmp_path)
        assert program.contract is not None
        period = program.contract.first_period()
        rows = scenarios(drawn, draw)
        sheets = [worksheet(program, period, None, figures_of(program, row)) for row in rows]
        columns = {name: np.asarray([float(row[name]) for row in rows]) for name in rows[0]}
        estimates = worksheet(program, period, None, figures_of(program, columns), "arrays")
        assert [line.name for line in estimates.lines] == [line.name for line in sheets[0].lines]
        clear = np.array([not at_an_edge(sheet) for sheet in sheets])
        away += int(clear.sum())
        for line in estimates.lines:
            if line.kind in ("term", "given") or line.figure is None:
                continue
            expected = np.array([as_float(sheet[line.name].figure) for sheet in sheets])
            found = np.broadcast_to(line.figure, expected.shape)
            assert np.array_equal(np.isnan(found), np.isnan(expected)), (line.name, drawn)
            apart = np.nan_to_num(np.abs(found - expected))
            assert np.all(apart[clear] <= allowance(line.name, sheets)), (line.name, drawn)
            compared += 1
    assert compared >= 500
    assert away >= 25 * SCENARIOS // 2


def as_float(figure: Fraction | None) -> float:
    return float("nan") if figure is None else float(figure)


def allowance(name: str, sheets: list[Worksheet]) -> float:
    """A billionth of the benchmark; a cent where cents are allocated, whose remainders may tie in binary."""
    stem = name.partition(".")[0]
    if stem in ("waterfall", "measure_earned", "measure_not_earned", "participant_share", "funder_share"):
        return 0.0101
    if stem.startswith(("quality_dollars", "measure_part", "measure_weight", "funder_net")):
        return 0.0201
    return 1e-9 * max(float(sheet["benchmark"].figure) if "benchmark" in sheet else 1e6 for sheet in sheets)


# ---- a live workbook


def rounds_wrong(document: dict[str, Any]) -> bool:
    """Whether the package `formulas` may round a figure of this one wrong: it cuts a product in binary (test_workbooks),
    which at a tie, and wherever a figure is rounded up or down, is not the decimal that a spreadsheet shows."""
    for line in document["lines"]:
        rule = line["rounding"]
        if rule is not None:
            tie = Fraction(line["exact"]) * 10 ** rule["places"] * 2 % 2 == 1
            if rule["rule"] in ("up", "down") or (tie and product_lies_below(Fraction(line["exact"]))):
                return True
        if "rounded(" in (line["expression"] or "") and re.search(r"\b(up|down|half_even)\)", line["expression"]):
            return True
    return False


@pytest.mark.parametrize("chunk", range(4))
def test_workbooks_recomputed_by_formulas(chunk: int, tmp_path: Path) -> None:
    compared = 0
    documents = [document_of(drawn, tmp_path) for drawn in drawn_sample(3 * BOOKS, seed=31)]
    fit = [document for document in documents if not rounds_wrong(document)][:BOOKS]
    assert len(fit) == BOOKS
    for number, document in enumerate(fit[chunk::4]):
        book = tmp_path / f"{number}.xlsx"
        assert write_poisoned(document, book) >= 2
        cells, places = by_formulas(book), cells_of(document, book)
        for line in document["lines"]:
            if line["name"] in places:
                assert_equal(line, cells[places[line["name"]]])
                compared += line["expression"] is not None
    assert compared >= 100
