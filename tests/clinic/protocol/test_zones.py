from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.protocol import ProtocolError
from clinic.protocol.zones import days_later, start_of_day, zone_named
from tests.clinic.protocol.helpers import local, utc


@pytest.mark.parametrize(
    "name", ["America/New_York", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5", "Asia/Kathmandu"]
)
def test_iana_zones_are_known_by_name(name):
    assert zone_named(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    ["", "New York", "../../etc/passwd", "/etc/localtime", "localtime", "America", "Mars/Olympus", "UTC\0", "a" * 300],
)
def test_anything_else_is_refused(name):
    with pytest.raises(ProtocolError, match="enter an IANA time zone"):
        zone_named(name)


def test_days_are_calendar_days():
    assert days_later(local("2026-03-06 16:00"), 3, ZoneInfo("America/New_York")) == utc("2026-03-09 20:00")


def test_a_day_begins_at_one_where_midnight_is_skipped():
    beginning = start_of_day(date(2026, 3, 8), ZoneInfo("America/Havana"))

    assert beginning == utc("2026-03-08 05:00")
    assert beginning.astimezone(ZoneInfo("America/Havana")).hour == 1


def test_a_day_that_a_zone_skipped_is_empty():
    apia = ZoneInfo("Pacific/Apia")

    assert start_of_day(date(2011, 12, 31), apia) - start_of_day(date(2011, 12, 30), apia) == timedelta()


def test_an_end_on_a_skipped_day_falls_on_the_next():
    apia = ZoneInfo("Pacific/Apia")

    end = days_later(local("2011-12-27 10:00", "Pacific/Apia"), 3, apia)

    assert end.astimezone(apia).isoformat() == "2011-12-31T10:00:00+14:00"
