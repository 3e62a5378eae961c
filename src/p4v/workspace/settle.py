"""All contracts of a workspace settled for a period, from its tables: one pass for those that share data rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import rfc8785

from p4v.asked import figures_asked
from p4v.contract.blocks.cost import LargeClaims
from p4v.contract.blocks.members import Waiver, Waivers
from p4v.contract.documents import Program, shown_path
from p4v.contract.terms import NotInForce, Terms
from p4v.data.given import Fault, given_figures
from p4v.data.lag import LagCell, read_lag
from p4v.data.open import OpenTables, open_tables
from p4v.data.reference import point_of
from p4v.data.spec import TableInput, TableSpec
from p4v.errors import Finding, Refusal, did_you_mean
from p4v.experience.controls import controls_of, ties
from p4v.experience.figures import GroupReader
from p4v.experience.plan import Plan, plan_of
from p4v.experience.rollup import RejectedRows, RolledUp, Rows, found_groups, rejected_rows, roll_up
from p4v.experience.rules import DataRules, Experience
from p4v.figures import Figure, FigureMissing, Figures, Wanted
from p4v.garbage import collected_seldom
from p4v.money import fraction_text
from p4v.settlement import Settlement, terms_for, worksheet
from p4v.single import CODES
from p4v.worksheet import LineFault
from p4v.workspace.again import SCHEMA
from p4v.workspace.contracts import group_of, read_contracts
from p4v.workspace.document import Workspace
from p4v.workspace.given import GivenTables, read_given_tables
from p4v.workspace.needs import market_findings, refuse_unmet, refuse_unruled_deaths, unnamed_findings
from p4v.workspace.occasion import NotNow, Occasion, occasion_of
from p4v.workspace.results import GroupResult, Request, Settled
from p4v.workspace.run_out import completion_beside
from p4v.workspace.tie import Tied, rows_of, tie

Step = Callable[[str], None]
_YEAR = 12
_MANY = Fraction(1, 10)
"""More members above a truncation point than this share are worth a word."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The tables and frozen references that contracts are settled from; `shown` is what a message calls them."""

    tables: Sequence[TableSpec]
    references: Mapping[str, Path]
    shown: str

    def months(self, roster: str | None = None) -> str:
        """What a message calls the member months, or those of a roster: their one file, or the table."""
        specs = [one for spec in self.tables if spec.role == "member_months" for one in spec.apart()]
        named = [one for one in specs if roster is None or one.purpose in (None, roster)]
        files = [path for one in named for path in one.files]
        if len(files) == 1:
            return shown_path(files[0])
        return named[0].shown if len(named) == 1 else "member_months"


def settle_workspace(workspace: Workspace, request: Request, step: Step = lambda _: None) -> Settled:
    """Settles the contracts of a workspace. `step` is called with what is being done.

    Raises `Refusal` with everything that is wrong in the contracts, then in the tables, then in what they give.
    """
    with collected_seldom():
        step("reading contracts")
        programs = read_contracts(workspace.contracts)
        sources = Sources(list(workspace.tables.values()), workspace.references, workspace.file.shown)
        _refuse_unknown_groups(shown_path(workspace.contracts), programs, request)
        return settle_contracts(programs, sources, request, step)


def settle_contracts(
    programs: Sequence[Program], sources: Sources, request: Request, step: Step = lambda _: None
) -> Settled:
    """Settles contracts, each for its own group, from one set of tables. Raises `Refusal` as `settle_workspace`."""
    contracted = frozenset(group_of(program) for program in programs)
    contracts = [program for program in programs if not request.groups or group_of(program) in request.groups]
    todo, waiting = _occasions(contracts, request)
    _refuse_unknown_day(sources, request)
    step("reading tables")
    given = read_given_tables(sources.tables, contracted)
    with open_tables(sources.tables, threads=request.threads, memory=None) as tables, tables.working():
        rows = rows_of(tables)
        tied = tie(sources.tables, rows, (*tables.inputs, *given.inputs))
        lag = next((read_lag(spec) for spec in sources.tables if spec.role == "lag_triangle"), None)
        everyone = found_groups(rows)
        jobs = _jobs(todo, request, rows, sources, tables.yearly)
        refuse_unruled_deaths(rows, {job.program.id: job.plan for job in jobs}, sources.months())
        experience, rejected = _rolled_up(jobs, sources, tables, rows, everyone(), contracted, step)
        inputs = (*tables.inputs, *given.inputs, *(tied.inputs if tied else ()), *(lag.inputs if lag else ()))
        triangle = lag.cells if lag else ()
        settler = _Settler(sources, request, tables, given, tied, triangle, inputs, experience, contracted, rejected)
        done = settler.settle(jobs, step)
        rejected_csv = settler.rejected_csv(jobs)
    by_contract = {result.contract_id: result for result in (*done, *waiting)}
    return Settled([by_contract[program.id] for program in contracts], inputs, rejected_csv)


def _refuse_unknown_groups(shown: str, programs: Sequence[Program], request: Request) -> None:
    groups = {group_of(program) for program in programs}
    allowed = f"one of {', '.join(sorted(groups))}"
    unknown = [group for group in request.groups if group not in groups]
    if unknown:
        found, words = "a group without a contract", [(group, did_you_mean(group, groups)) for group in unknown]
        raise Refusal(
            [Finding("P4V-D038", shown, found, allowed, f"--group {group[:80]}", help=help_) for group, help_ in words]
        )


def _refuse_unknown_day(sources: Sources, request: Request) -> None:
    """A day of knowledge after all that the tables know about, and tables that know more than that day.

    No clock is read.
    """
    known = request.known
    if known is None:
        return
    specs = [one for spec in sources.tables for one in spec.apart()]
    newest = [spec.newest_known_at or spec.known_at for spec in specs]
    days = [day for day in newest if day is not None]
    if days and known > max(days):
        allowed = f"{max(days)} or earlier, the newest day that the tables know about"
        raise Refusal([Finding("P4V-C050", "--known", f"{known}", allowed)])
    later = [spec for spec in specs if spec.known_at is not None and spec.known_at > known]
    remedy = "keep each extract with `p4v data add` and say `files: store`: the one of that day is then taken"
    findings = [
        Finding("P4V-C050", sources.shown, f"known at {spec.known_at}", f"what was known on {known}",
                ".".join(map(str, (*spec.path(), "known_at"))), help=remedy)
        for spec in later
    ]  # fmt: skip
    if findings:
        raise Refusal(findings)


@dataclass(frozen=True, slots=True)
class _Job:
    """One contract that is settled: its terms and what they want of the tables."""

    program: Program
    occasion: Occasion
    terms: Terms
    asked: Mapping[str, Wanted]
    plan: Plan


def _occasions(
    programs: Sequence[Program], request: Request
) -> tuple[list[tuple[Program, Occasion]], list[GroupResult]]:
    todo: list[tuple[Program, Occasion]] = []
    waiting: list[GroupResult] = []
    for program in programs:
        occasion = occasion_of(program, request.period, request.status, request.known)
        if isinstance(occasion, NotNow):
            waiting.append(_not_settled(program, occasion))
        else:
            todo.append((program, occasion))
    return todo, waiting


def _not_settled(program: Program, why: NotNow) -> GroupResult:
    assert program.contract is not None
    party = program.contract.group
    return GroupResult(program.id, party.id, party.name, program, why.state, why.reason)


def _jobs(
    todo: Sequence[tuple[Program, Occasion]], request: Request, rows: Rows, sources: Sources, yearly: bool
) -> list[_Job]:
    """What each contract wants. Raises `Refusal` with the terms and columns that any of them lacks."""
    jobs: list[_Job] = []
    findings: list[Finding] = []
    for program, occasion in todo:
        days = (request.known, request.paid_through, occasion.fee_period)
        try:
            terms = terms_for(program, occasion.period, None, *days)
            known, paid_through, fee_period = days
            asked = figures_asked(program, occasion.period, None, known, occasion.status, paid_through, fee_period)
            plan = plan_of(terms, asked, group_of(program), rows.columns)
            refuse_unmet(terms, plan, rows, program.id, sources.months, sources.shown, yearly)
            jobs.append(_Job(program, occasion, terms, asked, plan))
        except Refusal as refusal:
            findings += refusal.findings
        except NotInForce as error:
            findings.append(Finding("P4V-D035", program.file.shown, f"the period {error.period}", error.allowed))
    if findings:
        raise Refusal(list(dict.fromkeys(findings)))
    return jobs


def _rolled_up(
    jobs: Sequence[_Job],
    sources: Sources,
    tables: OpenTables,
    rows: Rows,
    everyone: Sequence[str],
    contracted: frozenset[str],
    step: Step,
) -> tuple[dict[DataRules, Experience], list[RejectedRows]]:
    """Every set of rules rolled up once, for all groups that have it, and the rows that are rejected. Raises `Refusal`
    for what the checks find.

    What rows of a group may be wrong in, its own contract says: those of groups that are not settled now wait for it.
    """
    groups: dict[DataRules, set[str]] = {}
    for job in jobs:
        for rules in job.plan.rules():
            groups.setdefault(rules, set()).update(job.plan.groups)
    findings = [*_without_contract(everyone, contracted, sources, tables)]
    broken = False
    widest = max((rules for rules in groups if not rules.where), key=lambda rules: len(groups[rules]), default=None)
    found: dict[DataRules, Experience] = {}
    for number, (rules, wanted) in enumerate(groups.items(), start=1):
        step(f"rolling up {number} of {len(groups)}")
        whole = rules is widest or _of_all(rules)
        rolled = roll_up(rows, replace(rules, groups=tuple(everyone if whole else sorted(wanted))))
        found[rules] = rolled.experience
        others = contracted.union(*groups.values()) - wanted
        findings += _check_findings(rolled, rules, others, sources, tables)
        broken |= any(group not in others for group, _ in rolled.faults)
    rejected = rejected_rows(rows) if broken else []
    findings += _broken_findings(rejected, contracted - set().union(*groups.values()), jobs, tables)
    if findings:
        raise Refusal(list(dict.fromkeys(findings)))
    return found, rejected


def _without_contract(
    groups: Sequence[str], contracted: frozenset[str], sources: Sources, tables: OpenTables
) -> list[Finding]:
    """Rows of groups that no contract is of, unless the workspace says that there are such: an id may be misspelled."""
    specs = next(spec for spec in sources.tables if spec.role == "member_months").apart()
    if all(spec.other_groups is None or set(groups) <= contracted | spec.other_groups for spec in specs):
        return []
    return tables.group_findings(contracted)


def _of_all(rules: DataRules) -> bool:
    """Whether rules want the rows of every group: a market's, and those that follow a member from group to group."""
    return rules.across_moves or any(window.kind in ("market", "market_base") for window in rules.windows)


def _check_findings(
    rolled: RolledUp,
    rules: DataRules,
    others: frozenset[str],
    sources: Sources,
    tables: OpenTables,
) -> Iterator[Finding]:
    """Rows that stand twice; ids that are none; exclusions above their limit. `others` have their own rules."""
    yield from tables.id_findings(rolled.groups)
    yield from tables.id_findings(rolled.members)
    if set(rolled.twice) - others or rolled.in_two_groups:
        taken_out = any(exclusion.rule == "duplicates" for exclusion in rules.exclusions)
        ruled = set(rolled.experience.groups) - others if taken_out else set()
        yield from tables.duplicate_findings(sorted(ruled - set(rolled.twice)))
    for place, exclusion in enumerate(rules.exclusions):
        rows = rolled.rows_of(place, others)
        if exclusion.most_rows is not None and rows > exclusion.most_rows:
            found = f"{rows} rows that the exclusion `{exclusion.id}` takes out"
            allowed = f"up to {exclusion.most_rows}, as the contract says"
            yield Finding("P4V-D071", sources.months(rules.roster), found, allowed, exclusion.id)


def _broken_findings(
    rejected: Sequence[RejectedRows], others: frozenset[str], jobs: Sequence[_Job], tables: OpenTables
) -> list[Finding]:
    """Rows that break a rule which no waiver of their group covers, or more of them than it does. `others` are the
    groups that are not settled now, whose contracts may waive them.
    """
    waived = {
        (group_of(job.program), waiver.finding): int(waiver.most_rows) for job in jobs for waiver in _waivers(job)
    }
    of_code: dict[tuple[str, str], int] = {}
    for row in rejected:
        key = row.group, tables.fault_codes[row.fault]
        of_code[key] = of_code.get(key, 0) + row.rows
    stopping: dict[int, int] = {}
    for row in rejected:
        key = row.group, tables.fault_codes[row.fault]
        if row.group not in others and of_code[key] > waived.get(key, 0):
            stopping[row.fault] = stopping.get(row.fault, 0) + row.rows
    return tables.findings(stopping) if stopping else []


def _waivers(job: _Job) -> list[Waiver]:
    block = job.terms.block("waivers", Waivers)
    return list(block.items) if block is not None else []


@dataclass(slots=True)
class _Settler:
    """Settles one contract after the other from what was rolled up."""

    sources: Sources
    request: Request
    tables: OpenTables
    given: GivenTables
    tied: Tied | None
    triangle: Sequence[LagCell]
    inputs: Sequence[TableInput]
    experience: Mapping[DataRules, Experience]
    contracted: frozenset[str]
    rejected: Sequence[RejectedRows]

    def settle(self, jobs: Sequence[_Job], step: Step) -> list[GroupResult]:
        """Raises `Refusal` with all that any contract lacks."""
        findings: list[Finding] = []
        done: list[GroupResult] = []
        for number, job in enumerate(jobs, start=1):
            step(f"settling {number} of {len(jobs)}")
            try:
                done.append(self._settled(job))
            except Refusal as refusal:
                findings += refusal.findings
        if findings:
            raise Refusal(list(dict.fromkeys(findings)))
        return done

    def _settled(self, job: _Job) -> GroupResult:
        contract = job.program.contract
        assert contract is not None
        group = contract.group.id
        reader = GroupReader(job.plan, group, self.experience, self.contracted, self._point, self.rejected)
        self._refuse_missing(job, reader)
        found = reader.figures() | self._waived(job, reader)
        found |= self._given(job, group, found)
        figures = Figures(found, job.occasion.status)
        controls = controls_of(reader, self.tables.fault_codes)
        assert ties(controls), "control totals that do not tie"
        sheet = self._sheet(job, figures)
        settlement = Settlement(
            group, job.program.id, job.occasion.period, job.occasion.status, sheet.lines, controls=tuple(controls)
        )
        content = self._figures_json(job, found, controls)
        return GroupResult(
            job.program.id, group, contract.group.name, job.program, "settled", "", settlement, content,
            (*_notes(reader), *self._unused_figures(job, group)),
        )  # fmt: skip

    def _sheet(self, job: _Job, figures: Figures) -> Any:
        request, occasion = self.request, job.occasion
        try:
            return worksheet(
                job.program, occasion.period, None, figures, "exact", request.known, request.paid_through,
                occasion.fee_period,
            )  # fmt: skip
        except FigureMissing as missing:
            raise Refusal([self._missing(missing.name, job)]) from None
        except LineFault as fault:
            found = f"figures from which `{fault.name}` cannot be computed ({fault.reason})"
            allowed, group = "figures that the formula takes", group_of(job.program)
            raise Refusal([Finding("P4V-D045", self.sources.months(), found, allowed, group)]) from None

    def _missing(self, name: str, job: _Job) -> Finding:
        wanted, group, period = job.asked.get(name), group_of(job.program), job.occasion.period
        clause = f": {wanted.clause} asks for it" if wanted else ""
        allowed = f"`{name}` of group {group} for {period}{clause}"
        others = self.given.periods(group, name)
        found = f"no `{name}`" + (f", but for {', '.join(map(str, others))}" if others else "")
        remedy = "give it in the table `figures` (group_id, period, name, key, value), or quality results in `quality`"
        return Finding("P4V-D013", self.sources.shown, found, allowed, "tables", help=remedy)

    def _refuse_missing(self, job: _Job, reader: GroupReader) -> None:
        """A group that is not in the data, months without a single row, and a market without members."""
        findings: list[Finding] = []
        for window, served in job.plan.windows.items():
            experience = self.experience[served.rules]
            whose = sorted(job.plan.groups) if window not in _MARKETS else []
            for group in whose:
                if group not in experience.groups:
                    found = f"no rows of group `{group}`"
                    shown = self.sources.months(served.rules.roster)
                    findings.append(Finding("P4V-D038", shown, found, "rows of the contract's group"))
                else:
                    findings += self._months_missing(group, experience, served.window)
        months = self.sources.months
        findings = findings or [*unnamed_findings(reader, months), *market_findings(reader, months("cost"))]
        if findings:
            raise Refusal(list(dict.fromkeys(findings)))

    def _months_missing(self, group: str, experience: Experience, window: int) -> Iterator[Finding]:
        seen = experience.months_seen.get((list(experience.groups).index(group), window), 0)
        period, step = experience.rules.windows[window].period, _YEAR if self.tables.yearly else 1
        months = list(enumerate(period.months()))[::step]
        gone = [month.first_month for place, month in months if not seen >> place & 1]
        if gone:
            found = f"no rows of group `{group}` in {', '.join(gone)}"
            allowed = f"rows in every month of {period}"
            yield Finding("P4V-D039", self.sources.months(experience.rules.roster), found, allowed, "month")

    def _point(self, block: LargeClaims) -> Fraction:
        assert block.percentile is not None
        path = self.sources.references.get(block.percentile.reference)
        if path is None:
            known = ", ".join(self.sources.references) or "none: `references` is empty"
            found = f"no reference `{block.percentile.reference}`"
            raise Refusal([Finding("P4V-C014", self.sources.shown, found, known, "references")])
        return point_of(path, block.percentile)

    # Figures that rows do not give

    def _given(self, job: _Job, group: str, found: Mapping[str, Figure]) -> dict[str, Figure]:
        """Quality results and given figures. Raises `Refusal` for what does not fit or is missing."""
        period = job.occasion.period
        asked = {name: wanted for name, wanted in job.asked.items() if name not in found}
        faults: list[Fault] = []
        given = given_figures(self.given.of(group, period, asked), asked, faults.append, job.occasion.status)
        findings = [
            self._missing(fault.name, job) if fault.written is None
            else self.given.finding(CODES[fault.kind], fault, group, period)
            for fault in faults
        ]  # fmt: skip
        if findings:
            raise Refusal(findings)
        return {
            name: replace(figure, origin={"table": self.given.role(group, period, name), "column": name})
            for name, figure in given.by_name.items()
        }

    def _unused_figures(self, job: _Job, group: str) -> Iterator[str]:
        """Given figures of months of this period that no settlement of it takes: its own months were meant, perhaps."""
        whole = job.occasion.period
        for period in self.given.periods(group):
            overlaps = period.first_day <= whole.last_day and whole.first_day <= period.last_day
            is_interim = period.first_day == whole.first_day and period.last_day < whole.last_day
            if overlaps and not is_interim and period != whole:
                yield f"figures of {period} are not those of {whole}, and were not used"

    # Waivers

    def _waived(self, job: _Job, reader: GroupReader) -> dict[str, Figure]:
        """Rows and dollars of each waiver."""
        found: dict[str, Figure] = {}
        for waiver in _waivers(job):
            faults = [number for number, code in self.tables.fault_codes.items() if code == waiver.finding]
            rows, dollars = reader.waived(faults)
            for name, value in ((f"waived_rows.{waiver.id}", rows), (f"waived_dollars.{waiver.id}", dollars)):
                wanted = job.asked[name]
                found[name] = Figure(value, wanted.unit, wanted.clause, {"table": "member_months", "column": "rows"})
        return found

    def rejected_csv(self, jobs: Sequence[_Job]) -> bytes | None:
        """The rows that waivers hold back, as a table."""
        faults = {row.fault for row in self.rejected}
        return self.tables.rejected_csv(sorted(faults)) if faults and jobs else None

    def _figures_json(self, job: _Job, found: Mapping[str, Figure], controls: Sequence[Mapping[str, Any]]) -> bytes:
        request, occasion = self.request, job.occasion
        fee_period = occasion.fee_period
        return rfc8785.dumps(
            {
                "schema": SCHEMA,
                "group": group_of(job.program),
                "period": str(occasion.period),
                "fee_period": None if fee_period is None else str(fee_period),
                "status": occasion.status,
                "paid_through": _day(request.paid_through),
                "known": _day(request.known),
                "tied": None if self.tied is None else _tied(self.tied),
                "completion": completion_beside(job.terms, self.triangle, group_of(job.program), request.paid_through),
                "figures": [_entry(name, figure) for name, figure in sorted(found.items())],
                "controls": list(controls),
                "tables": [
                    {"role": table.role, "rows": table.rows, "known_at": _day(table.known_at)} for table in self.inputs
                ],
            }
        )


def _tied(tied: Tied) -> dict[str, Any]:
    months = [f"{month // _YEAR:04}-{month % _YEAR + 1:02}" for month in tied.months]
    return {"owner": tied.owner, "date": tied.date.isoformat(), **({"months": months} if months else {})}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_MARKETS = ("market", "market_base", "region")


def _entry(name: str, figure: Figure) -> dict[str, Any]:
    exact = None if figure.value is None else fraction_text(figure.value)
    return {
        "name": name, "exact": exact, "unit": str(figure.unit), "origin": dict(figure.origin), "label": figure.label,
    }  # fmt: skip


def _notes(reader: GroupReader) -> Iterator[str]:
    truncated = reader.truncated
    if truncated is not None and truncated.of and Fraction(truncated.members, truncated.of) > _MANY:
        yield "more than 10% of members lie above the truncation point"
