"""Calendars as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring.calendar import Calendar, open_ms, reached_ms
from streams.calendar_settings import CalendarSettings, offsets_of
from streams.settings import SettingsFileError, load

HOUR_MS = 3_600_000


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """A moment, UTC."""
    return round(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def written(tmp_path: Path, scoring: Any) -> Path:
    """A file with this `scoring:` part."""
    path = tmp_path / "nabz.yaml"
    path.write_text(yaml.safe_dump({"scoring": scoring}))
    return path


def test_an_office_in_tehran_rests_on_thursday_and_friday(tmp_path: Path) -> None:
    """Zone, hours, weekend and a dated holiday; Wednesday 16:00 to Saturday 9:00 are two hours."""
    office = {
        "zone": "Asia/Tehran",
        "hours": "08:00-17:00",
        "weekend": ["thu", "fri"],
        "holidays": ["2026-03-21"],
    }
    scoring = load(written(tmp_path, {"calendars": {"office": office}, "calendar": "office"}))
    found = scoring.config().scoring
    calendar = found.calendar_of(None)
    assert calendar is not None and found.calendar_of("office") == calendar
    assert found.calendar_of("unheard-of") == calendar
    wednesday = ms(2026, 9, 23, 12, 30)  # 16:00 in Tehran
    assert open_ms(calendar, wednesday, ms(2026, 9, 26, 5, 30)) == 2 * HOUR_MS
    assert open_ms(calendar, ms(2026, 3, 20), ms(2026, 3, 21, 20, 30)) == 0


def test_hours_may_be_given_day_by_day() -> None:
    """A day that is not named is closed; several spans a day; midnight is 24:00."""
    given: Any = {"mon": "22:00-24:00", "tue": "00:00-02:00, 09:00-10:00"}
    calendar = CalendarSettings(hours=given).calendar()
    assert calendar.week == (
        ((1320, 1440),), ((0, 120), (540, 600)), (), (), (), (), (),
    )  # fmt: skip
    assert CalendarSettings().calendar() == Calendar(week=(((0, 1440),),) * 7)


def test_summer_time_comes_with_the_zone() -> None:
    """Nine in Berlin is eight by UTC in winter and seven in summer, to the day of the change."""
    office = CalendarSettings.model_validate({"zone": "Europe/Berlin", "hours": "09:00-17:00"})
    calendar = office.calendar()
    assert reached_ms(calendar, ms(2026, 3, 28), 1) == ms(2026, 3, 28, 8) + 1
    assert reached_ms(calendar, ms(2026, 3, 29), 1) == ms(2026, 3, 29, 7) + 1
    assert (ms(2026, 3, 29, 1), 2 * HOUR_MS) in offsets_of("Europe/Berlin")
    assert (ms(2026, 10, 25, 1), HOUR_MS) in offsets_of("Europe/Berlin")
    assert offsets_of("UTC") == ()


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ({"zone": "Asia/Teheran"}, "'Asia/Teheran' is not known here; did you mean Asia/Tehran"),
        ({"zone": "../../etc"}, "is not known here; write a name like Asia/Tehran"),
        ({"hours": "9 to 5"}, "hours: found '9 to 5'; write hours like"),
        ({"hours": "17:00-09:00"}, "hours open before they close"),
        ({"hours": "09:60-10:00"}, "hours open before they close"),
        ({"hours": "09:00-12:00, 12:00-13:00"}, "ascend and lie apart"),
        ({"hours": {"monday": "09:00-12:00"}}, "unknown day 'monday'; did you mean mon?"),
        (
            {"hours": {"mon": "09:00-12:00"}, "weekend": ["sat"]},
            "leave out the days of the weekend",
        ),
        ({"weekend": ["friday"]}, "weekend[0]: found 'friday'"),
        ({"holidays": ["tomorrow"]}, "holidays[0]: found 'tomorrow'"),
        ({"open": "09:00-12:00"}, "unknown key 'open'"),
    ],
)
def test_a_mistake_in_a_calendar_is_explained(tmp_path: Path, calendar: Any, said: str) -> None:
    """Field, what was found, what to write."""
    with pytest.raises(SettingsFileError) as caught:
        load(written(tmp_path, {"calendars": {"office": calendar}}))
    assert said in str(caught.value)


def test_the_default_calendar_must_be_one_of_them(tmp_path: Path) -> None:
    """A slip of the pen is no day and night."""
    with pytest.raises(SettingsFileError, match="found 'ofice', no such calendar; did you mean"):
        load(written(tmp_path, {"calendars": {"office": {}}, "calendar": "ofice"}))
    with pytest.raises(SettingsFileError, match="no such calendar"):
        load(written(tmp_path, {"calendar": "office"}))
