"""When the clinic is worked: the hours of everybody who gives anything, not of those alone who give first visits."""

import pytest

from clinic.access import Role
from clinic.models import Clinic
from clinic.protocol.zones import local_time
from sessions_app.models import Service
from sessions_app.requests import openings, promised
from sessions_app.worked import worked
from tests.makers import at, make_clinic, make_dated_hours, make_entry, make_hours, make_service, make_user

pytestmark = pytest.mark.django_db
MONDAY, THURSDAY = 0, 3
NOW = at("2026-01-15 09:10")  # Thursday


@pytest.fixture(autouse=True)
def clinic():
    return make_clinic()


@pytest.fixture
def house():
    """First visits on Mondays until noon, treatments on Thursdays, two nurses."""
    first, daily = make_user(name="Monday Nurse"), make_user(name="Thursday Nurse")
    make_hours(first, weekdays=[MONDAY], ends="12:00")
    make_hours(daily, weekdays=[THURSDAY], starts="09:00")
    make_service(Service.Kind.FIRST_VISIT, nurses=[first])
    make_service(nurses=[daily])
    return first, daily


def shown(periods):
    zone = Clinic.current().zone
    return [
        f"{local_time(period.starts_at, zone):%m-%d %H:%M} {local_time(period.ends_at, zone):%H:%M}"
        for period in periods[:3]
    ]


def test_the_hours_of_all_nurses_count(house, clinic):
    assert shown(worked(clinic, NOW)) == ["01-15 09:00 18:00", "01-19 08:00 12:00", "01-22 09:00 18:00"]


def test_the_public_promise_knows_the_hours_of_first_visits_alone(house, clinic):
    assert shown(openings(clinic, NOW)) == ["01-19 08:00 12:00", "01-26 08:00 12:00", "02-02 08:00 12:00"]
    assert promised(clinic, NOW) == promised(clinic, NOW, openings(clinic, NOW)) >= at("2026-01-19 08:00")


def test_time_off_and_closures_take_away_the_hours_of_those_who_have_them(house, clinic):
    first, daily = house
    make_entry(nurse=daily, starts_at=at("2026-01-15 00:00"), ends_at=at("2026-01-16 00:00"))
    make_entry(kind="closure", nurse=first, starts_at=at("2026-01-19 09:00"), ends_at=at("2026-01-19 13:00"))

    assert shown(worked(clinic, NOW)) == ["01-19 08:00 09:00", "01-22 09:00 18:00", "01-26 08:00 12:00"]


def test_hours_of_one_date_count(house, clinic):
    make_dated_hours(house[1], at("2026-01-16 12:00").date(), "10:00", "11:00")

    assert shown(worked(clinic, NOW))[1] == "01-16 10:00 11:00"


def test_hours_that_overlap_are_one_opening(house, clinic):
    make_hours(house[0], weekdays=[THURSDAY], starts="08:00", ends="10:00")

    assert shown(worked(clinic, NOW))[0] == "01-15 08:00 18:00"


@pytest.mark.parametrize("change", ["left", "no nurse any more", "service not offered"])
def test_who_gives_nothing_opens_nothing(house, clinic, change):
    daily = house[1]
    if change == "left":
        daily.is_active = False
    elif change == "no nurse any more":
        daily.roles = [Role.FRONT_DESK]
    else:
        Service.objects.filter(kind=Service.Kind.TREATMENT).update(is_active=False)
    daily.save()

    assert shown(worked(clinic, NOW)) == shown(openings(clinic, NOW))


def test_a_service_without_chosen_nurses_is_given_by_everybody_with_hours(house, clinic):
    make_hours(make_user(name="Friday Nurse"), weekdays=[4])
    make_service(Service.Kind.REVIEW)

    assert shown(worked(clinic, NOW))[1] == "01-16 08:00 18:00"


def test_without_hours_nothing_is_known(clinic):
    make_service()

    assert worked(clinic, NOW) == []


def test_it_costs_two_queries(house, clinic, django_assert_num_queries):
    with django_assert_num_queries(2):
        worked(clinic, NOW)
