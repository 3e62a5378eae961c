"""What tables say beside member months: quality results, and any other figure, each for a group and a period."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from p4v.contract.yaml_tree import Place as YamlPlace
from p4v.data.figures_file import Written
from p4v.data.given import Fault
from p4v.data.given_table import GivenFigure, read_given
from p4v.data.places import NO_CONTRACT, WITH_CONTRACT
from p4v.data.quality_table import QualityValue, read_quality
from p4v.data.small import Place
from p4v.data.spec import Role, TableInput, TableSpec
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.periods import Period

_NOWHERE = YamlPlace(1, 1)
"""A written figure wants a place in a tree; of a table's the cell is kept beside it."""


@dataclass(frozen=True, slots=True)
class Given:
    """One figure as it is written, and where."""

    role: Role
    text: str
    place: Place


@dataclass(slots=True)
class GivenTables:
    """The figures of all groups and periods by name, with their places."""

    figures: dict[tuple[str, Period], dict[str, Given]] = field(default_factory=dict)
    inputs: list[TableInput] = field(default_factory=list)

    def of(self, group: str, period: Period, asked: Mapping[str, object]) -> dict[str, Written]:
        """The figures of a group and period: of quality results those that the contract asks for."""
        found = self.figures.get((group, period), {})
        return {
            name: Written(name, given.text, _NOWHERE)
            for name, given in found.items()
            if given.role == "figures" or name in asked
        }

    def periods(self, group: str, name: str | None = None) -> list[Period]:
        """The periods of which a group has a figure, or any; of quality results those of its measures."""
        mine = {period: figures for (of, period), figures in self.figures.items() if of == group}
        return sorted((period for period, figures in mine.items() if name is None or name in figures), key=str)

    def role(self, group: str, period: Period, name: str) -> Role:
        return self.figures[(group, period)][name].role

    def finding(self, code: str, fault: Fault, group: str, period: Period) -> Finding:
        """A fault of a figure at its place."""
        place = self.figures[(group, period)][fault.name].place
        return place.finding(code, fault.found, fault.allowed, fault.remedy)

    def keep(self, role: Role, value: QualityValue | GivenFigure, name: str) -> Finding | None:
        """Keeps a figure; a second one of its name is a finding."""
        by_name = self.figures.setdefault((value.group, value.period), {})
        if name in by_name:
            found = f"a figure that stands at {by_name[name].place} too"
            return value.place.finding("P4V-D030", found, "each figure once")
        by_name[name] = Given(role, value.text, value.place)
        return None


def read_given_tables(specs: Sequence[TableSpec], contracted: frozenset[str]) -> GivenTables:
    """Quality results and figures. Raises `Refusal` with all that is wrong in their form, and with groups that have no
    contract, unless a table says that there are such.
    """
    given = GivenTables()
    findings: list[Finding | None] = []
    for spec in specs:
        try:
            if spec.role == "quality":
                quality = read_quality(spec)
                findings += [given.keep("quality", value, f"{value.part}.{value.measure}") for value in quality.values]
                given.inputs += quality.inputs
                findings += without_contract(spec, quality.values, contracted)
            elif spec.role == "figures":
                figures = read_given(spec)
                findings += [given.keep("figures", value, value.name) for value in figures.figures]
                given.inputs += figures.inputs
                findings += without_contract(spec, figures.figures, contracted)
        except Refusal as refusal:
            findings += refusal.findings
    twice = [finding for finding in findings if finding is not None]
    if twice:
        raise Refusal(twice)
    return given


def without_contract(
    spec: TableSpec, values: Sequence[QualityValue | GivenFigure], contracted: frozenset[str]
) -> Iterator[Finding]:
    """Each group that no contract is of, where it first stands, unless the table may have such."""
    if spec.other_groups is None:
        return
    known = contracted | spec.other_groups
    others = [value for value in values if value.group not in known]
    for group, first in {value.group: value for value in reversed(others)}.items():
        place = replace(first.place, column="group_id", field=None)
        yield place.finding("P4V-D038", NO_CONTRACT, WITH_CONTRACT, did_you_mean(group, known))
