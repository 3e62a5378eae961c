"""A pay-for-value contract: fees, cost, benchmark, quality, then the reward in the form that the contract gives it."""

from p4v.contract.terms import Terms
from p4v.figures import Figures
from p4v.programs.against import write_benchmark
from p4v.programs.cost import write_expenditure
from p4v.programs.course import Course
from p4v.programs.savings import write_savings
from p4v.worksheet import Worksheet


def settle(sheet: Worksheet, terms: Terms, figures: Figures) -> None:
    """Writes the lines of one settlement, stage by stage."""
    course = Course(sheet, terms, figures)
    if course.has("share"):
        against = write_benchmark(course)
        spent = write_expenditure(course)
        write_savings(course, against, spent)
