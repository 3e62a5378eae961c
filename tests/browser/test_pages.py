"""Every page in headless Chromium: an accessibility checker finds nothing, nothing scrolls sideways, nothing is fetched.

The checker runs in copies of a page, without its content policy, at the width of a desk and of a phone, as on a screen
and as in print. The page itself is opened as it is too, and the console stays empty. Run by `make test-browser`.
"""

import json
import re
import shutil
import subprocess
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from controls_samples import CONTROLS, READ
from p4v.report.deliver import entries_of
from p4v.report.register import About, register_files
from p4v.report.statement import HTML, not_in_force, statements
from p4v.runs.folder import SETTLEMENT, contract_run
from p4v.settlement import digest_of
from p4v.single import settle_contract
from statement_samples import SAMPLES
from support import CONFIGS
from workspace_samples import many

pytestmark = pytest.mark.browser
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
VARIANTS = {"desk": (1280, False), "phone": (375, False), "desk in print": (1280, True), "phone in print": (375, True)}
REAL = {"fee-reset": 1, "category-split": 0, "claw-back-fee": 2, "withhold-pool": 4, "two-sided-loss-ratio": 5}
"""Example contracts, and the case of each that is settled: a gate missed, parties, months, an interim, an owed amount."""
PAGES = (*SAMPLES, *REAL, "not_in_force", "controls", "register")
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_PROBE = """
<script>%s</script>
<script>
addEventListener("load", async () => {
  await document.fonts.ready;
  const found = await axe.run(document, {resultTypes: ["violations"]});
  const place = document.scrollingElement;
  parent.postMessage({
    variant: "%s",
    violations: found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.target.join(" ")).join(", ")}`),
    passes: found.passes.length,
    wider: place.scrollWidth - innerWidth,
    fetched: performance.getEntriesByType("resource").map(entry => entry.name).filter(name => !name.startsWith("data:")),
    fonts: [...document.fonts].map(font => font.status),
  }, "*");
});
</script>
"""
_COLLECTOR = """<!doctype html><title>results</title><body>%s<script>
const results = [];
addEventListener("message", event => {
  results.push(event.data);
  document.getElementById("results").textContent = JSON.stringify(results);
});
</script>%s<pre id="results">[]</pre></body>"""


def chromium(*arguments: str, profile: Path) -> subprocess.CompletedProcess[str]:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.fail("make test-browser needs Chromium (Debian: chromium)")
    command = [browser, *FLAGS, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


def settled_case(name: str, folder: Path) -> bytes:
    """The statement of a case of an example contract, settled as a user would."""
    contract = CONFIGS / "contracts" / f"{name}.yaml"
    written = yaml.load(contract.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    case = written["cases"][REAL[name]]
    whole = {"from": written["agreement"]["effective"][:7], "to": written["agreement"]["ends"][:7]}
    period = case.get("period") or next(iter(written.get("performance_periods", ())), whole)
    kept = {key: case[key] for key in ("status", "figures", "measures", "paid") if key in case}
    figures = folder / "figures.yaml"
    figures.write_text(yaml.safe_dump({"group": written["group"]["id"], "period": period} | kept), encoding="utf-8")
    run = contract_run(settle_contract(contract, figures))
    return statements(run.document(), run.manifest(), digest_of(run.files[SETTLEMENT]))[HTML]


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param in SAMPLES:
        content = statements(*SAMPLES[request.param]())[HTML]
    elif request.param in REAL:
        content = settled_case(request.param, tmp_path_factory.mktemp("figures"))
    elif request.param == "controls":
        document, manifest, digest = next(iter(SAMPLES.values()))()
        content = statements(document | {"controls": CONTROLS}, manifest | READ | {"tied": None}, digest)[HTML]
    elif request.param == "register":
        settled = many(tmp_path_factory.mktemp("many"))
        about = About("2014-01 to 2014-12", "2015-03-31")
        content = register_files(entries_of(settled), settled.inputs, about)["register.html"]
    else:
        period = {"from": "2013-01", "to": "2013-12"}
        reason = "The agreement takes effect on 1 January 2014."
        content = not_in_force("gpa", "GPA Example", "gpa-2014", "Pay for performance", period, reason)[HTML]
    path = tmp_path_factory.mktemp(request.param) / "page.html"
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def found(page: Path) -> dict[str, dict[str, Any]]:
    """What the checker says of each variant of a page."""
    checker = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    assert _POLICY.search(text)
    frames = ""
    for name, (width, printed) in VARIANTS.items():
        copy = _POLICY.sub("", text.replace("@media print", "@media screen") if printed else text)
        file = page.with_name(f"{name.replace(' ', '-')}.html")
        file.write_text(copy.replace("</body>", _PROBE % (checker, name) + "</body>"), encoding="utf-8")
        frames += f'<iframe src="{file.name}" width="{width}" height="900" style="border:0"></iframe>'
    collector = page.with_name("collector.html")
    collector.write_text(_COLLECTOR % ("", frames), encoding="utf-8")
    arguments = ("--window-size=1400,1000", "--virtual-time-budget=60000", "--dump-dom", collector.as_uri())
    dumped = chromium(*arguments, profile=page.parent / "profile").stdout
    results = re.search(r'<pre id="results">(.*?)</pre>', dumped, re.DOTALL)
    assert results is not None
    return {result["variant"]: result for result in json.loads(unescape(results.group(1)))}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_checker_finds_nothing(found: dict[str, dict[str, Any]], variant: str) -> None:
    assert found[variant]["violations"] == []
    assert found[variant]["passes"] > 15


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_scrolls_sideways(found: dict[str, dict[str, Any]], variant: str) -> None:
    assert found[variant]["wider"] <= 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_fetched_and_the_font_is_there(found: dict[str, dict[str, Any]], variant: str) -> None:
    assert found[variant]["fetched"] == []
    assert found[variant]["fonts"] == ["loaded"]


def test_the_console_is_empty(page: Path) -> None:
    """Under its own content policy."""
    arguments = ("--enable-logging=stderr", "--v=0", "--dump-dom", page.as_uri())
    done = chromium(*arguments, profile=page.parent / "console")
    assert "<h1>" in done.stdout
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []


def test_it_prints(page: Path) -> None:
    """On paper it has pages, and the first has the amount."""
    paper = page.with_suffix(".pdf")
    chromium(f"--print-to-pdf={paper}", "--no-pdf-header-footer", page.as_uri(), profile=page.parent / "paper")
    assert paper.read_bytes().startswith(b"%PDF-")


def test_the_checker_would_find_something(tmp_path: Path) -> None:
    """A page with a pale text, a picture without words, and a table too wide for a phone."""
    checker = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
    bad = '<!doctype html><html><body><p style="color:#ddd;width:600px">pale</p><svg role="img"></svg>'
    (tmp_path / "bad.html").write_text(bad + _PROBE % (checker, "bad") + "</body></html>", encoding="utf-8")
    frame = '<iframe src="bad.html" width="375" height="300"></iframe>'
    (tmp_path / "collector.html").write_text(_COLLECTOR % ("", frame), encoding="utf-8")
    arguments = ("--virtual-time-budget=60000", "--dump-dom", (tmp_path / "collector.html").as_uri())
    dumped = unescape(chromium(*arguments, profile=tmp_path / "profile").stdout)
    for fault in ("color-contrast", "svg-img-alt", "html-has-lang"):
        assert f'"{fault}: ' in dumped
    assert '"wider":0' not in dumped
