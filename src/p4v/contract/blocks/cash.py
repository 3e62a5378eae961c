"""From what is earned to what is paid, and who pays and gets it: terms.md, sections 9 and 10."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from p4v.contract.blocks.base import Block, Called, RoundingRule, Strict, needs_each_once, needs_one, needs_whole
from p4v.contract.values import Dollars, Id, People, Share, Text, YesNo, fault


class SettledRoundings(Block):
    """How each settled amount is rounded, once."""

    earned: RoundingRule | None = None
    """The reward from savings."""
    care_coordination_fee: RoundingRule | None = None
    """The fee of the period."""
    capitation: RoundingRule | None = None
    """The capitation of the period."""
    next_care_coordination_fee: RoundingRule | None = None
    """The fee per member per month of the next period."""
    fee_reset_true_up: RoundingRule | None = None
    """The difference of the new fee for months that have passed."""
    quality_incentive: RoundingRule | None = None
    """The reward for quality."""
    fee_schedule_uplift: RoundingRule | None = None
    """The points on the fee schedule; places are those of a percentage point."""
    withhold_returned: RoundingRule | None = None
    """What is returned of a withhold."""
    net_payment: RoundingRule | None = None
    """What is paid now."""


class Interim(Block):
    """What is paid of a projected reward before the final settlement."""

    share: Annotated[Share, Called("interim_share")]
    """The share of what is earned so far."""
    negative: Literal["hold", "recover"]
    """What becomes of an interim movement below zero."""


class Withhold(Block):
    """A part of other payments that is held back and returned by results. Figure, where it is given: `withheld`."""

    of_capitation: Annotated[Share | None, Called("withhold_rate")] = None
    """The share of the capitation that is withheld."""
    given: YesNo | None = None
    """`yes`: the payer gives what was withheld."""
    returned: Literal["by_quality_score", "if_gates_are_met", "less_losses"]
    """How much comes back: the quality score's part, all where the gates are met, or what losses leave of it."""
    interest: Annotated[Share | None, Called("withhold_interest_rate")] = None
    """Interest on what is returned, for the period as a whole."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        needs_one(self, "of_capitation", "given")
        return self


class OtherAmount(Strict):
    """A given, signed, named amount. Figure: `other_amount.<id>`."""

    id: Id
    """The amount's id."""
    reason: Text
    """Why it is part of this settlement."""
    clause: Text | None = None
    """Its own clause, if it has one."""


class Cash(Block):
    """From what is earned to what is paid."""

    other_amounts: Annotated[list[OtherAmount], Field(min_length=1)] | None = None
    """Amounts that come from elsewhere."""
    reserve: Annotated[Share | None, Called("reserve_rate")] = None
    """The share of what is due to the group that is kept in reserve until the final settlement."""
    minimum_payment: Dollars | None = None
    """A smaller net amount is not paid now but carried on. Figure: `carried_payment`."""
    late_interest: Annotated[Share | None, Called("late_interest_rate")] = None
    """Interest for a year on a late settlement. Figure: `days_late`."""
    days_of_year: Annotated[People | None, Called("days_of_year")] = None
    """The days by which that interest is divided."""
    setoff: Annotated[Dollars | None, Called("setoff_per_month")] = None
    """What is taken each month from other payments to recover what the group owes."""
    due_days: People | None = None
    """Days to payment, for the reader."""
    dispute_days: People | None = None
    """Days to dispute, for the reader."""
    runout_months: People | None = None
    """Months of run-out, for the reader."""

    @model_validator(mode="after")
    def _interest(self) -> Self:
        if (self.late_interest is None) is not (self.days_of_year is None):
            raise fault(
                "P4V-C023", "one of `late_interest` and `days_of_year`", "both or neither", term="late_interest"
            )
        ids = [row.id for row in self.other_amounts or []]
        needs_each_once("other_amounts", ids)
        return self


class Funder(Strict):
    """One account that pays. Figure: `paid_by.<id>`."""

    id: Id
    """The account's id."""
    share: Annotated[Share, Called("funder_rate")]
    """Its share of what is earned."""


class Funders(Block):
    """Who pays: earned by funder, less what each has paid; the net is never split."""

    items: Annotated[list[Funder], Field(min_length=1)]
    """The accounts; their shares sum to 100%."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs_whole("items", [row.share for row in self.items])
        needs_each_once("items", [row.id for row in self.items])
        return self


class Participant(Strict):
    """One participant of the group."""

    id: Id
    """The participant's id."""
    share: Annotated[Share | None, Called("participant_rate")] = None
    """Its percentage, where the split is by percent."""


class Distribution(Block):
    """How the group splits what it earned."""

    of: Literal["earned", "quality_incentive"]
    """What is split."""
    by: Literal["percent", "member_months", "quality", "contribution"]
    """By stated percentages, or by figures of each: `participant_member_months.<id>`, `participant_quality.<id>` or
    `participant_contribution.<id>`."""
    expenses_first: Annotated[Dollars | None, Called("expenses_first")] = None
    """Dollars that are taken off before the split."""
    remainder: Literal["largest_remainder", "each_rounded"]
    """The parts add up to the whole; or each is rounded half up and the residual has a holder."""
    residual_holder: Id | None = None
    """Who holds the cents that rounding leaves."""
    participants: Annotated[list[Participant], Field(min_length=1)]
    """The participants."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        needs_each_once("participants", [row.id for row in self.participants])
        shares = [row.share for row in self.participants if row.share is not None]
        if (self.by == "percent") is not (len(shares) == len(self.participants)) or (shares and self.by != "percent"):
            raise fault("P4V-C023", "shares of some participants", "a `share` of each with `by: percent` alone")
        if shares:
            needs_whole("participants", shares)
        if (self.remainder == "each_rounded") is not (self.residual_holder is not None):
            raise fault("P4V-C023", "one of `each_rounded` and `residual_holder`", "both or neither", term="remainder")
        return self
