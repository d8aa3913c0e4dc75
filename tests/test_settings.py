"""`nabz.yaml`, environment and overrides become one tree, or a message says what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest
import yaml

from alerts.config import config_hash, decode_config, encode_config
from scoring.config import DAY_MS, Interaction, Prior, Scoring, Silence, WaitStep
from streams.notifier.channel_settings import CHANNEL_TYPES
from streams.settings import (
    BrokerSettings,
    ListenSettings,
    Settings,
    SettingsFileError,
    load,
)
from streams.topics import TOPICS

ROOT = Path(__file__).resolve().parents[1]
WEBHOOK = {"type": "webhook", "url": "https://x", "keys": ["env:K"]}
SOURCE = {"topic": "t", "customer": "$.c", "author": "customer", "ts": "$.at", "text": "$.say"}


def written(directory: Path, tree: Any) -> Path:
    """A nabz.yaml of this content."""
    path = directory / "nabz.yaml"
    path.write_text(tree if isinstance(tree, str) else yaml.safe_dump(tree), encoding="utf-8")
    return path


def refused(directory: Path, tree: Any) -> str:
    """What is said about a file that cannot be used, without the name of the file."""
    path = written(directory, tree)
    with pytest.raises(SettingsFileError) as error:
        load(path)
    said = str(error.value)
    assert str(path) in said
    return said.replace(str(path), "nabz.yaml")


def test_a_secret_written_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    """Of no field of any channel, broker or listener that takes a reference to one."""
    models = (*CHANNEL_TYPES.values(), BrokerSettings, ListenSettings)
    hints = [get_type_hints(one, include_extras=True).items() for one in models]
    fields = {name for several in hints for name, hint in several if "_reference" in str(hint)}
    assert fields >= {"password", "token", "app_token", "webhook_keys", "webhook_secret", "keys"}
    for kind in CHANNEL_TYPES:
        for name in fields:
            said = refused(tmp_path, {"channels": {"t": {"type": kind, name: "xapp-1-secret"}}})
            assert "xapp-1-secret" not in said, (kind, name)


def test_nothing_need_be_configured() -> None:
    """Defaults are a broker on this machine, sixteen partitions, the shipped rules."""
    settings = load(None)
    assert settings.broker().bootstrap == "127.0.0.1:9092"
    assert (settings.partitions, settings.replication, settings.clock) == (16, 3, "live")
    assert settings.source_names() == ("events",)
    assert [rule.id for rule in settings.config().rules] == ["customer-distress"]
    assert settings.config().scoring == Scoring()
    assert settings.notifier().channels == {}
    assert settings.metrics.worker.bind.startswith("127.0.0.1:")


def test_what_is_written_later_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, then the environment, then what the command was given, key by key."""
    path = written(tmp_path, {"broker": {"bootstrap": "file:1", "tls": True}, "partitions": 2})
    assert load(path).broker().bootstrap == "file:1"
    monkeypatch.setenv("NABZ_BROKER__BOOTSTRAP", "environment:1")
    monkeypatch.setenv("NABZ_PARTITIONS", "8")
    settings = load(path)
    assert (settings.broker().bootstrap, settings.partitions) == ("environment:1", 8)
    settings = load(path, {"broker": {"bootstrap": "given:1"}})
    assert settings.broker().bootstrap == "given:1"
    assert settings.broker().tls, "what is not overridden stays"


def test_an_unknown_variable_is_a_slip_or_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    """NABZ_PARTITONS is refused; a secret that is called NABZ_SOMETHING is not."""
    monkeypatch.setenv("NABZ_KAFKA_PASSWORD", "hush")
    load(None)
    monkeypatch.setenv("NABZ_PARTITONS", "4")
    with pytest.raises(SettingsFileError, match="NABZ_PARTITONS; did you mean partitions"):
        load(None)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ("a: [", "nabz.yaml, line 1: is no YAML"),
        ("- 1", "nabz.yaml: found a list; write `key: value` lines"),
        ({"partitons": 4}, "nabz.yaml: unknown key 'partitons'; did you mean partitions?"),
        ({"partitions": "many"}, "nabz.yaml: partitions: found 'many'"),
        ({"partitions": 0}, "nabz.yaml: partitions: found '0'"),
        ({"clock": "lve"}, "clock: found 'lve'; Input should be 'live' or 'watermark'"),
        ({"broker": {"bootstrp": "x"}}, "broker: unknown key 'bootstrp'; did you mean bootstrap?"),
        ({"broker": {"mechanism": "PLAIN"}}, "broker: SASL PLAIN needs username and password"),
        ({"sources": {"chat": {**SOURCE, "txt": "$.x"}}}, "sources.chat: unknown key 'txt'"),
        ({"sources": {"chat": {**SOURCE, "ts": "at"}}},
         "sources.chat.ts.path: found 'at'; path 'at': starts with $"),
        ({"sources": {"chat": {**SOURCE, "text": "say"}}}, "sources.chat.text: found 'say'; write"),
        ({"sources": {"events": SOURCE}}, "a source cannot be named 'events'"),
        ({"sources": {"My Chat": SOURCE}}, "found 'My Chat'"),
        ({"scoring": {"caps": {"feling": 3}}}, "scoring.caps: unknown key 'feling'; did you mean"),
        ({"scoring": {"interactions": {"x": {"points": 2.555}}}},
         "scoring.interactions.x.points: found '2.555'; write a number of points"),
        ({"scoring": {"wait_steps": [{"after": "1h", "points": 1}, {"after": "1h", "points": 2}]}},
         "scoring.wait_steps: steps must ascend by `after`, each once"),
        ({"scoring": {"touchpoints": {"cart": {"parent": "shp"}, "shop": {}}}},
         "scoring.touchpoints: cart: found parent 'shp', no such touch-point; did you mean shop?"),
        ({"scoring": {"touchpoints": {"a": {"parent": "b"}, "b": {"parent": "a"}}}},
         "scoring.touchpoints: a: is among its own parents"),
        ({"scoring": {"prior": {"days": 0}}}, "scoring.prior.days: found '0'"),
        ({"rules": "gone.yaml"}, "rules: found 'gone.yaml', which cannot be read"),
        ({"rules": [{"id": "A B"}]}, "rules: rules[0].id: found 'A B'"),
        ({"channels": {"t": {"type": "terminal", "quote": True}}},
         "channels.t.quote: unknown key 'quote' (with 'True'); did you mean quotes?"),
        ({"channels": {"t": {"type": "slak"}}},
         "channels.t: type: found 'slak'; did you mean slack?"),
        ({"channels": {"t": {"type": "pigeon"}}},
         "channels.t: type: found 'pigeon'; known are alertmanager, mail, pagerduty, slack"),
        ({"channels": {"t": {"type": "slack"}}}, "channels.t: write url: for an incoming"),
        ({"channels": {"t": {"type": "slack", "token": "xoxb-1", "channel": "C0123"}}},
         "channels.t.token: a secret is written as env:NAME or file:/path"),
        ({"channels": {"t": {"type": "slack", "token": "env:T", "channel": "#ops"}}},
         "channels.t.channel: found '#ops'; "),
        ({"channels": {"t": {"type": "mail", "host": "x", "from": "a@b.c", "too": "d@e.f"}}},
         "channels.t.too: unknown key 'too' (with 'd@e.f'); did you mean to?"),
        ({"channels": {"t": {"type": "mail", "host": "x", "from": "a", "to": "d@e.f"}}},
         "channels.t.from: found 'a'; write an address like"),
        ({"channels": {"s": {"type": "terminal"}},
          "routes": [{"match": {"severity": "critcal"}, "channels": "s"}]},
         "routes[0].match.severity: found 'critcal'; did you mean critical?"),
        ({"channels": {"t": {"url": "https://x"}}}, "channels.t: found a mapping; type is missing"),
        ({"channels": {"t": {**WEBHOOK, "keys": [{"id": "a", "secret": "env:K"}]}}},
         "channels.t.keys[0]: found a mapping; a secret is written as env:NAME"),
        ({"channels": {"t": {**WEBHOOK, "keys": {"id": "a"}}}},
         "channels.t.keys: found a mapping; write a list"),
        ({"routes": [{"match": {"sevrity": "critcal"}, "channels": []}]},
         "routes[0].match.sevrity: unknown key 'sevrity' (with 'critcal'); did you mean severity?"),
        ("partitions: 1\nclock: live\npartitions: 2\n",
         "nabz.yaml, line 3: key 'partitions' is given twice, in lines 1 and 3; keep one"),
        ("scoring:\n  caps: {feeling: 1, feeling: 2}\n", "key 'feeling' is given twice"),
        ({"broker": {"bootstrap": "kafka"}},
         "broker.bootstrap: found 'kafka'; write host:port, like localhost:9092"),
        ({"broker": {"bootstrap": "a:9092, b:port"}}, "broker.bootstrap: found 'b:port'"),
        ({"sources": {"chat": {**SOURCE, "author": {
            "path": "$.r", "map": {"user": "custmer", "staff": "agent", "b": "boss"}}}}},
         "author.map.b: found 'boss', author.map.user: found 'custmer'; it is customer, agent"),
        ({"sources": {"chat": {**SOURCE, "author": {"path": "$.r", "map": {"user": ["a"]}}}}},
         "sources.chat.author.map.user: found a list; write a word, a number, true or false"),
        ({"routes": [{"channels": "pager"}]}, "routes[0] names ['pager'], configured are []"),
        ({"metrics": {"worker": {"bind": "0.0.0.0:9"}}}, "is reachable from other machines"),
        ({"max_notify_age": "soon"}, "a duration is written like 30s, 15m or 6h, found 'soon'"),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(tmp_path: Path, tree: Any, said: str) -> None:
    """File, field, what was found, what to write."""
    assert said in refused(tmp_path, tree)


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    """Nobody wants to be told of them one by one."""
    said = refused(tmp_path, {"clock": "x", "partitions": 0, "broker": {"tls": "perhaps"}})
    assert len(said.splitlines()) == 3


def test_every_mistake_of_rules_has_its_line(tmp_path: Path) -> None:
    """Each rule, and each field of it; those without a mistake are not mentioned."""
    rules = [
        {"id": "A B"},
        {"id": "x", "raise_at": 400, "for": "soon", "lables": {}},
        {"id": "sound", "raise_at": 60, "clear_at": 50},
    ]
    said = refused(tmp_path, {"rules": rules, "clock": "x"}).splitlines()
    assert len(said) == 5
    assert all(line.startswith("nabz.yaml: ") for line in said)
    for part in ("rules[0].id", "rule x.raise_at", "rule x.for", "'lables'", "clock: found 'x'"):
        assert any(part in line for line in said), part
    twice = refused(tmp_path, {"rules": [{"id": "x"}, {"id": "x"}]})
    assert "rule x: the id is given twice" in twice


def test_secrets_are_never_printed(tmp_path: Path) -> None:
    """Somebody will write a password where a reference belongs; the message must not repeat it."""
    for tree in (
        {"broker": {"password": "hunter2", "mechanism": "PLAIN", "username": "hunter2"}},
        {"metrics": {"worker": {"bind": "127.0.0.1:1", "token": "hunter2"}}},
        {"channels": {"w": {"type": "webhook", "url": "https://x", "keys": ["hunter2"]}}},
    ):
        said = refused(tmp_path, tree)
        assert "hunter2" not in said
        assert "env:NAME or file:/path" in said


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Not a traceback."""
    with pytest.raises(SettingsFileError, match=r"gone\.yaml: cannot be read"):
        load(tmp_path / "gone.yaml")


def test_points_are_written_as_points(tmp_path: Path) -> None:
    """Hundredths stay inside."""
    path = written(
        tmp_path,
        {
            "scoring": {
                "interactions": {"payment_failed": {"points": 4.5, "contact": True}},
                "caps": {"effort": 20},
                "bands": {"watch": 55},
                "wait_steps": [{"after": "30m", "points": 2}],
                "contact_ladder": [0, 5],
                "resting": 0,
                "touchpoints": {"shop": {"promise": "1h"}, "cart": {"parent": "shop", "team": "x"}},
                "high": 60,
                "same_issue": "7d",
                "silence": {"at_least": "14d", "content": 1},
                "prior": {"contacts": 0.5},
            }
        },
    )
    scoring = load(path).config().scoring
    assert scoring.interactions == {"payment_failed": Interaction(450, "effort", contact=True)}
    assert (scoring.caps.effort, scoring.caps.feeling) == (2_000, Scoring().caps.feeling)
    assert (scoring.bands.watch, scoring.bands.healthy) == (5_500, 7_000)
    assert scoring.wait_steps == (WaitStep(1_800_000, 200),)
    assert (scoring.contact_ladder, scoring.resting, scoring.base) == ((0, 500), 0, 8_500)
    assert scoring.promised("cart") == (3_600_000, "x")
    assert (scoring.high, scoring.same_issue_ms) == (6_000, 7 * DAY_MS)
    assert scoring.silence == Silence(at_least_ms=14 * DAY_MS, content=100)
    assert scoring.prior == Prior(contacts_e2=50)


def test_rules_are_beside_the_file_or_in_it(tmp_path: Path) -> None:
    """A path is relative to nabz.yaml, wherever the command is run."""
    (tmp_path / "mine.yaml").write_text("rules: [{id: mine}]", encoding="utf-8")
    assert load(written(tmp_path, {"rules": "mine.yaml"})).rules[0].id == "mine"
    assert load(written(tmp_path, {"rules": [{"id": "here"}]})).rules[0].id == "here"
    assert load(written(tmp_path, {"rules": []})).rules == ()


def test_equal_settings_have_one_hash(tmp_path: Path) -> None:
    """However they are written; and a change of a rule has another."""

    def hash_of(tree: Any) -> str:
        return config_hash(encode_config(load(written(tmp_path, tree)).config()))

    assert hash_of({}) == hash_of({"partitions": 4, "scoring": {"caps": {"feeling": 45.0}}})
    assert hash_of({}) != hash_of({"rules": [{"id": "other"}]})


def test_settings_are_frozen() -> None:
    """What a process started with is what it runs with."""
    with pytest.raises(ValueError, match="frozen"):
        load(None).clock = "watermark"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["nabz.yaml", "care.yaml", "airline.yaml"])
def test_the_examples_are_sound(name: str) -> None:
    """What we tell people to start from can be read; none names a topic of ours as a source."""
    settings = load(ROOT / "examples" / name)
    assert settings.sources
    topics = {one.topic for one in settings.sources.values()}
    assert not topics & {topic.name for topic in TOPICS}


def test_the_example_to_start_from_says_the_defaults() -> None:
    """A line that is commented out shows what holds without it."""
    text = (ROOT / "examples/nabz.yaml").read_text(encoding="utf-8")
    shown = {}
    for line in text.splitlines():
        if line.startswith("# ") and not line.startswith("#  ") and ":" in line:
            key, _, value = line[2:].split("#")[0].partition(":")
            shown[key] = value.strip()
    defaults = Settings()
    assert shown["clock"] == defaults.clock
    assert int(shown["partitions"]) == defaults.partitions
    assert int(shown["log_epoch"]) == defaults.log_epoch
    assert shown["events"] == "true"
    assert shown["max_notify_age"] == "15m"
    assert defaults.max_notify_age == 900_000


def test_people_are_owners_of_what_is_folded() -> None:
    """With their hours and what they own, and without their channels."""
    ann = {"channels": "ops", "hours": {"hours": "09:00-17:00"}, "owns": {"tier": "vip"}}
    channels = {"ops": {"type": "terminal"}}
    settings = Settings.model_validate({"people": {"ann": ann}, "channels": channels})
    (owner,) = settings.config().owners
    assert (owner.name, owner.owns.asked()) == ("ann", ("tier is 'vip'",))
    assert owner.hours is not None and owner.hours.week[0] == ((540, 1020),)
    assert decode_config(encode_config(settings.config())) == settings.config()
    assert Settings.model_validate({}).config().owners == ()
