"""The terms of contracts as text: those in force on a day, and how two contracts differ."""

from collections.abc import Iterator, Mapping
from datetime import date

from p4v.contract.documents import Program
from p4v.contract.terms import Placed, terms_on
from p4v.contract.yaml_tree import Listing, Node, Scalar
from p4v.contract.yaml_tree import Mapping as YamlMapping
from p4v.numbers import TERM_DECIMALS, NumberFault, read_number, read_percent


def shown_terms(program: Program, day: date | None, known: date | None, origin: bool) -> Iterator[str]:
    """Every term in force on a day (None: the contract's first): name, value, clause; its origin where asked for."""
    assert program.contract is not None
    day = day or program.contract.agreement.effective
    rows = [(name, written(term.node), _clause(at), _origin(term)) for name, term, at in _each(program, day, known)]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for name, value, clause, source in rows:
        line = f"{name:<{widths[0]}}  {value:<{min(widths[1], 40)}}  {clause}"
        yield (f"{line}  ({source})" if origin else line).rstrip()


def _each(program: Program, day: date, known: date | None) -> Iterator[tuple[str, Placed, Placed]]:
    """Each term's name, where it was set, and where its clause stands."""
    for block, terms in terms_on(program, day, known).items():
        for key, term in terms.items():
            if key != "clause":
                yield f"{block}.{key}", term, term if term.clause else terms.get("clause", term)


def _clause(placed: Placed) -> str:
    own = placed.block.entries.get("clause")
    stated = own.value.text if own is not None and isinstance(own.value, Scalar) else ""
    return placed.clause or stated


def _origin(term: Placed) -> str:
    amended = f", {term.amendment}" if term.amendment else ""
    return f"{term.file.relative} line {term.key.line}{amended}"


def written(node: Node) -> str:
    """A value as YAML would write it on one line."""
    match node:
        case Scalar(text=text):
            return text
        case Listing():
            return f"[{', '.join(written(item) for item in node.items)}]"
        case YamlMapping():
            return f"{{{', '.join(f'{key}: {written(entry.value)}' for key, entry in node.entries.items())}}}"


def differences(first: Program, second: Program) -> Iterator[str]:
    """What two contracts say differently: parties, days, order, terms from the first day, and amendments."""
    yield from _pairs(_facts(first), _facts(second))
    yield from _pairs(_terms(first), _terms(second))


def _pairs(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if old is None or new is None or not _same(old[0], new[0]):
            yield f"{name}: {_side(old)} | {_side(new)}"


def _side(value: tuple[str, str] | None) -> str:
    if value is None:
        return "not stated"
    return f"{value[0]} ({value[1]})" if value[1] else value[0]


def _same(first: str, second: str) -> bool:
    """Whether two texts say the same, numbers by their value."""
    return first == second or ((number := _number(first)) is not None and number == _number(second))


def _number(text: str) -> object:
    try:
        return read_percent(text, TERM_DECIMALS) if text.endswith("%") else read_number(text, TERM_DECIMALS)
    except NumberFault:
        return None


def _facts(program: Program) -> dict[str, tuple[str, str]]:
    contract = program.contract
    assert contract is not None
    days = contract.agreement
    facts = {
        "extends": str(contract.extends), "group": contract.group.id, "payer": contract.payer.name,
        "purchaser": contract.purchaser.name if contract.purchaser else "none",
        "agreement.signed": str(days.signed), "agreement.effective": str(days.effective),
        "agreement.ends": str(days.ends),
        "performance_periods": ", ".join(str(period) for period in contract.periods()) or "any",
    }  # fmt: skip
    found = {name: (text, "") for name, text in facts.items()}
    for move in program.order.moves:
        anchor = f"before {move.before}" if move.before else f"after {move.after}"
        found[f"order.moves.{move.step}"] = (anchor, move.clause)
    for confirmed in getattr(program.order, "confirms", []):
        found[f"order.confirms.{'-'.join(confirmed.pair)}"] = ("as it stands", confirmed.clause)
    return found


def _terms(program: Program) -> dict[str, tuple[str, str]]:
    """Terms from the first day, then each amendment's, by the day from which they hold."""
    contract = program.contract
    assert contract is not None
    first = contract.agreement.effective
    found = {name: (written(term.node), _clause(at)) for name, term, at in _each(program, first, None)}
    for amendment in contract.amendments:
        if amendment.effective > first:
            for block, terms in amendment.terms.items():
                for key, value in terms.items() if isinstance(terms, dict) else ():
                    if key != "clause":
                        by = f"{amendment.id}, {amendment.clause}"
                        found[f"{amendment.effective} {block}.{key}"] = (str(value), by)
    return found
