"""The Helm chart: rendered over a matrix of values, strict by Kubernetes' own schemas."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from streams.settings import load
from tests.deploy.tools import ROOT, run, tool

CHART: Final = ROOT / "deploy" / "helm" / "nabz"
RENDER: Final = Path(__file__).with_name("render.py")
BROKER: Final = {"broker": {"bootstrap": "kafka:9093", "tls": True}}
PLAIN: Final[dict[str, Any]] = {"config": BROKER}
WHOLE: Final[dict[str, Any]] = {
    "config": {**BROKER, "rules": "rules.yaml", "channels": {"log": {"type": "terminal"}}},
    "rules": {"rules": [{"id": "angry", "raise_at": 60, "clear_at": 40, "critical": None}]},
    "image": {"digest": "sha256:" + "a" * 64, "repository": "registry.example/nabz"},
    "pullSecrets": ["pull"],
    "envFrom": ["nabz-kafka"],
    "mounts": ["nabz-tls"],
    "metrics": {
        "tokenSecret": "nabz-metrics",
        "serviceMonitor": True,
        "prometheusRule": True,
        "labels": {"release": "prometheus"},
    },
    "worker": {
        "replicas": 3,
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "kafka", "operator": "Exists"}],
    },
    "notifier": {"nodeSelector": {"disk": "hdd"}, "tolerations": [{"operator": "Exists"}]},
    "networkPolicy": {"metricsFrom": {"name": "monitoring"}, "channelPorts": [443, 587]},
}
MATRIX: Final = {
    "plain": PLAIN,
    "whole": WHOLE,
    "by hand": PLAIN | {"apply": {"topics": False}, "networkPolicy": {"enabled": False}},
    "no one listens in": WHOLE | {"networkPolicy": {"metricsFrom": {}, "channelPorts": []}},
    "token only": PLAIN | {"metrics": {"tokenSecret": "t", "tokenKey": "k"}},
}
OPERATORS: Final = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of the Prometheus operator, which Kubernetes' own schemas do not know."""


def rendered(*values: dict[str, Any]) -> list[dict[str, Any]]:
    """What the chart makes of each set of values."""
    done = subprocess.run(  # noqa: S603  # a script of ours in an environment of ours
        [str(tool("python")), str(RENDER)],
        input=json.dumps({"chart": str(CHART), "values": values}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def manifests(values: dict[str, Any]) -> list[dict[str, Any]]:
    """All that is applied, as objects."""
    (told,) = rendered(values)
    texts = told["manifests"]
    return [
        one
        for name, text in sorted(texts.items())
        if not name.endswith("NOTES.txt")
        for one in yaml.safe_load_all(text)
        if one is not None
    ]


def of_kind(found: list[dict[str, Any]], kind: str, name: str = "") -> dict[str, Any]:
    """The one of this kind whose name ends so."""
    (one,) = [o for o in found if o["kind"] == kind and o["metadata"]["name"].endswith(name)]
    return one


@pytest.fixture(scope="module")
def whole() -> list[dict[str, Any]]:
    """With everything switched on."""
    return manifests(WHOLE)


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX)
def test_what_is_rendered_is_strictly_what_kubernetes_knows(
    values: dict[str, Any], tmp_path: Path
) -> None:
    """No field it does not know, none of a wrong type, from the oldest release to the newest."""
    found = [one for one in manifests(values) if one["kind"] not in OPERATORS]
    assert {"StatefulSet", "Deployment", "Job", "ConfigMap"} <= {one["kind"] for one in found}
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(found), encoding="utf-8")
    for version in ("1.27", "1.34"):
        run(str(tool("kubernetes-validate")), "--strict", "-k", version, str(file))


def test_a_misspelt_field_would_be_found(tmp_path: Path) -> None:
    """The check above can fail."""
    found = manifests(PLAIN)
    of_kind(found, "StatefulSet")["spec"]["replica"] = 2
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(found), encoding="utf-8")
    with pytest.raises(AssertionError, match="replica"):
        run(str(tool("kubernetes-validate")), "--strict", "-k", "1.34", str(file))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "broker"),
        ({"config": {"broker": {"bootstrap": "k:9092", "password": "hunter2"}}}, "password"),
        (PLAIN | {"worker": {"replicas": "two"}}, "replicas"),
        (PLAIN | {"workers": {"replicas": 2}}, "workers"),
        (PLAIN | {"image": {"digest": "latest"}}, "digest"),
        (PLAIN | {"metrics": {"serviceMonitor": True}}, "needs metrics.tokenSecret"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(values: dict[str, Any], said: str) -> None:
    """A secret in the values too: it would stand in a ConfigMap."""
    (told,) = rendered(values)
    assert said in told.get("error", "")


def test_every_pod_runs_as_nobody_and_writes_nothing(whole: list[dict[str, Any]]) -> None:
    """No root, no capability, no token of the cluster, memory bounded where it lives on."""
    pods = [
        one["spec"]["template"]["spec"]
        for one in whole
        if one["kind"] in {"StatefulSet", "Deployment", "Job"}
    ]
    assert len(pods) == 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for one in (*pod.get("initContainers", ()), *pod["containers"]):
            assert one["image"] == "registry.example/nabz@sha256:" + "a" * 64
            assert one["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
    for kind in ("StatefulSet", "Deployment"):
        (container,) = of_kind(whole, kind)["spec"]["template"]["spec"]["containers"]
        assert "memory" in container["resources"]["limits"]


def test_configuration_comes_before_the_processes_and_moves_them(
    whole: list[dict[str, Any]],
) -> None:
    """Hooks make topics, then apply; another configuration rolls the pods."""
    job = of_kind(whole, "Job")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    pod = job["spec"]["template"]["spec"]
    assert [one["args"] for one in pod["initContainers"]] == [["topics", "apply"]]
    assert [one["args"] for one in pod["containers"]] == [["config", "apply"]]
    applied, run_with = of_kind(whole, "ConfigMap", "-apply"), of_kind(whole, "ConfigMap", "health")
    assert applied["data"] == run_with["data"]
    assert yaml.safe_load(run_with["data"]["nabz.yaml"]) == WHOLE["config"]
    assert yaml.safe_load(run_with["data"]["rules.yaml"]) == WHOLE["rules"]
    other = manifests(WHOLE | {"config": WHOLE["config"] | {"partitions": 12}})
    for kind in ("StatefulSet", "Deployment"):
        before, after = (
            of_kind(found, kind)["spec"]["template"]["metadata"]["annotations"]
            for found in (whole, other)
        )
        assert before["checksum/config"] != after["checksum/config"]


def test_metrics_are_open_to_prometheus_and_nobody_else(whole: list[dict[str, Any]]) -> None:
    """Behind a token, from the namespaces named; without a token on loopback only."""
    for part, port in (("worker", 9570), ("notifier", 9571)):
        monitor = of_kind(whole, "ServiceMonitor", part)
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["authorization"]["credentials"] == {"name": "nabz-metrics", "key": "token"}
        assert monitor["metadata"]["labels"]["release"] == "prometheus"
        (relabel,) = endpoint["relabelings"]
        assert relabel == {"targetLabel": "job", "replacement": f"nabz-{part}"}
        policy = of_kind(whole, "NetworkPolicy", part)["spec"]
        ((allowed,),) = [policy["ingress"]]
        assert allowed["ports"] == [{"port": port}]
        assert allowed["from"][0]["namespaceSelector"]["matchLabels"] == {"name": "monitoring"}
        plain = manifests(PLAIN)
        kind = "StatefulSet" if part == "worker" else "Deployment"
        (container,) = of_kind(plain, kind)["spec"]["template"]["spec"]["containers"]
        listens, *_ = container["env"]
        assert listens["value"] == f"127.0.0.1:{port}"
        assert of_kind(plain, "NetworkPolicy", part)["spec"]["ingress"] == []


def test_a_pod_that_restarts_keeps_its_place_in_the_groups(whole: list[dict[str, Any]]) -> None:
    """By its name, in both groups, for as long as the values say; settings nabz knows."""
    set_ = of_kind(whole, "StatefulSet")["spec"]
    assert set_["podManagementPolicy"] == "Parallel"
    (container,) = set_["template"]["spec"]["containers"]
    given = {one["name"]: one for one in container["env"]}
    name = given["NABZ_WORKER__MEMBER"]["valueFrom"]
    assert name == {"fieldRef": {"fieldPath": "metadata.name"}}
    sessions = {"NABZ_WORKER__SESSION", "NABZ_INGEST__SESSION"}
    assert {given[one]["value"] for one in sessions} == {"45s"}
    unit = (ROOT / "deploy" / "systemd" / "nabz-worker@.service").read_text(encoding="utf-8")
    (written,) = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    stated = dict(one.split("=") for one in written.split())
    assert stated == dict.fromkeys(sessions, "45s") | {"NABZ_WORKER__MEMBER": "%H-%i"}
    settings = load(
        None,
        {"worker": {"member": "nabz-worker-0", "session": "45s"}, "ingest": {"session": "45s"}},
    )
    assert (settings.worker.session, settings.ingest.session) == (45_000, 45_000)


def test_the_alarms_are_those_that_promtool_tests(whole: list[dict[str, Any]]) -> None:
    """The same file, not a copy of it."""
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text("utf-8"))
    assert of_kind(whole, "PrometheusRule")["spec"] == rules


def test_the_chart_speaks_of_the_release_it_ships_with() -> None:
    """Image and chart have the version of the package."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{chart["appVersion"]}"' in project
