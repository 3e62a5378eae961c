"""Reporting strata: fee and savings of parts of the population, for the reader; nothing that is paid rests on them."""

from p4v.contract.blocks.benchmark import Benchmark, Strata
from p4v.contract.blocks.rewards import CareCoordinationFee
from p4v.formulas import strata, strata_loss_ratio
from p4v.programs.course import Course
from p4v.worksheet import Line

BLOCK = "strata"


def write_strata(course: Course, fee: Line | None, gross: Line | None) -> None:
    """For each stratum its part of the fee, and its benchmark and savings; then what lies outside all of them."""
    block = course.block(BLOCK, Strata)
    if block is None:
        return
    for stratum in block.items:
        course.sheet.name_key(stratum.id, stratum.name)
    ids = [stratum.id for stratum in block.items]
    stated = course.block("care_coordination_fee", CareCoordinationFee)
    whole = course.terms.occasion.fee_period is None
    if fee is not None and whole and stated is not None and stated.pmpm is not None:
        fees = [_fee(course, id_) for id_ in ids]
        course.compute(strata.outside_strata, BLOCK, "fee", whole=fee, strata=fees)
    if gross is not None:
        saved = [_savings(course, id_) for id_ in ids]
        course.compute(strata.outside_strata, BLOCK, "gross_savings", whole=gross, strata=saved)


def _fee(course: Course, id_: str) -> Line:
    return course.compute(
        strata.stratum_fee, BLOCK, id_, care_coordination_fee_pmpm=course.term("care_coordination_fee", "pmpm"),
        stratum_member_months=course.given(f"stratum_member_months.{id_}", BLOCK),
    )  # fmt: skip


def _savings(course: Course, id_: str) -> Line:
    against = course.need("benchmark", Benchmark)
    if against.loss_ratio is not None and against.own_weight is None:
        own = course.compute(
            strata_loss_ratio.stratum_benchmark, BLOCK, id_,
            stratum_revenue=course.given(f"stratum_revenue.{id_}", BLOCK),
            loss_ratio_target=course.term("benchmark", "loss_ratio"),
        )  # fmt: skip
    elif "benchmark_pmpm" in course.sheet:
        own = course.compute(
            strata.stratum_benchmark, BLOCK, id_, benchmark_pmpm=course.sheet["benchmark_pmpm"],
            stratum_member_months=course.given(f"stratum_member_months.{id_}", BLOCK),
        )  # fmt: skip
    else:
        own = course.given(f"stratum_benchmark.{id_}", BLOCK)
    spent = course.given(f"stratum_expenditure.{id_}", BLOCK)
    return course.compute(strata.stratum_savings, BLOCK, id_, stratum_benchmark=own, stratum_expenditure=spent)
