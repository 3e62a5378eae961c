"""One sharing rate."""

from p4v.units import Rate, Usd


def shared_savings(amount: Usd, sharing_rate: Rate) -> Usd:
    """The group's share of the savings that count.

    Source: Axene Health Partners: share of savings.

    >>> shared_savings(Fraction(625_000), Fraction(1, 2))
    Fraction(312500, 1)
    """
    return amount * sharing_rate


def shared_losses(amount: Usd, loss_sharing_rate: Rate) -> Usd:
    """The group's share of the losses that count.

    Source: HL7 Da Vinci value-based performance reporting: 80% of a deficit.

    >>> shared_losses(Fraction(500), Fraction(80, 100))
    Fraction(400, 1)
    """
    return amount * loss_sharing_rate
