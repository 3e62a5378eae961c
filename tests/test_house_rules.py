"""Rules of the house, read off the syntax trees of the source."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import p4v.formulas
from p4v import primitives, units
from p4v.units import OneOf, Unit
from p4v.worksheet import formula_shape
from support import CONFIGS, ROOT

SOURCE = ROOT / "src" / "p4v"
PRIMITIVES = {primitive.__name__ for primitive in primitives.PRIMITIVES}
OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.BitOr)
COMPARISONS = (ast.GtE, ast.Gt, ast.LtE, ast.Lt, ast.Eq)


def formula_modules() -> list[ModuleType]:
    names = [info.name for info in pkgutil.iter_modules(p4v.formulas.__path__)]
    return [importlib.import_module(f"p4v.formulas.{name}") for name in names]


def formulas() -> list[object]:
    return [
        function
        for module in formula_modules()
        for _, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
    ]


FORMULAS = formulas()
IDS = [f"{formula.__module__.rsplit('.', 1)[-1]}.{formula.__name__}" for formula in FORMULAS]


def faults(function: ast.FunctionDef) -> Iterator[str]:
    """What a formula uses beyond its parameters, whole numbers, operators and primitives."""
    parameters = {argument.arg for argument in function.args.args}
    body = function.body[1:] if isinstance(function.body[0], ast.Expr) else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        yield "more than one return"
        return
    for node in ast.walk(body[0].value):
        match node:
            case ast.Name(id=name):
                if name not in parameters | PRIMITIVES:
                    yield f"the name {name}"
            case ast.Constant(value=number):
                if type(number) is not int:
                    yield f"the constant {number!r}"
            case ast.BinOp(op=ast.Div(), right=right):
                if not (isinstance(right, ast.Constant) and right.value != 0):
                    yield "a division by a figure"
            case ast.BinOp(op=operator):
                if not isinstance(operator, OPERATORS):
                    yield f"the operator {type(operator).__name__}"
            case ast.Compare(ops=operators):
                if len(operators) != 1 or not isinstance(operators[0], COMPARISONS):
                    yield "a chained or another comparison"
            case ast.Call(func=ast.Name(), keywords=[]) | ast.Load() | ast.operator() | ast.cmpop():
                pass
            case _:
                yield f"{type(node).__name__}"


def function_of(source: str) -> ast.FunctionDef:
    parsed = ast.parse(source).body[0]
    assert isinstance(parsed, ast.FunctionDef)
    return parsed


@pytest.mark.parametrize("formula", FORMULAS, ids=IDS)
def test_a_formula_uses_only_what_formulas_may(formula: object) -> None:
    assert list(faults(function_of(inspect.getsource(formula)))) == []


@pytest.mark.parametrize(
    "body, fault",
    [
        ("return a if b else c", "IfExp"),
        ("return a and b", "BoolOp"),
        ("return not a", "UnaryOp"),
        ("return min(a, b)", "the name min"),
        ("return round(a)", "the name round"),
        ("return a * 0.5", "the constant 0.5"),
        ("return a == 'x'", "the constant 'x'"),
        ("return a / b", "a division by a figure"),
        ("return a / 0", "a division by a figure"),
        ("return a // 2", "the operator FloorDiv"),
        ("return a < b < c", "a chained or another comparison"),
        ("return a != b", "a chained or another comparison"),
        ("return a.real", "Attribute"),
        ("x = a\n    return x", "more than one return"),
        ("return RATE * a", "the name RATE"),
        ("return -a", "UnaryOp"),
    ],
)
def test_the_rule_finds_what_it_forbids(body: str, fault: str) -> None:
    assert fault in list(faults(function_of(f"def f(a, b, c):\n    {body}\n")))


@pytest.mark.parametrize("formula", FORMULAS, ids=IDS)
def test_a_formula_has_units_a_source_and_a_worked_example(formula: object) -> None:
    shape = formula_shape(formula)
    assert isinstance(shape.result, Unit | OneOf)
    documentation = inspect.getdoc(formula) or ""
    assert documentation.split("\n")[0].endswith(".")
    assert re.search(r"^Source: \S.{9,}$", documentation, re.MULTILINE), "no source"
    assert re.search(rf"^>>> .*{formula.__name__}\(", documentation, re.MULTILINE), "no worked example"


def test_formulas_are_all_functions_and_names_of_lines() -> None:
    for module in formula_modules():
        tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
        for node in tree.body[1:]:
            assert isinstance(node, ast.ImportFrom | ast.FunctionDef), f"{module.__name__}: {ast.dump(node)[:60]}"
            if isinstance(node, ast.ImportFrom):
                assert node.module in ("p4v.primitives", "p4v.units")


# What each room may import of p4v. Data flow left to right; a room never imports one that comes after it.
ROOMS = [
    ["p4v"],
    ["units", "numbers", "errors", "symbols", "resources", "periods", "kernels", "spreadsheets", "garbage", "ending"],
    ["money"],
    ["primitives", "expressions"],
    ["formulas"],
    ["worksheet"],
    ["contract", "figures", "codes"],
    ["programs"],
    ["settlement"],
    ["asked", "experience"],
    ["data"],
    ["batch", "single", "claims"],
    ["cases"],
    ["probe"],
    ["probe"],
    ["check", "terms_shown", "schemas"],
    ["drafts"],
    ["runs.store"],
    ["workspace"],
    ["runs.folder", "runs.verify"],
    ["report"],
    ["notebook", "demo"],
    ["cli", "cli_contract", "cli_workspace", "cli_claims", "cli_demo"],
    ["__main__"],
]
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def room_of(module: str) -> str:
    name = module.removeprefix("p4v.")
    return next(
        (room for room in sorted(LEVEL, key=len, reverse=True) if name == room or name.startswith(f"{room}.")), ""
    )


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "p4v":
            if node.module in (
                "p4v",
                "p4v.contract",
                "p4v.formulas",
                "p4v.programs",
                "p4v.data",
                "p4v.runs",
                "p4v.report",
            ):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "p4v")


def test_imports_point_one_way() -> None:
    paths = sorted(SOURCE.rglob("*.py"))
    assert len(paths) > 40
    for path in paths:
        module = module_of(path)
        if module in ("p4v", "p4v.runs"):
            continue
        here = room_of(module)
        assert here, f"{module} stands in no room"
        for imported in imports_of(ast.parse(path.read_text(encoding="utf-8"))):
            there = room_of(imported) or ("p4v" if imported in ("p4v", "p4v.__version__") else "")
            assert there, f"{module} imports {imported}, which stands in no room"
            assert LEVEL[there] <= LEVEL[here], f"{module} imports {imported}"


def test_the_core_knows_no_files_clocks_or_contracts() -> None:
    forbidden = {"os", "pathlib", "datetime", "time", "io", "yaml", "json", "random", "locale", "pydantic"}
    core = ["units", "money", "symbols", "primitives", "expressions", "worksheet", "formulas"]
    for path in sorted(SOURCE.rglob("*.py")):
        if room_of(module_of(path)) in core:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                assert not {name.split(".")[0] for name in names} & forbidden, path


def test_only_money_rounds_and_no_float_stands_in_the_settlement_path() -> None:
    forbidden = re.compile(
        r"\bround\(|float\(|np\.(rint|round|floor|ceil|trunc|float)|\.mean\(|np\.dot|\.percentile\(|math\."
    )
    for path in sorted(SOURCE.rglob("*.py")):
        module = module_of(path)
        if module == "p4v.money" or module.startswith("p4v.report"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
            assert not forbidden.search(line), f"{path.name}:{number}: {line}"
    constants = [
        (path.name, node.value)
        for path in sorted(SOURCE.rglob("*.py"))
        if not module_of(path).startswith(("p4v.report", "p4v.money", "p4v.primitives", "p4v.errors", "p4v.worksheet"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert constants == []


def test_no_year_rate_track_or_table_in_python() -> None:
    tracks = {
        str(value) for value in yaml.safe_load((CONFIGS / "tables" / "mssp.yaml").read_text())["program"]["choose"]
    }
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in documentation:
                assert not (isinstance(node.value, int) and 2005 <= node.value <= 2100), f"{path.name}: {node.value}"
                assert path.name == "errors.py" or node.value not in tracks, f"{path.name}: {node.value}"


def test_what_a_spreadsheet_takes_for_a_formula_is_said_once() -> None:
    """The signs that begin a formula stand together in one module alone."""
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                constants = {part.value for part in node.elts if isinstance(part, ast.Constant)}
                if {"=", "+", "-", "@"} <= constants:
                    found.add(module_of(path))
    assert found == {"p4v.spreadsheets"}


def test_a_private_function_is_used_in_its_module() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for node in tree.body:
            private = isinstance(node, ast.FunctionDef | ast.ClassDef) and re.fullmatch("_[^_].*", node.name)
            assert not private or node.name in named, f"{path.name}: {node.name}"


def test_no_broad_except_but_at_the_command_line() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {""}
                broad = names & {"", "Exception", "BaseException"}
                cleanup = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                assert not broad or path.name == "cli.py" or cleanup, f"{path.name}:{node.lineno}"


def test_templates_calculate_nothing() -> None:
    for path in sorted((ROOT / "reports" / "templates").glob("*.j2")):
        for tag in re.findall(r"\{[{%](.*?)[}%]\}", path.read_text(encoding="utf-8")):
            assert not re.search(r"[-+*/]\s*\w|\bset\b|\|\s*(sum|round|default)", tag), f"{path.name}: {tag}"


def test_every_program_and_table_says_what_it_is() -> None:
    for path in sorted(CONFIGS.rglob("*.yaml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.parent.name == "programs":
            assert document["program"] == path.stem
            for name, block in document.get("terms", {}).items():
                assert block == "none" or "clause" in block or "extends" in document, f"{path.name}: {name}"
            for amendment in document.get("amendments", []):
                assert {"id", "signed", "effective", "clause", "terms"} <= set(amendment), path.name


def test_units_of_settlement_files_are_the_documented_ones() -> None:
    assert {str(unit) for unit in units.Unit} == {
        "usd", "usd_pmpm", "usd_per_person", "rate", "factor", "count", "member_months", "points", "flag", "table",
    }  # fmt: skip
