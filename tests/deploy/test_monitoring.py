"""Prometheus rules and systemd units: checked by their own tools, and against what nabz shows."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from streams.engine.progress import Progress
from streams.ingest.metrics import IngestMetrics
from streams.metrics import LaneCollector, Metrics, NotifierMetrics
from streams.worker.census import CensusCollector
from tests.deploy.composed import DEPLOY, compose
from tests.deploy.tools import ROOT, needed, run
from tests.test_docs import not_understood

RULES = DEPLOY / "prometheus" / "rules.yaml"
TESTS = ("rules.test.yaml", "drift.test.yaml")
EVERY = [
    one for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for one in group["rules"]
]
ALERTS = [one for one in EVERY if "alert" in one]
RUNBOOK = ROOT / "docs" / "runbook.md"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def test_promtool_takes_the_rules_and_their_tests_pass() -> None:
    """Each alarm fires when it should and not before, and a quiet installation alarms nobody."""
    promtool = needed("promtool", "prometheus")
    run(promtool, "check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    for name in TESTS:
        run(promtool, "test", "rules", name, cwd=RULES.parent)
    run(promtool, "check", "config", "--syntax-only", "prometheus.yaml", cwd=RULES.parent)


def test_every_alarm_is_tested() -> None:
    """Both ways: in the quiet installation, and where it fires."""
    page = "".join((RULES.parent / name).read_text(encoding="utf-8") for name in TESTS)
    for one in ALERTS:
        assert page.count(one["alert"]) >= 2, one["alert"]


def test_the_rules_ask_for_what_nabz_shows() -> None:
    """A misspelt metric would never fire, and say nothing."""
    registry = CollectorRegistry()
    Metrics.register(registry, reasons=["not_json"])
    registry.register(LaneCollector(Progress(session_s=10, cycle_limit_s=90, started_s=0.0)))
    registry.register(CensusCollector({}))
    IngestMetrics.register(registry, ["tickets"])
    NotifierMetrics.register(registry, channels=["hook"])
    # Of a gauge without series there is a line of help only.
    page = generate_latest(registry).decode()
    shown = set(re.findall(r"^(?:# HELP )?(nabz_\w+)", page, re.MULTILINE))
    recorded = {one["record"] for one in EVERY if "record" in one}
    asked = set()
    for one in EVERY:
        assert set(re.findall(r"nabz_\w+", one["expr"])) <= shown, one
        for label in re.findall(r'\w+="[^"]*"', one["expr"]):  # a misspelt bucket is as silent
            assert label in page or label.startswith(("job=", "state=")), one
        asked |= set(re.findall(r"nabz:\w+:\w+", one["expr"]))
    assert asked == recorded
    for one in ALERTS:
        assert {"summary", "description", "runbook"} == one["annotations"].keys(), one["alert"]


def test_every_alarm_has_a_heading_in_the_runbook() -> None:
    """Under it: what it means and what to do. No heading is left of an alarm that has gone."""
    page = RUNBOOK.read_text(encoding="utf-8")
    parts = re.split(r"^## (Nabz\w+)\n", page, flags=re.MULTILINE)
    said = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert [*said] == [one["alert"] for one in ALERTS]
    for one in ALERTS:
        name = one["alert"]
        assert one["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        assert "**Means.**" in said[name], name
        assert "**Do.**" in said[name], name


def test_prometheus_asks_the_services_of_compose() -> None:
    """Jobs, names and ports are those of the file, and the rules it loads are mounted."""
    tree = yaml.safe_load((RULES.parent / "prometheus.yaml").read_text(encoding="utf-8"))
    services = compose({})["services"]
    for job in tree["scrape_configs"]:
        ((where,),) = ((one for one in job["dns_sd_configs"]),)
        (name,) = where["names"]
        assert job["job_name"] == f"nabz-{name}"
        bind = services[name]["environment"][f"NABZ_METRICS__{name.upper()}__BIND"]
        assert bind == f"0.0.0.0:{where['port']}"
    mounted = {one.split(":")[0] for one in services["prometheus"]["volumes"] if one[0] == "."}
    assert {(DEPLOY / one).resolve() for one in mounted} == {
        RULES,
        RULES.parent / "prometheus.yaml",
    }


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_there_is_and_gives_it_nothing_else(
    unit: Path, tmp_path: Path
) -> None:
    """Its command is understood, a mistake does not restart it; systemd, where it is, takes it."""
    text = unit.read_text(encoding="utf-8")
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(text)
    service = parsed["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/nabz/bin/nabz"
    assert not_understood(words) is None
    assert service["RestartPreventExitStatus"] == "2"
    assert int(service["TimeoutStopSec"]) > 30, "a worker ends itself after 30 s"
    if (systemd := shutil.which("systemd-analyze")) is not None:
        here = tmp_path / unit.name
        here.write_text(text.replace(program, "/bin/true"), encoding="utf-8")
        # A misspelt setting is only a remark to systemd, with the file's name in it.
        assert unit.name not in run(systemd, "verify", str(here))
        run(systemd, "security", "--offline=yes", "--threshold=20", "--no-pager", str(here))
