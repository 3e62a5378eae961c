"""A total quality score from domain scores and their weights."""

from p4v.contract.blocks.medicare import Domains
from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.formulas import quality
from p4v.units import Unit
from p4v.worksheet import Worksheet


def settle(sheet: Worksheet, terms: Terms, figures: Figures) -> None:
    """Writes the lines of one score: weights, the scores given with their flags, the total."""
    domains = terms.need("domains", Domains)
    clause = terms.source("domains", "clause").clause
    weights = [
        sheet.term(
            f"domain_weight.{domain.id}", domain.weight, Unit.RATE, terms.source("domains", "weights", place, "weight")
        )
        for place, domain in enumerate(domains.weights)
    ]
    scores = [figures.line(sheet, f"domain_score.{domain.id}") for domain in domains.weights]
    flags = [figures.line(sheet, f"domain_scored.{domain.id}") for domain in domains.weights]
    scored = sheet.compute(quality.any_domain_scored, clause=clause, domains_scored=flags)
    sheet.compute(
        quality.total_performance_score, clause=clause, scored_if=scored,
        domain_scores=scores, domain_weights=weights, domains_scored=flags,
    )  # fmt: skip
