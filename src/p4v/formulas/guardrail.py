"""A benchmark that was raised so that nobody loses by a rule, and gives no savings."""

from p4v.primitives import when
from p4v.units import Flag, Usd


def savings_after_guardrail(amount: Usd, guardrail: Flag) -> Usd:
    """No savings where the benchmark was raised by the guardrail.

    Source: 42 CFR 425.652(a)(9), from 88 FR 78818.

    >>> savings_after_guardrail(Fraction(5_000_000), Fraction(1))
    Fraction(0, 1)
    """
    return when(guardrail == 1, 0, amount)


def generated_savings(qualified_savings: Usd) -> Usd:
    """The savings that are left when every rule of the gate has spoken.

    Source: 42 CFR 425.652(a)(9).

    >>> generated_savings(Fraction(2_000_000))
    Fraction(2000000, 1)
    """
    return qualified_savings
