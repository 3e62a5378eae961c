"""Contracts: settled with figures, as known on a day, kept and verified, read, compared, and written anew."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from contracts import CASE, CONTRACT, FIGURES, PROGRAM, Desk
from support import CONFIGS, exact, p4v

FILE = "configs/contracts/axene.yaml"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def run_of(desk: Desk) -> Path:
    (run,) = (path for path in (desk.folder / "runs").iterdir() if not path.name.endswith(".reports"))
    return run


def document(desk: Desk) -> dict:
    return json.loads((run_of(desk) / "settlement.json").read_bytes())


# Settling: 500.00 x 125,000 = 62,500,000; at 61,875,000 exactly 1% is saved, and half of 625,000 is earned


@pytest.mark.parametrize(
    "expenditure, earned", [("61875000.00", "312500.00"), ("61875000.01", "0.00"), ("61874999.99", "312500.01")]
)
def test_the_gate_of_the_published_example(desk, expenditure, earned):
    desk.edit("figures.yaml", "61875000.00", expenditure)
    result = desk.settle()
    assert (result.exit_code, result.stderr) == (0, "")
    lines = {line["name"]: line for line in document(desk)["lines"]}
    assert lines["earned"]["value"] == earned
    assert result.stdout.split("\n")[0].split()[:2] == ["Earned", f"${float(earned):,.2f}"]


def test_what_a_run_of_a_contract_holds(desk):
    desk.edit(FILE, "amendments:", 'stated:\n  - {topic: Attribution, text: By the payer, clause: "§2"}\namendments:')
    desk.write("figures.yaml", FIGURES + "known_at: 2015-03-31\nprior: {earned: 250000.50}\n")
    result = desk.settle("--known", "2014-12-31", "--status", "interim")
    run = run_of(desk)
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    assert names == [
        "inputs/contracts/axene.yaml", "inputs/figures.yaml", "inputs/programs/shared-savings.yaml",
        "lines.csv", "manifest.json", "settlement.json",
    ]  # fmt: skip
    assert (run / "inputs" / "figures.yaml").read_bytes() == (desk.folder / "figures.yaml").read_bytes()
    settled = document(desk)
    assert (settled["group"], settled["contract"], settled["status"], settled["version"]) == (
        "axene",
        "axene",
        "interim",
        1,
    )
    assert settled["period"] == {"from": "2014-01", "to": "2014-12"}
    manifest = json.loads((run / "manifest.json").read_bytes())
    expected = {
        "group_name": "Example of Axene Health Partners", "title": "axene", "payer": "Example payer", "purchaser": None,
        "agreement": {"signed": "2013-10-01", "effective": "2014-01-01", "ends": "2015-12-31"},
        "stated": [{"topic": "Attribution", "text": "By the payer", "clause": "§2"}],
        "order": [{"step": "gate", "how": None, "clause": None}, {"step": "share", "how": None, "clause": None}],
        "prior": {"earned": "250000.5"}, "status": "interim", "known": "2014-12-31", "table": None, "binding": None,
    }  # fmt: skip
    assert {key: manifest[key] for key in expected} == expected
    assert {entry["role"]: entry["known_at"] for entry in manifest["inputs"]} == {
        "contract": None, "figures": "2015-03-31", "program": None,
    }  # fmt: skip
    assert result.stdout.splitlines()[1:] == [f"run        runs/{run.name}", f"reports    runs/{run.name}.reports"]


def test_terms_as_known_on_a_day(desk):
    """Amendment 1, signed 2014-09-01, raises the share of 2015 from 50% to 55%: 312,500.00 or 343,750.00."""
    desk.edit("figures.yaml", "period: 2014", "period: 2015")
    for known, share in (("2014-08-31", 312_500), ("2014-09-01", 343_750), (None, 343_750)):
        shutil.rmtree(desk.folder / "runs", ignore_errors=True)
        assert desk.settle(*(("--known", known) if known else ())).exit_code == 0
        assert exact({line["name"]: line for line in document(desk)["lines"]}, "earned") == share
        assert p4v("rerun", run_of(desk)).stdout.strip() == "identical"


def test_not_signed_yet_is_not_in_force(desk):
    assert desk.refused(4, "--known", "2013-09-30") == [("figures.yaml:2:9", "D035", "period")]
    assert desk.settle("--known", "2013-10-01").exit_code == 0


@pytest.mark.parametrize(
    "period, settles",
    [("2014", True), ("2015", True), ("2014-01 to 2015-12", False), ("2013-12 to 2014-11", False), ("2016", False)],
)
def test_the_days_of_the_agreement(desk, period, settles):
    """Two years as one are cut by the amendment's day inside them, which is a fault of configuration."""
    desk.edit("figures.yaml", "period: 2014", f"period: {period}")
    result = desk.settle()
    assert (result.exit_code == 0) is settles
    if not settles:
        assert ("P4V-C051" if period == "2014-01 to 2015-12" else "P4V-D035") in result.stderr


def test_settled_again_and_verified(desk):
    assert desk.settle().exit_code == 0
    before = desk.files()
    assert "already settled" in desk.settle().stdout
    assert desk.files() == before
    moved = desk.folder / "elsewhere" / run_of(desk).name
    shutil.copytree(run_of(desk), moved)
    shutil.rmtree(desk.folder / "configs")
    assert p4v("rerun", moved).stdout.strip() == "identical"
    assert p4v("explain", moved, "earned").stdout.count("clause:") > 3


@pytest.mark.parametrize("name", ["settlement.json", "lines.csv", "inputs/figures.yaml", "inputs/contracts/axene.yaml"])
def test_a_changed_run_is_found(desk, name):
    desk.settle()
    run = run_of(desk)
    path = run / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    result = p4v("rerun", run)
    assert result.exit_code == 6
    assert f"{name}: error[P4V-V001]" in result.stderr


# Where programs are found


@pytest.mark.parametrize("place", ["configs/programs", "configs/contracts/programs", "configs/contracts", "built-in"])
def test_where_a_program_is_found(desk, place):
    shutil.rmtree(desk.folder / "configs" / "programs")
    if place == "built-in":
        desk.edit(FILE, "extends: shared-savings", "extends: mssp-track-1")
        result = p4v("contract", "show", FILE)
        assert result.exit_code == 3, "its terms are those of another kind"
        assert "unknown program" not in result.stderr
        return
    desk.write(f"{place}/shared-savings.yaml", PROGRAM)
    assert desk.settle().exit_code == 0


def test_a_chain_of_three_with_moves_of_the_contract(desk):
    """The later part's term is the one that holds, and moves join those of the program."""
    middle = (
        "program: capped\nextends: shared-savings\nterms:\n"
        '  cap_payment: {of_benchmark: 10%, clause: "program §4"}\n'
        '  final_multiplier: {savings: 98%, clause: "program §4.1"}\n'
        '  share: {sharing_rate: 40%, clause: "program §3"}\n'
    )
    desk.write("configs/programs/capped.yaml", middle)
    desk.edit(FILE, "extends: shared-savings", "extends: capped")
    order = 'order:\n  moves:\n    - {step: cap_payment, after: final_multiplier, clause: "Ex. C"}\n'
    desk.write(FILE, (desk.folder / FILE).read_text() + order)
    assert desk.settle().exit_code == 0
    manifest = json.loads((run_of(desk) / "manifest.json").read_bytes())
    assert [(entry["step"], entry["clause"]) for entry in manifest["order"]] == [
        ("gate", None), ("share", None), ("final_multiplier", None), ("cap_payment", "Ex. C"),
    ]  # fmt: skip
    lines = {line["name"]: line for line in document(desk)["lines"]}
    assert exact(lines, "sharing_rate") * 100 == 50
    assert exact(lines, "earned") == 306_250, "98% of 312,500"
    assert lines["sharing_rate"]["origin"] == {"contract": "contracts/axene.yaml", "line": 9, "amendment": None}


# Tables of contracts

BINDING = """\
keys: [year, group]
group: {id: group}
period: {year: year}
contract: axene
figures:
  member_months: {column: months, unit: member_months}
  expenditure:   {column: paid, unit: usd}
ignore: [note]
"""
TABLE = "year,group,months,paid,note\n2014,axene,125000,61937500.00,a\n2014,axene-2,125000,61875000.00,b\n"
EXAMPLE = [
    "year,group,benchmark_pmpm,minimum_savings_rate,sharing_rate,member_months,expenditure,benchmark,gross_savings,savings_rate,generated_savings,shared_savings,earned",
    "2014,axene,500,0.01,0.5,125000,61937500,62500000,562500,0.009,0,0,0.00",
    "2014,axene-2,500,0.01,0.5,125000,61875000,62500000,625000,0.01,625000,312500,312500.00",
]


def test_the_designs_table(desk):
    """The columns of the design come first, in its order; how gates and bars came about follows."""
    desk.write("configs/tables/axene.yaml", BINDING)
    desk.write("table.csv", TABLE)
    result = p4v(
        "settle-table", "configs/tables/axene.yaml", "table.csv", "--terms", "--out", "R.csv", "--statements", "st"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    rows = (desk.folder / "R.csv").read_text().splitlines()
    assert [",".join(row.split(",")[:13]) for row in rows] == EXAMPLE
    for run in (desk.folder / "st").glob("*-v1-????????????"):
        assert p4v("rerun", run).stdout.strip() == "identical"
        settled = json.loads((run / "settlement.json").read_bytes())
        assert (settled["contract"], settled["group"]) == ("axene", run.name.split("-2014")[0])
        name = json.loads((run / "manifest.json").read_bytes())["group_name"]
        assert name == ("Example of Axene Health Partners" if settled["group"] == "axene" else None)


def test_a_contract_for_each_value_of_a_column(desk):
    """The second contract pays 40%: 250,000.00 where the first pays 312,500.00."""
    desk.write(
        "configs/contracts/other.yaml", CONTRACT.replace("contract: axene", "contract: other").replace("50%", "40%")
    )
    chosen = BINDING.replace("contract: axene", "contract: {column: note, choose: {a: axene, b: other}}").replace(
        "ignore: [note]\n", ""
    )
    desk.write("configs/tables/axene.yaml", chosen)
    desk.write("table.csv", TABLE.replace("61937500", "61875000"))
    assert p4v("settle-table", "configs/tables/axene.yaml", "table.csv", "--out", "R.csv").exit_code == 0
    rows = list(csv.DictReader(io.StringIO((desk.folder / "R.csv").read_text())))
    assert [row["earned"] for row in rows] == ["312500.00", "250000.00"]


@pytest.mark.parametrize(
    "find, replace, code, field",
    [
        ("contract: axene", "contract: axena", "C014", "contract"),
        ("contract: axene", "contract: axene\nprogram: shared-savings", "C023", None),
        ("contract: axene\n", "", "C022", None),
        ("unit: usd", "unit: rate", "C025", "figures.expenditure.unit"),
        ("expenditure: ", "expenditur: ", "C020", "figures.expenditur"),
    ],
)
def test_a_binding_that_does_not_fit(desk, find, replace, code, field):
    desk.write("configs/tables/axene.yaml", BINDING.replace(find, replace, 1))
    found = desk.refused(3, "configs/tables/axene.yaml", command="check")
    assert (code, field) in [(found_code, found_field) for _, found_code, found_field in found], found


def test_a_row_outside_the_agreement(desk):
    desk.write("configs/tables/axene.yaml", BINDING)
    desk.write("table.csv", TABLE.replace("2014,axene-2", "2016,axene-2"))
    result = p4v("settle-table", "configs/tables/axene.yaml", "table.csv", "--out", "R.csv")
    assert result.exit_code == 4
    assert "table.csv:3:1: error[P4V-D035] year" in result.stderr


# Reading and writing contracts


def test_terms_in_force_with_their_origin(desk):
    shown = p4v("contract", "show", FILE, "--on", "2015-03-01", "--origin").stdout.splitlines()
    (share,) = (line for line in shown if line.startswith("share.sharing_rate"))
    assert share.split()[1] == "55%"
    assert share.endswith("Am. 1 §1  (contracts/axene.yaml line 11, Amendment 1)")
    earlier = p4v("contract", "show", FILE, "--on", "2015-03-01", "--known", "2014-08-31", "--origin").stdout
    assert "sharing_rate" in earlier
    assert "§4.3  (contracts/axene.yaml line 9)" in earlier
    assert p4v("contract", "show", FILE, "--on", "2016-01-01").exit_code == 2
    assert p4v("contract", "show", FILE, "--known", "2013-09-30").exit_code == 2
    assert "gate.form" in p4v("contract", "show", FILE).stdout


def test_two_contracts_compared(desk):
    second = CONTRACT.replace("rate: 50%", "rate: 45%").replace("500.00", "500").replace("Example payer", "Other payer")
    desk.write("configs/contracts/b.yaml", second.replace("ends: 2015-12-31", "ends: 2016-12-31").replace("55%", "60%"))
    lines = p4v("contract", "diff", FILE, "configs/contracts/b.yaml").stdout.splitlines()
    assert lines[1:] == [
        "payer: Example payer | Other payer",
        "agreement.ends: 2015-12-31 | 2016-12-31",
        "share.sharing_rate: 50% (§4.3) | 45% (§4.3)",
        "2015-01-01 share.sharing_rate: 55% (Amendment 1, Am. 1 §1) | 60% (Amendment 1, Am. 1 §1)",
    ]


@pytest.mark.parametrize("program", ["configs/programs/shared-savings.yaml", "mssp-track-1", "reach-global"])
def test_a_new_contract_has_places_to_fill_in(desk, program):
    result = p4v("contract", "new", "--program", program, "--out", "configs/contracts/new.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    checked = p4v("check", "configs/contracts/new.yaml")
    assert checked.exit_code == 3
    findings = [line for line in checked.stderr.splitlines() if "error[" in line]
    assert len(findings) >= 7
    assert all("P4V-C028" in line for line in findings if "terms." not in line), checked.stderr
    again = p4v("contract", "new", "--program", program, "--out", "configs/contracts/new.yaml")
    assert again.exit_code == 2


def test_an_empty_figures_file_is_filled_in_and_settles(desk):
    empty = p4v("figures", FILE).stdout
    assert list(yaml.safe_load(empty)["figures"]) == ["member_months", "expenditure"]
    desk.write("figures.yaml", empty)
    assert [code for _, code, _ in desk.refused(4)] == ["D013", "D013"]
    filled = empty.replace("member_months: ", "member_months: 125000 ").replace(
        "expenditure: ", "expenditure: 61875000.00 "
    )
    desk.write("figures.yaml", filled)
    assert desk.settle().exit_code == 0
    as_csv = p4v("figures", FILE, "--csv", "--period", "2015").stdout
    assert as_csv.splitlines() == [
        "name,key,value", "group,,axene", "period,,2015-01 to 2015-12", "status,,final", "member_months,,", "expenditure,,",
    ]  # fmt: skip
    assert p4v("figures", FILE, "--period", "2031").exit_code == 2
    assert p4v("figures", FILE, "--period", "soon").exit_code == 2


def schema_faults(whole, schema, content, place):
    """The places where text, lists and mappings are not what a schema says: the words of it that ours use."""
    if "$ref" in schema:
        yield from schema_faults(whole, whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], content, place)
    shapes = schema.get("anyOf") or schema.get("oneOf")
    if shapes and all(list(schema_faults(whole, shape, content, place)) for shape in shapes):
        yield place
    kinds = schema.get("type", [])
    named = {str: ("string", "number"), list: ("array",), dict: ("object",)}[type(content)]
    if kinds and not {*([kinds] if isinstance(kinds, str) else kinds)} & {*named}:
        yield place
    if ("const" in schema and content != schema["const"]) or ("enum" in schema and content not in schema["enum"]):
        yield place
    if isinstance(content, str) and "pattern" in schema and not re.search(schema["pattern"], content):
        yield place
    if isinstance(content, list):
        for item in content:
            yield from schema_faults(whole, schema.get("items", {}), item, place)
    if isinstance(content, dict):
        yield from (f"{place}/{name}" for name in schema.get("required", []) if name not in content)
        for key, value in content.items():
            more = schema.get("additionalProperties", {})
            inner = schema.get("properties", {}).get(key, more if isinstance(more, dict) else None)
            if inner is None and more is False:
                yield f"{place}/{key}"
            else:
                yield from schema_faults(whole, inner or {}, value, f"{place}/{key}")


@pytest.mark.parametrize(
    "of, text",
    [
        ("contract", CONTRACT + CASE),
        ("program", PROGRAM),
        ("binding", BINDING),
        ("figures", FIGURES),
        ("program", (CONFIGS / "programs" / "mssp.yaml").read_text(encoding="utf-8")),
    ],
)
def test_the_schema_takes_what_p4v_takes(of, text):
    schema = json.loads(p4v("schema", of).stdout)
    content = yaml.load(text, Loader=yaml.BaseLoader)
    assert list(schema_faults(schema, schema, content, "")) == []
    content["unknown"] = "key"
    assert list(schema_faults(schema, schema, content, "")) == ["/unknown"]


@pytest.mark.parametrize(
    "find, replace, place",
    [
        ("50%", "50", "/terms/share"),
        ("sharing_rate", "sharing_rat", "/terms/share"),
        ("2013-10-01", "1 Oct", "/agreement/signed"),
    ],
)
def test_the_schema_refuses_what_p4v_refuses(find, replace, place):
    schema = json.loads(p4v("schema", "contract").stdout)
    content = yaml.load(CONTRACT.replace(find, replace, 1), Loader=yaml.BaseLoader)
    assert place in list(schema_faults(schema, schema, content, ""))


def test_an_unknown_schema_or_program(desk):
    assert p4v("schema", "contracts").exit_code == 2
    result = p4v("contract", "new", "--program", "mssp-track")
    assert (result.exit_code, "did you mean `mssp-" in result.stderr) == (2, True)
