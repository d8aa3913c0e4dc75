"""How a mapping names a place in a record, a time, and a condition.

A place is a path (`$.from.id`, `$.tags[0]`; `@` is the element where `each:` takes a list apart)
or a constant (`{const: twitter}`); a value found there may be translated (`map:`) or replaced where
it is missing (`default:`). Unknown keys are refused, with the nearest known one as a suggestion.

Next step: `streams.ingest.sources` is made of these, `streams.ingest.fields` compiles them.
"""

from __future__ import annotations

import difflib
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from streams.ingest.paths import PathError, parse

Scalar = str | bool | int | float


def suggestion(found: str, known: Any) -> str:
    """What somebody who wrote this may have meant.

    >>> suggestion("confg", ["config", "clock"])
    'did you mean config?'
    """
    names = sorted(str(one) for one in known)
    near = difflib.get_close_matches(found, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"


class Strict(BaseModel):
    """Base of settings: frozen, and an unknown key is an error with a suggestion."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            known = {field.alias or name for name, field in cls.model_fields.items()}
            for key in value:
                if key not in known and key not in cls.model_fields:
                    raise ValueError(f"unknown key {key!r}; {suggestion(str(key), known)}")
        return value


def _is_path(text: str) -> bool:
    return text[:1] in {"$", "@"}


class Pick(Strict):
    """Where one field of an event comes from.

    Attributes:
        path: Path in the record.
        const: The same value for every record, instead of a path.
        map: Translation of what is found; a value without a row has no meaning here.
        default: Where nothing is found, or nothing with a row in `map`.
    """

    path: str | None = None
    const: Scalar | None = None
    map: dict[str, Scalar] | None = None
    default: Scalar | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        if isinstance(value, str):
            if not _is_path(value):
                raise ValueError(f"write a path like $.{value}, or {{const: {value}}}")
            return {"path": value}
        return value

    @field_validator("map", mode="before")
    @classmethod
    def _keys_as_text(cls, value: Any) -> Any:
        # YAML reads `1:` and `yes:` as a number and a truth; records are compared as text.
        return (
            {as_text(key): one for key, one in value.items()} if isinstance(value, dict) else value
        )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.path is None) == (self.const is None):
            raise ValueError("give either path or const")
        if self.const is not None and (self.map is not None or self.default is not None):
            raise ValueError("a const needs no map and no default")
        if self.path is not None:
            checked(self.path)
        return self


def checked(path: str) -> str:
    """The path itself, if it is one.

    Raises:
        ValueError: It is none; the message says what one looks like.
    """
    try:
        parse(path)
    except PathError as error:
        raise ValueError(str(error)) from error
    return path


def as_text(value: object) -> str:
    """A scalar as `map:` and `where:` compare it.

    >>> as_text(True), as_text(3), as_text("x")
    ('true', '3', 'x')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


class Word(Pick):
    """A field whose few values are known: a plain word is a constant."""

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return {"const": value} if isinstance(value, str) and not _is_path(value) else value


class TimePick(Strict):
    """Where the event time is, and how it is written.

    Attributes:
        path: Path in the record.
        format: `auto` (ISO 8601, or seconds or milliseconds since 1970 by size), `iso`, `s`, `ms`,
            or one or several strptime formats, tried in order.
        timezone: Of times that do not say theirs.
    """

    path: str
    format: str | tuple[str, ...] = "auto"
    timezone: str = "UTC"

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        return checked(value)

    @field_validator("format")
    @classmethod
    def _format(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        formats = (value,) if isinstance(value, str) else value
        if not formats or not all(
            one in {"auto", "iso", "s", "ms"} or "%" in one for one in formats
        ):
            raise ValueError("a time format is auto, iso, s, ms, or like %d.%m.%Y %H:%M")
        if len(formats) > 1 and not all("%" in one for one in formats):
            raise ValueError("a list of time formats holds strptime formats only, like %d.%m.%Y")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r}; write one like Europe/Berlin") from error
        return value


class Condition(Strict):
    """One condition on a record; several in a list must all hold.

    Attributes:
        path: What is looked at.
        equals: Is this value.
        among: `in`: is one of these.
        exists: Is there and not null, or is not.
        negated: `not`: the condition in it does not hold.
    """

    path: str | None = None
    equals: Scalar | None = None
    among: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    exists: bool | None = None
    negated: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        asked = [one for one in (self.equals, self.among, self.exists) if one is not None]
        if self.negated is not None:
            if self.path is not None or asked:
                raise ValueError("a `not` stands alone: {not: {path: .., equals: ..}}")
        elif self.path is None or len(asked) != 1:
            raise ValueError("a condition is a path and one of equals, in, exists")
        else:
            checked(self.path)
        return self
