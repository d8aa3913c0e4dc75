"""`nabz.yaml`, the `NABZ_` environment and the command line: one validated tree.

What is written later wins: the file, then the environment (`NABZ_BROKER__BOOTSTRAP` is
`broker.bootstrap`), then what a command was given. Unknown keys are refused with a suggestion, and
every error names the file, the field, what was found and what to write. Secrets are references
(`env:NAME`, `file:/path`). Points are written as points (`70`), times as `30s`, `10m`, `24h`.

Next step: `streams.ingest`, `streams.worker` and `streams.notifier` each take their part.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from alerts.config import Config
from alerts.owners import Owner
from alerts.rules import Rule, rules_from
from alerts.value import Worth, worth_from
from alerts.written import RuleError
from streams.engine.brokers import Broker, BrokerConfigError
from streams.http import BindError, parse_bind
from streams.ingest.picks import Strict, suggestion
from streams.ingest.sources import NATIVE, RESERVED, SourceSettings
from streams.notifier.channel_settings import (
    CHANNEL_TYPES,
    GroupSettings,
    QuietSettings,
    SpanSettings,
)
from streams.notifier.settings import (
    BackSettings,
    ChannelName,
    ChannelSettings,
    CutOffAfter,
    DurationMs,
    HeartbeatSettings,
    MatchSettings,
    NotifierSettings,
    PersonSettings,
    PlaybookSettings,
    PublicUrl,
    RouteSettings,
    RungSettings,
    SecretRef,
    StormSettings,
    WeeklySettings,
)
from streams.scoring_settings import ScoringSettings

_PREFIX: Final = "NABZ_"
_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_SECRET_FIELDS: Final = frozenset({
    "username", "password", "token", "app_token", "url", "urls", "key", "keys", "webhook_keys",
    "webhook_secret",
})  # fmt: skip


class SettingsFileError(ValueError):
    """The configuration cannot be used; start-up stops. The message has a line per mistake."""


class BrokerSettings(Strict):
    """Where Kafka is; `username` and `password` are references to secrets.

    `idempotent: false` is for the embedded broker, which numbers no batches (`nabz up` sets it).
    """

    bootstrap: str = "127.0.0.1:9092"
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: SecretRef | None = None
    password: SecretRef | None = None
    idempotent: bool = True

    @field_validator("bootstrap")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for one in value.split(","):
            host, _, port = one.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
                raise ValueError(
                    f"found {one.strip()!r}; write host:port, like localhost:9092, several with"
                    " commas between them"
                )
        return value

    @model_validator(mode="after")
    def _whole(self) -> BrokerSettings:
        try:
            Broker(**self.model_dump())
        except BrokerConfigError as error:
            raise ValueError(str(error).removeprefix("broker: ")) from error
        return self


class ListenSettings(Strict):
    """Where a process shows `/metrics`; from elsewhere than this machine with a token only."""

    bind: str
    token: SecretRef | None = None

    @model_validator(mode="after")
    def _safe(self) -> ListenSettings:
        try:
            parse_bind(self.bind, has_token=self.token is not None)
        except BindError as error:
            raise ValueError(str(error)) from error
        return self


class MetricsSettings(Strict):
    """One address per process, all on loopback unless told otherwise."""

    worker: ListenSettings = ListenSettings(bind="127.0.0.1:9570")
    notifier: ListenSettings = ListenSettings(bind="127.0.0.1:9571")


CanaryEvery = Annotated[DurationMs, Field(ge=10_000, le=120_000)]
"""NabzCanaryStale waits five minutes: two of them may be late and nobody is told."""


class IngestSettings(Strict):
    """Limits of ingest.

    Attributes:
        batch: Records appended between two acknowledgements, at most.
        queue: Records of one source partition that may wait for their turn.
        progress_every: Between two records of progress.
        hold: How long a turn waits for its customer, in its partition's event time.
        hold_max: How many turns of one partition may wait.
        session: Without a heartbeat for this long the group gives our partitions away.
    """

    batch: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    queue: Annotated[int, Field(ge=1, le=50_000)] = 2_000
    progress_every: Annotated[DurationMs, Field(ge=10, le=1_000)] = 1_000
    hold: DurationMs = 60_000
    hold_max: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    session: Annotated[DurationMs, Field(ge=6_000, le=300_000)] = 15_000


class WorkerSettings(Strict):
    """How the groups know a worker.

    Attributes:
        member: A name that stays with this worker from start to start and that no other process
            has: its partitions are kept for it while it restarts, and nobody else is disturbed.
            None for a new member at every start, whose partitions others take over at once.
        session: Without a heartbeat for this long the group gives the partitions of the log away.
    """

    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")] | None = None
    session: Annotated[DurationMs, Field(ge=6_000, le=300_000)] = 15_000


def _sources(value: Any) -> Any:
    if isinstance(value, Mapping):
        for name in value:
            if name in RESERVED:
                raise ValueError(f"a source cannot be named {name!r}, that one is built in")
    return value


class Settings(BaseSettings):
    """All that is configured.

    Attributes:
        broker_: `broker:`, see `BrokerSettings`.
        clock: `live` for the wall clock, `watermark` for files and backfill.
        partitions: Of the customer log and all topics like it; fixed for a log epoch.
        replication: Copies of every topic.
        log_epoch: Rises when the log is begun anew.
        events: Read `nabz.events.v1` as a source.
        sources: Sources of yours, by name.
        scoring: What the scores are made of.
        rules: When somebody should be told; the shipped ones by default.
        value: How what is at stake is reckoned; without it nothing is.
        channels: See `NotifierSettings`, like the next six.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        env_prefix_target="all",  # `broker` too, which is an alias
    )

    broker_: Annotated[BrokerSettings, Field(validation_alias=AliasChoices("broker"))] = (
        BrokerSettings()
    )
    clock: Literal["live", "watermark"] = "live"
    partitions: Annotated[int, Field(ge=1, le=1_024)] = 16
    replication: Annotated[int, Field(ge=1, le=9)] = 3
    log_epoch: Annotated[int, Field(ge=1)] = 1
    events: bool = True
    sources: Annotated[
        dict[Annotated[str, Field(pattern=_NAME)], SourceSettings], BeforeValidator(_sources)
    ] = {}
    scoring: ScoringSettings = ScoringSettings()
    rules: tuple[Rule, ...] = ()
    value: Worth | None = None
    channels: dict[ChannelName, ChannelSettings] = {}
    routes: tuple[RouteSettings, ...] = ()
    people: dict[ChannelName, PersonSettings] = {}
    links: dict[str, str] = {}
    public_url: PublicUrl | None = None
    weekly: WeeklySettings | None = None
    playbooks: PlaybookSettings = False
    max_notify_age: DurationMs = 900_000
    cut_off_after: CutOffAfter = 900_000
    heartbeat: HeartbeatSettings | None = None
    canary: CanaryEvery | None = None
    storm: StormSettings = StormSettings()
    back: BackSettings = BackSettings()
    metrics: MetricsSettings = MetricsSettings()
    ingest: IngestSettings = IngestSettings()
    worker: WorkerSettings = WorkerSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the signature of pydantic-settings
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing from behind: `load` puts file, environment and overrides together."""
        return (init_settings,)

    @field_validator("rules", mode="before")
    @classmethod
    def _rules(cls, value: Any) -> Any:
        if isinstance(value, tuple) and all(isinstance(one, Rule) for one in value):
            return value
        try:
            return rules_from(value)
        except RuleError as error:
            raise ValueError("\n".join(_mistakes(value) or [str(error)])) from error

    @field_validator("value", mode="before")
    @classmethod
    def _value(cls, value: Any) -> Any:
        if value is None or isinstance(value, Worth):
            return value
        try:
            return worth_from(value)
        except RuleError as error:
            raise ValueError(str(error).removeprefix("value: ")) from error

    @model_validator(mode="after")
    def _tells_somebody(self) -> Settings:
        self.notifier()
        return self

    def broker(self) -> Broker:
        """Where Kafka is, for all three clients."""
        return Broker(**self.broker_.model_dump())

    def config(self) -> Config:
        """What records are folded under; its hash names it."""
        return Config(
            clock=self.clock,
            scoring=self.scoring.scoring(),
            rules=self.rules,
            max_notify_age_ms=self.max_notify_age,
            value=self.value,
            owners=self._owners(),
        )

    def _owners(self) -> tuple[Owner, ...]:
        """Whose alerts are, as far as what is due rests on it: people, without their channels."""
        return tuple(
            Owner(name, one.hours.calendar(), one.owns.match()) for name, one in self.people.items()
        )

    def notifier(self) -> NotifierSettings:
        """What the notifier is told."""
        return NotifierSettings(
            channels=self.channels,
            routes=self.routes,
            people=self.people,
            links=self.linked(),
            playbooks=self.playbooks,
            max_notify_age=self.max_notify_age,
            clock=self.clock,
            cut_off_after=self.cut_off_after,
            sources=self._lateness_ms(),
            heartbeat=self.heartbeat,
            storm=self.storm,
            weekly=self.weekly,
            back=self.back,
        )

    def linked(self) -> dict[str, str]:
        """Address templates of messages: the page of an alert first, where nabz has an address."""
        if self.public_url is None:
            return self.links
        return {"alert": f"{self.public_url}/alerts/{{alert_id}}"} | self.links

    def _lateness_ms(self) -> dict[str, int]:
        sources = ({"events": NATIVE} if self.events else {}) | self.sources
        return {name: one.lateness for name, one in sources.items()}

    def source_names(self) -> tuple[str, ...]:
        """The sources that completeness waits for."""
        return (*(("events",) if self.events else ()), *self.sources)


_TOGETHER: Final = ("raise_at", "clear_at", "when", "critical")


def _mistakes(written: Any) -> list[str]:
    """Every mistake of rules, a line each: each rule on its own, and each of its fields.

    Cuts and conditions are looked at together, as they are about each other. Empty where the
    mistake is in how rules stand to each other.
    """
    rules = written.get("rules") if isinstance(written, Mapping) else written
    found: dict[str, None] = {}
    for number, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        tries: list[Any] = [rule]
        if isinstance(rule, Mapping):
            who = {name: rule[name] for name in ("id", "entity", "measure") if name in rule}
            tries = [who, who | {name: rule[name] for name in _TOGETHER if name in rule}]
            tries += [who | {name: one} for name, one in rule.items() if name not in _TOGETHER]
        for one in tries:
            try:
                rules_from([one])
            except RuleError as error:
                found[str(error).replace("rules[0]", f"rules[{number}]", 1)] = None
    return list(found)


def load(path: Path | None, overrides: Mapping[str, Any] = {}) -> Settings:
    """Read the configuration.

    Args:
        path: `nabz.yaml`; None for defaults and environment only.
        overrides: What a command was given, as a tree like that of the file; wins over all.

    Raises:
        SettingsFileError: A line per mistake: file, field, what was found, what to write.
    """
    where = "defaults" if path is None else str(path)
    tree = _merged(tree_of(path), _environment(), overrides)
    tree["rules"] = rules_tree(tree.get("rules"), path)
    _known_top(tree, where)
    try:
        return Settings(**tree)
    except ValidationError as error:
        raise SettingsFileError(_explained(error, where)) from None


def tree_of(path: Path | None) -> Mapping[str, Any]:
    """What a nabz.yaml says, as it is written; empty for none.

    Raises:
        SettingsFileError: It cannot be read, is no YAML, or says something twice.

    >>> tree_of(None)
    {}
    """
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"{path}: cannot be read ({type(error).__name__})") from error
    return _yaml(text, path)


class _OnceLoader(yaml.SafeLoader):
    """Refuses a key that is written twice: of the two, YAML would silently keep the second."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # the signature of PyYAML
        """Make a mapping, or say where the key stands twice."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise yaml.constructor.ConstructorError(
                    problem=f"key {key.value!r} is given twice, in lines {lines[key.value]} and"
                    f" {line}; keep one",
                    problem_mark=key.start_mark,
                )
            lines[key.value] = line
        return super().construct_mapping(node, deep)


def parsed(text: str) -> Any:
    """A YAML text as values, no key twice.

    Raises:
        yaml.YAMLError: It is none, or a key is given twice.

    >>> parsed("a: {b: 1}")
    {'a': {'b': 1}}
    """
    return yaml.load(text, _OnceLoader)  # noqa: S506  # a safe loader


def _yaml(text: str, path: Path) -> Mapping[str, Any]:
    try:
        tree = parsed(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "cannot be understood"
        kind = "" if "given twice" in problem else "is no YAML: "
        raise SettingsFileError(f"{path}{line}: {kind}{problem}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsFileError(f"{path}: found a {type(tree).__name__}; write `key: value` lines")
    return {str(key): value for key, value in tree.items()}


def _environment() -> Mapping[str, Any]:
    try:
        found = EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise SettingsFileError(
            f"environment: {error}; lists and mappings are written as JSON"
        ) from error
    # Secrets may well be in NABZ_ variables of your own naming; a near miss is a slip of the pen.
    for name in os.environ:
        field = name.removeprefix(_PREFIX).partition("__")[0].lower()
        if name.startswith(_PREFIX) and field not in _TOP:
            hint = suggestion(field, _TOP)
            if "__" in name or (hint.startswith("did you") and len(field) > 3 and _close(field)):
                raise SettingsFileError(f"environment: unknown variable {name}; {hint}")
    broker = {"broker": found.pop("broker_")} if "broker_" in found else {}
    return {**found, **broker}


def _close(field: str) -> bool:
    import difflib

    return bool(difflib.get_close_matches(field, _TOP, n=1, cutoff=0.85))


def _merged(*trees: Mapping[str, Any]) -> dict[str, Any]:
    """Trees over each other, the last on top."""
    merged: dict[str, Any] = {}
    for tree in trees:
        for key, value in tree.items():
            below = merged.get(key)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                merged[key] = _merged(below, value)
            else:
                merged[key] = value
    return merged


def rules_tree(written: Any, path: Path | None) -> Any:
    """Rules as written in place, in the file named, or as shipped.

    Args:
        written: What `rules:` says in nabz.yaml, None for nothing.
        path: That file; a file of rules is named relative to it.

    Raises:
        SettingsFileError: The file of rules cannot be read.
    """
    if written is None:
        shipped = resources.files("alerts").joinpath("rules.yaml").read_text(encoding="utf-8")
        return yaml.safe_load(shipped)
    if not isinstance(written, str):
        return written
    place = Path(written) if path is None else path.parent / written
    try:
        return parsed(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        raise SettingsFileError(
            f"{'defaults' if path is None else path}: rules: found {written!r}, which cannot be"
            f" read ({problem}); write the path of a YAML file, relative to this one"
        ) from error


_TOP: Final = tuple(name.rstrip("_") for name in Settings.model_fields)


def _known_top(tree: Mapping[str, Any], where: str) -> None:
    for key in tree:
        if key not in _TOP:
            raise SettingsFileError(f"{where}: unknown key {key!r}; {suggestion(key, _TOP)}")


_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "escalate": RungSettings,
    "group": GroupSettings,
    "heartbeat": HeartbeatSettings,
    "match": MatchSettings,
    "owns": MatchSettings,
    "people": PersonSettings,
    "quiet_hours": QuietSettings,
    "routes": RouteSettings,
    "spans": SpanSettings,
    "storm": StormSettings,
    "weekly": WeeklySettings,
    "back": BackSettings,
    **CHANNEL_TYPES,
}
"""Whose keys are known below a step of the notifier's part."""
_MEMBERS: Final = frozenset({*CHANNEL_TYPES, "from_conversation", "Pick"})
_SCALARS: Final = frozenset({"str", "bool", "int", "float"})
_WRITE: Final = {
    "tuple_type": "write a list, like [one, two]",
    "dict_type": "write `key: value` lines",
    "model_type": "write `key: value` lines",
    "model_attributes_type": "write `key: value` lines",
    "union_tag_not_found": f"type is missing; known are {', '.join(CHANNEL_TYPES)}",
}


def _explained(error: ValidationError, where: str) -> str:
    """A line per mistake; what was found is told unless it may be a secret."""
    lines: dict[str, None] = {}
    for one in error.errors(include_url=False):
        steps = one["loc"]
        message = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            message = _unknown_key(steps, one["input"])
        elif one["type"] == "union_tag_invalid":
            tag, known = one["ctx"]["tag"], one["ctx"]["expected_tags"].replace("'", "")
            message = f"type: found {tag!r}; {suggestion(str(tag), known.split(', '))}"
        elif len(steps) > 1 and steps[-1] in _SCALARS:  # members of a union: one mistake, not four
            steps, message = steps[:-1], "write a word, a number, true or false"
        message = _WRITE.get(one["type"], message)
        whole = one["type"] == "value_error" and not isinstance(one["input"], str | int | float)
        if not whole and "found" not in message and "unknown key" not in message:
            message = f"{_found(steps, one['input'])}{message}"
        place = _place(steps)
        for line in message.splitlines():
            lines[f"{where}: {place}: {line}" if place else f"{where}: {line}"] = None
    return "\n".join(lines)


def _place(steps: tuple[int | str, ...]) -> str:
    """Where in the file, as one would write it.

    >>> _place(("routes", 0, "match")), _place(("channels", "ops", "webhook", "url"))
    ('routes[0].match', 'channels.ops.url')
    """
    place = ""
    for step in steps:
        if str(step) in _MEMBERS and place:
            continue  # members of a union, which nobody wrote
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    return place


def _unknown_key(steps: tuple[int | str, ...], value: Any) -> str:
    """Name a key nobody knows, its value (a slip may be in either), and those that are known."""
    owner = next((step for step in reversed(steps[:-1]) if not isinstance(step, int)), "")
    found = _found(steps, value).removesuffix("; ").removeprefix("found ")
    said = f" (with {found})" if found else ""
    model = _MODELS.get(owner)
    hint = "take it out"
    if model is not None:
        known = {field.alias or name for name, field in model.model_fields.items()}
        hint = suggestion(str(steps[-1]), known)
    return f"unknown key {str(steps[-1])[:60]!r}{said}; {hint}"


def _found(place: tuple[int | str, ...], value: Any) -> str:
    if isinstance(value, Mapping):
        return "found a mapping; "
    if isinstance(value, list | tuple):
        return "found a list; "
    if not isinstance(value, str | int | float | bool) or _SECRET_FIELDS.intersection(
        map(str, place)
    ):
        return ""
    return f"found {str(value)[:60]!r}; "
