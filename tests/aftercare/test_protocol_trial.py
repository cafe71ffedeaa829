"""What other values would have made of the newest sessions, before the clinical lead signs them."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftercare.presenters import protocol_trial
from aftercare.presenters.protocol_trial import on_newest_sessions
from aftercare.presenters.staff import item_name
from clinic.access import Role
from clinic.protocol import ItemKey, Protocol
from tests.makers import make_signed_protocol, make_signed_session, make_user

pytestmark = pytest.mark.django_db
SHIPPED = Protocol.default()


def other(**changes):
    return SHIPPED.with_overrides({key.replace("__", "."): value for key, value in changes.items()}, signed_off=True)


def test_without_a_signed_session_there_is_nothing_to_compare():
    assert on_newest_sessions(SHIPPED, other(watch_days=30)) == [
        "No session is signed yet, so there is none to compare with."
    ]


def test_every_plan_that_would_be_another_is_counted_and_what_of_it():
    make_signed_session()
    make_signed_session()

    assert on_newest_sessions(SHIPPED, other(spider__continuous_days=2)) == [
        "Of the newest 2 signed sessions, 2 would have another plan: Stocking day and night in 2, Stocking by day in 2."
    ]
    assert on_newest_sessions(SHIPPED, other(reticular__continuous_days=5)) == [
        "Of the newest 2 signed sessions, none would have another plan."
    ]
    assert on_newest_sessions(SHIPPED, other(avoid_days__sunbathing=2, avoid_days__heavy_exercise=2)) == [
        "Of the newest 2 signed sessions, 2 would have another plan: What to leave in 2."
    ]


def test_a_tighter_limit_says_where_the_checks_would_have_asked_and_a_wider_one_where_not():
    session = make_signed_session(sites=2)
    tight = other(warn_total_ml="0.5")

    more = on_newest_sessions(SHIPPED, tight)
    fewer = on_newest_sessions(tight, SHIPPED)

    assert sum(site.volume_ml for site in session.sites.all()) > Decimal("0.5")
    none = "Of the one signed session, none would have another plan."
    assert more == [none, "While charting, the checks would have said more: Total above 0.5 mL in 1."]
    assert fewer == [none, "While charting, the checks would not have said: Total above 0.5 mL in 1."]


def test_only_the_newest_count_and_ten_cost_as_many_queries_as_one(monkeypatch):
    monkeypatch.setattr(protocol_trial, "NEWEST", 3)
    costs = []
    for number in (1, 4):
        for _ in range(number):
            make_signed_session()
        with CaptureQueriesContext(connection) as queries:
            words = on_newest_sessions(SHIPPED, other(watch_days=30))
        costs.append(len(queries))

    assert (costs, words[0]) == (
        [3, 3],
        "Of the newest 3 signed sessions, 3 would have another plan: Watch for warning signs in 3.",
    )


def test_each_item_of_a_plan_has_a_name():
    assert all(item_name(key) for key in ItemKey if key is not ItemKey.OBSERVATION)


def test_the_lead_reads_it_above_the_signature(client):
    make_signed_session(protocol_version=make_signed_protocol())
    client.force_login(make_user(Role.CLINICAL_LEAD))
    page = reverse("clinic:protocol_next")
    form = client.get(page).context["form"]
    typed = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    typed |= {"watch_days": "30", "note": "Longer", "confirmed": "on", "after": 1}

    answer = client.post(page, {name: value for name, value in typed.items() if value is not None}, follow=True)

    body = answer.content.decode()
    words = "Of the one signed session, 1 would have another plan: Watch for warning signs in 1."
    assert body.index(words) < body.index("Sign version 2 as")
