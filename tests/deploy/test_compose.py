"""The image and compose.yaml: linted, and their commands run as plain processes on a real Kafka."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from streams.engine.kafka_local import LocalKafka
from tests.deploy.composed import DEPLOY, Composed, Running, compose, in_order, variables
from tests.deploy.secured import until
from tests.deploy.tools import ROOT, run, tool

TOKEN = "of-the-test-and-of-no-use"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
OTHERS = {"kafka", "prometheus", "alertmanager", "grafana"}
"""Services that are not nabz's own."""
ENV = variables((DEPLOY / ".env.example").read_text(encoding="utf-8"))


@pytest.fixture
def composed(kafka_at_hand: None, tmp_path: Path) -> Iterator[Composed]:
    """The services of the file, none of them started, on a Kafka of their own."""
    with LocalKafka(tmp_path / "kafka") as broker:
        one = Composed(compose({**ENV, "METRICS_TOKEN": TOKEN}), broker.bootstrap, tmp_path, TOKEN)
        try:
            yield one
        finally:
            one.stop()


# ------------------------------------------------------------------ what linters say


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    """No rule is ignored."""
    assert run(str(tool("hadolint")), str(DEPLOY / "Dockerfile")) == ""


def test_compose_is_what_the_specification_allows() -> None:
    """By the schema of the Compose specification."""
    name = str(DEPLOY / "compose.yaml")
    told = run(str(tool("check-jsonschema")), "--builtin-schema", "vendor.compose-spec", name)
    assert "ok" in told


# ------------------------------------------------------------------ what they promise


def test_the_image_runs_as_nobody_and_writes_nothing() -> None:
    """No root, no writable root file system, no capability, in every container of nabz."""
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["65532:65532"]
    for name, one in compose(ENV)["services"].items():
        if name not in OTHERS:
            assert one["read_only"] is True, name
            assert one["cap_drop"] == ["ALL"], name
            assert one["security_opt"] == ["no-new-privileges:true"], name


def test_all_that_is_installed_is_checked_by_hash() -> None:
    """The only `pip` that reaches the index asks for hashes."""
    for line in re.findall(r"pip (?:install|wheel).*", DOCKERFILE):
        assert "--require-hashes" in line or "--no-index" in line, line


def test_the_builder_gets_what_the_image_is_built_from_and_no_more() -> None:
    """All that is copied is let through, and nothing else is."""
    copied = {
        word.removeprefix("./")
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for word in line.split()
    }
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)


def test_every_variable_is_explained_in_the_env_file() -> None:
    """None is used that is not there, none is there that is not used; secrets have no default."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{(\w+)", text))
    used |= {one["environment"] for one in yaml.safe_load(text)["secrets"].values()}
    assert used == ENV.keys()
    assert ENV["METRICS_TOKEN"] == ENV["GRAFANA_PASSWORD"] == ""
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", text):
        assert ENV[name] == default


def test_nothing_starts_before_what_it_needs_is_there() -> None:
    """Kafka answers, then topics, then the configuration, then everything else."""
    services = compose(ENV)["services"]
    order = list(in_order(services))
    assert order[:3] == ["kafka", "topics", "config"]
    assert services["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    done = {"condition": "service_completed_successfully"}
    assert services["config"]["depends_on"] == {"topics": done}
    for name in order[3:]:
        assert services[name]["depends_on"] == {"config": done}, name


# ------------------------------------------------------------------ the commands themselves


def metrics(one: Running, token: str | None) -> str:
    """What a process shows a scraper."""
    request = urllib.request.Request(f"http://127.0.0.1:{one.port}/metrics")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return str(answer.read().decode())


def healthy(one: Running, check: list[str]) -> bool:
    """Run a health check of the deploy files against a process."""
    assert check[0] == "python"
    words = [re.sub(r"127\.0\.0\.1:957\d", f"127.0.0.1:{one.port}", word) for word in check[1:]]
    done = subprocess.run([sys.executable, *words], capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


def folded(one: Running) -> float:
    """Events a worker has folded."""
    page = metrics(one, TOKEN)
    (found,) = re.findall(r'^nabz_events_total{outcome="folded"} (\S+)', page, re.MULTILINE)
    return float(found)


def test_the_commands_of_the_file_make_an_installation(composed: Composed) -> None:
    """In their order, with their environment: events flow, checks are good, all end with 0."""
    order = [one for one in in_order(composed.tree["services"]) if one not in OTHERS]
    assert order[:2] == ["topics", "config"]
    assert "created nabz.events.v1" in composed.finish("topics")
    assert "is in force" in composed.finish("config")
    for name in order[2:]:
        composed.start(name)
    workers, (notifier,) = composed.of("worker"), composed.of("notifier")
    assert len(workers) == 2
    image = json.loads(re.findall(r"^HEALTHCHECK.*\\\n +CMD (.*)$", DOCKERFILE, re.MULTILINE)[0])
    theirs = composed.tree["services"]["notifier"]["healthcheck"]["test"][1:]
    until("the workers are well", lambda: all(healthy(one, image) for one in workers))
    until("the notifier is well", lambda: healthy(notifier, theirs))
    until("events are folded by both workers", lambda: all(folded(one) > 0 for one in workers))
    until(
        "one notifier sends",
        lambda: "\nnabz_notifier_active 1.0\n" in metrics(notifier, TOKEN),
    )
    with pytest.raises(urllib.error.HTTPError, match="401"):
        metrics(notifier, None)
    codes = composed.stop()
    assert codes["worker"] == [0, 0]
    assert codes["notifier"] == [0]
    for one in (*workers, notifier):
        assert not healthy(one, image)
