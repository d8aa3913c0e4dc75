"""The dashboards: by Grafana's own types, by rules of its linter, and against what nabz shows."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from streams.dashboards.__main__ import BOARDS
from streams.engine.progress import Progress
from streams.ingest.metrics import IngestMetrics
from streams.metrics import LaneCollector, Metrics, NotifierMetrics
from streams.worker.census import CensusCollector
from tests.deploy.composed import DEPLOY, compose
from tests.deploy.panels import FOLDER, Asked, Json, all_chosen, asked, boards, panels, put_in
from tests.deploy.tools import ROOT, fetched, needed, run, tool

GRAFANA = DEPLOY / "grafana"
PUBLISHED = ("@grafana/schema@13.2.3", "typescript@5.9.3")
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text("utf-8"))
RECORDED = {one["record"] for group in RULES["groups"] for one in group["rules"] if "record" in one}
ALARMS = {one["alert"] for group in RULES["groups"] for one in group["rules"] if "alert" in one}
COLOURS = {"green", "yellow", "orange", "red", "blue", "text", "dark-orange"}
"""Names Grafana gives a shade for each theme."""
UNITS = {"short", "eps", "s", "percentunit", "bytes"}


def compiled(folder: Path, texts: dict[str, str]) -> str:
    """Hold dashboards against the types; what the compiler says, nothing if they fit."""
    npm = tool("npm")
    digest = hashlib.sha256(" ".join(PUBLISHED).encode()).hexdigest()[:12]
    home = npm.parents[1] / f"grafana-{digest}"
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        fetched(str(npm), "install", "--prefix", str(home), "--ignore-scripts", "--no-audit",
                "--no-fund", "--omit=optional", *PUBLISHED)  # fmt: skip
        (home / "done").touch()
    (folder / "node_modules").symlink_to(home / "node_modules")
    shutil.copy(Path(__file__).with_name("board.ts"), folder)
    head = "import type { Board } from './board';\nexport const it: Board = "
    for name, text in texts.items():
        (folder / f"{name}.ts").write_text(f"{head}{text};\n", encoding="utf-8")
    (folder / "tsconfig.json").write_text(
        json.dumps(
            {
                "compilerOptions": {
                    "strict": True,
                    "noEmit": True,
                    "skipLibCheck": True,
                    "module": "esnext",
                    "moduleResolution": "bundler",
                },
                "include": ["*.ts"],
            }
        ),
        encoding="utf-8",
    )
    # The compiler ends with 1 where it finds something; `|| true` leaves the verdict to the test.
    tsc = home / "node_modules" / "typescript" / "bin" / "tsc"
    node = npm.with_name("node")
    return run("sh", "-c", f"'{node}' '{tsc}' -p '{folder}' || true", cwd=folder)


def shown() -> str:
    """All that nabz shows a scraper."""
    registry = CollectorRegistry()
    Metrics.register(registry, reasons=["not_json"])
    registry.register(LaneCollector(Progress(session_s=10, cycle_limit_s=90, started_s=0.0)))
    registry.register(CensusCollector({}))
    IngestMetrics.register(registry, ["tickets"])
    NotifierMetrics.register(registry, channels=["hook"])
    return generate_latest(registry).decode()


# ------------------------------------------------------------------ Grafana's own words


def test_the_files_are_what_the_code_makes() -> None:
    """Nobody edits them or forgets `make dashboards`, and none is left of one that has gone."""
    assert {path.name for path in FOLDER.iterdir()} == {f"{one.name}.json" for one in BOARDS}
    for one in BOARDS:
        assert (FOLDER / f"{one.name}.json").read_text("utf-8") == one.text(), "make dashboards"


def test_grafana_takes_them_by_its_published_types(tmp_path: Path) -> None:
    """Every key is one of the dashboard, the panel or its plugin, and holds what it may hold."""
    texts = {path.stem: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert compiled(tmp_path, texts) == ""


def test_the_types_notice_a_misspelt_key_and_a_value_of_another_kind(tmp_path: Path) -> None:
    """Whatever is wrong in the copy is named."""
    text = (FOLDER / "fleet.json").read_text("utf-8")
    wrong = {
        "option": text.replace('"stacking"', '"staking"'),
        "value": text.replace('"orientation": "auto"', '"orientation": "upright"'),
        "kind": text.replace('"graphTooltip": 1', '"graphTooltip": "1"'),
        "plugin": text.replace('"type": "heatmap"', '"type": "heat-map"'),
    }
    told = compiled(tmp_path, {**wrong, "whole": text})
    assert set(re.findall(r"^(\w+)\.ts\(", told, re.MULTILINE)) == wrong.keys(), told


# ------------------------------------------------------------------ rules of its linter


def test_nothing_on_a_page_is_unexplained() -> None:
    """Title, description and unit on every panel; no two of a page share a title."""
    for name, board in boards().items():
        titles = [one["title"] for one in panels(board)]
        assert len({*titles}) == len(titles), name
        assert board["title"] and board["description"] and board["editable"] is False
        for one in panels(board):
            assert len(one["title"]) < 45 and one["description"].endswith("."), one["title"]
            assert one["fieldConfig"]["defaults"]["unit"] in UNITS, one["title"]
            assert one["targets"], one["title"]


def test_the_source_is_chosen_on_top_of_the_page_and_nowhere_else() -> None:
    """Panels, queries, variables and annotations ask the data source that was chosen."""
    for name, board in boards().items():
        first, *others = board["templating"]["list"]
        assert (first["type"], first["name"], first["query"]) == (
            "datasource",
            "datasource",
            "prometheus",
        )
        text = json.dumps(board)
        assert {*re.findall(r'"uid": "([^"]+)"', text)} == {f"nabz-{name}", "${datasource}"}
        for one in (*panels(board), *others, *board["annotations"]["list"]):
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert text.count('"datasource": "') == 0


def test_job_and_instance_can_be_chosen_and_every_query_heeds_it() -> None:
    """Several or all of them; rules of Prometheus have neither, as they are sums over all."""
    for board in boards().values():
        for one in board["templating"]["list"][1:]:
            assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".+")
            assert one["label"] and one["refresh"] == 2
        assert {"job", "instance"} <= all_chosen(board).keys()
    for one in asked():
        bare = one.expr
        for metric, labels in re.findall(r"\b(nabz_\w+|process_\w+|up)\b(\{[^}]*\})?", one.expr):
            assert labels.startswith('{job=~"$job", instance=~"$instance"'), (one.place, metric)
            bare = bare.replace(labels, "")
        for name in all_chosen(boards()[one.board]):
            assert f"${name}" not in bare, one.place


def test_a_variable_that_is_offered_is_used() -> None:
    """A choice that changes nothing is a lie."""
    for name, board in boards().items():
        told = " ".join(one.expr for one in asked() if one.board == name)
        for variable in all_chosen(board):
            assert f'=~"${variable}"' in told, (name, variable)


def test_rates_look_back_as_far_as_the_step_of_the_chart_asks() -> None:
    """Counters are never shown raw; a fixed window is one that its title names."""
    counters = {*re.findall(r"^# TYPE (nabz_\w+_total) counter", shown(), re.MULTILINE)}
    fixed = {"10m": "in 10 minutes", "1h": "hour"}
    for one in asked():
        for window in re.findall(r"\[([^\]]+)\]", one.expr):
            if window not in {"$__rate_interval", "$__range"}:
                says = next(
                    panel for panel in panels(boards()[one.board]) if panel["title"] == one.panel
                )
                assert fixed[window] in one.panel + says["description"], one.place
            assert (window == "$__range") <= one.instant, one.place
        for metric in re.findall(r"nabz_\w+", one.expr):
            if metric in counters or metric.endswith("_bucket"):
                assert re.search(rf"(rate|increase)\({metric}\{{[^}}]*\}}\[", one.expr), one.place


def test_series_have_names_where_there_may_be_several() -> None:
    """A chart says what its lines are, by labels that the query leaves."""
    for board in boards().values():
        for panel in panels(board):
            for one in panel["targets"]:
                for label in re.findall(r"{{(\w+)}}", one["legendFormat"]):
                    kept = re.findall(r"by \(([^)]*)\)", one["expr"])
                    assert any(label in by.split(", ") for by in kept), panel["title"]
                if panel["type"] != "stat":
                    assert one["legendFormat"], panel["title"]


def test_colours_are_names_so_that_both_themes_can_be_read() -> None:
    """No fixed colour, no background; the theme is the reader's."""
    for name, board in boards().items():
        text = json.dumps(board)
        assert "#" not in text and "rgb" not in text, name
        assert "style" not in board
        told = set(re.findall(r'"(?:color|fixedColor|iconColor|fill)": "([^"]+)"', text))
        assert told <= COLOURS, name


def test_panels_lie_beside_each_other_and_not_on_each_other() -> None:
    """Each has its place on the grid of 24 columns."""
    for name, board in boards().items():
        taken: set[tuple[int, int]] = set()
        assert len({one["id"] for one in board["panels"]}) == len(board["panels"]), name
        for one in board["panels"]:
            at = one["gridPos"]
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken and at["x"] + at["w"] <= 24, one["title"]
            taken |= cells


# ------------------------------------------------------------------ what nabz shows


@pytest.mark.parametrize("window", ["1h", "30d"])
def test_prometheus_can_read_every_query(window: str, tmp_path: Path) -> None:
    """Each as a rule of its own, with all chosen, for promtool to read; annotations too."""
    promtool = needed("promtool", "prometheus")
    range_s = {"1h": 3_600, "30d": 30 * 86_400}[window]
    every = [
        put_in(one.expr, range_s=range_s, rate_s=60, chosen=all_chosen(boards()[one.board]))
        for one in (*asked(), *annotated())
    ]
    rules = [{"record": f"asked:{number}", "expr": expr} for number, expr in enumerate(every)]
    page = tmp_path / "asked.yaml"
    page.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}), "utf-8")
    assert f"SUCCESS: {len(every)} rules found" in run(promtool, "check", "rules", str(page))
    assert not [expr for expr in every if "$" in expr]


def annotated() -> list[Asked]:
    """What annotations ask."""
    return [
        Asked(name, one["name"], "", one["expr"], instant=False)
        for name, board in boards().items()
        for one in board["annotations"]["list"]
    ]


def test_panels_ask_for_what_nabz_shows() -> None:
    """A misspelt metric or label would show nothing, and say nothing."""
    page = shown()
    names = set(re.findall(r"^(?:# HELP )?(nabz_\w+)", page, re.MULTILINE)) | {"nabz_build_info"}
    for one in (*asked(), *annotated()):
        assert set(re.findall(r"nabz_\w+", one.expr)) <= names, one.place
        assert set(re.findall(r"nabz:\w+:\w+", one.expr)) <= RECORDED, one.place
        for label, values in re.findall(r'(\w+)=~?"([^"$]*)"', one.expr):
            if label in {"alertname", "alertstate"}:
                continue
            for value in values.split("|"):
                assert f'{label}="{value}"' in page or label == "state", (one.place, value)


def test_every_metric_of_the_documents_is_on_some_page() -> None:
    """What is counted can be seen without writing a query."""
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(nabz_\w+)`", page, re.MULTILINE))
    told = " ".join(one.expr for one in asked())
    missing = {name for name in documented if not re.search(rf"\b{name}(_bucket)?\b", told)}
    assert not missing


def test_alarms_that_a_description_names_exist_and_each_is_named_somewhere() -> None:
    """From a panel to the runbook, and from an alarm to a panel."""
    told = json.dumps(boards())
    assert set(re.findall(r"Nabz\w+", told)) == ALARMS


# ------------------------------------------------------------------ provisioning


def loaded(name: str) -> Json:
    """A file of the provisioning."""
    found: Json = yaml.safe_load((GRAFANA / "provisioning" / name).read_text("utf-8"))
    return found


def test_grafana_of_compose_finds_source_and_dashboards() -> None:
    """Folders are mounted where the provider looks; the source is the Prometheus beside it."""
    services = compose({})["services"]
    (provider,) = loaded("dashboards/nabz.yaml")["providers"]
    mounted = dict(one.split(":")[:2] for one in services["grafana"]["volumes"] if one[0] == ".")
    assert mounted == {
        "./grafana/provisioning": "/etc/grafana/provisioning",
        "./grafana/dashboards": provider["options"]["path"],
    }
    assert all((DEPLOY / one).is_dir() for one in mounted)
    (source,) = loaded("datasources/prometheus.yaml")["datasources"]
    assert source["type"] == "prometheus"
    host, _, port = source["url"].removeprefix("http://").partition(":")
    assert any(one.endswith(f":{port}") for one in services[host]["ports"])


def test_alertmanager_of_compose_hears_of_alarms_that_exist() -> None:
    """Prometheus tells it, amtool takes its file, and every alarm it names is one of the rules."""
    folder = DEPLOY / "alertmanager"
    run(needed("amtool", "prometheus-alertmanager"), "check-config", f"{folder}/alertmanager.yaml")
    text = (folder / "alertmanager.yaml").read_text("utf-8")
    assert set(re.findall(r"Nabz\w+", text)) <= ALARMS
    told = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text("utf-8"))
    (where,) = told["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    host, _, port = where.partition(":")
    services = compose({})["services"]
    assert f"127.0.0.1:{port}:{port}" in services[host]["ports"]
    assert "./alertmanager/alertmanager.yaml" in services[host]["volumes"][0]


def test_the_source_knows_how_often_prometheus_scrapes() -> None:
    """Else rates over a short range are empty."""
    told = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text("utf-8"))
    (source,) = loaded("datasources/prometheus.yaml")["datasources"]
    assert source["jsonData"]["timeInterval"] == told["global"]["scrape_interval"]


def test_nobody_enters_grafana_without_a_password() -> None:
    """It comes from a secret without default, and nobody signs up or looks on from outside."""
    grafana = compose({})["services"]["grafana"]
    environment = grafana["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/grafana_password"
    assert grafana["secrets"] == ["grafana_password"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_USERS_DEFAULT_THEME"] == "system"
    assert all(one.startswith("127.0.0.1:") for one in grafana["ports"])
