"""How often drawn settlements pay, and are truncated, capped, gated or tied at half a unit."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from workspaces.building import Document, Draft
from workspaces.generator import settled, tables_of
from workspaces.reference import Result, Settling, asked_for
from workspaces.tables import month_number


def results(draft: Draft) -> Iterator[tuple[Document, Settling, Result]]:
    """Every contract of a drawn workspace as the reference settles it."""
    tables, through = tables_of(draft), month_number(draft.paid_through or "2014-12")
    contracted = frozenset(document["group"]["id"] for document in draft.contracts)
    for document in draft.contracts:
        asked = asked_for(draft.period, document, through)
        assert asked is not None
        yield document, *settled(document, tables, contracted, asked)


def counted(draft: Draft) -> Counter[str]:
    found: Counter[str] = Counter()
    for document, settling, result in results(draft):
        earned = result.lines["earned"] or Fraction(0)
        found["settlements"] += 1
        found["pays"] += earned != 0
        found["truncated"] += result.truncated > 0
        found["capped"] += capped(document, settling, result)
        found["gated"] += gated(settling, result)
        found["tied"] += any(tied(document, name, amount) for name, amount in result.unrounded.items())
    return found


def tied(document: Document, name: str, amount: Fraction) -> bool:
    places = int(document["terms"]["rounding"][name.partition(".")[0]]["places"])
    return (amount * 10**places).denominator == 2


def capped(document: Document, settling: Settling, result: Result) -> bool:
    """Whether the cap on the payment took something."""
    if "cap_payment" not in document["terms"]:
        return False
    without = {name: block for name, block in document["terms"].items() if name != "cap_payment"}
    terms = settling.terms
    settling.terms = {name: block for name, block in terms.items() if name in without}
    free = settling.course(
        result.lines["benchmark"] or Fraction(0), result.lines["expenditure"] or Fraction(0), settling.months()
    )
    settling.terms = terms
    return free > result.unrounded["earned"]


def gated(settling: Settling, result: Result) -> bool:
    """Whether savings came to nothing at a gate: the minimum rate, the panel or quality."""
    gross, earned = result.lines["gross_savings"] or Fraction(0), result.lines["earned"] or Fraction(0)
    return gross > 0 and earned == 0 and "share" in settling.terms
