"""The protocol: every value with range, origin and source; the clinical lead signs, the others read."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from clinic.access import Role
from clinic.models import AuditEvent, ProtocolVersion
from clinic.protocol import Protocol
from clinic.protocol.catalogue import catalogue
from clinic.protocol_forms import NextVersionForm
from clinic.protocol_presenter import GROUPS, KEPT_ELSEWHERE, value_groups
from clinic.protocol_versions import NotSigned, sign_version
from tests.makers import at, make_signed_protocol, make_user

pytestmark = pytest.mark.django_db
PAGE, NEXT = reverse("clinic:protocol"), reverse("clinic:protocol_next")


def signed_in(role, **facts):
    client = Client()
    client.force_login(make_user(role, **facts))
    return client


def typed(**changes):
    """What the form holds when the lead opens it, with some changes."""
    current = ProtocolVersion.in_force()
    form = NextVersionForm(base=current.protocol() if current else Protocol.default())
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    values |= {"note": "First version", "confirmed": "on", "after": current.number if current else 0}
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def sign(client, **changes):
    """The lead fills in, reads what changes where something does, and signs."""
    answer = client.post(NEXT, typed(**changes))
    if answer.status_code == 302 and answer.url != PAGE:
        answer = client.get(answer.url)
        shown = answer.context["form"]["shown"].value()
        answer = client.post(NEXT, typed(**changes) | {"shown": shown})
    return answer


# --- Reading -----------------------------------------------------------------------------------------------------


def test_every_value_stands_on_the_page_with_its_source():
    make_signed_protocol()

    page = signed_in(Role.NURSE).get(PAGE).content.decode()

    missing = [
        key
        for key, spec in catalogue().items()
        if escape(spec.title) not in page or escape(spec.source.strip()) not in page
    ]
    assert missing == []


def test_every_key_belongs_to_a_group():
    groups = value_groups(Protocol.default())

    assert [row.key for group in groups for row in group.rows] == list(catalogue())
    assert [group.title for group in groups] == [title for title, _ in GROUPS]
    assert set(catalogue()) >= KEPT_ELSEWHERE


def test_what_must_be_confirmed_is_marked():
    page = signed_in(Role.NURSE).get(PAGE).content.decode()

    marked = sum(listed.needs_sign_off for listed in Protocol.default().listing())
    assert page.count("confirm</span>") == marked


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.CLINICAL_LEAD, Role.ADMINISTRATOR])
def test_those_who_treat_and_the_administrator_read_it(role):
    assert signed_in(role).get(PAGE).status_code == 200


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PATIENT])
def test_the_others_do_not(role):
    assert signed_in(role).get(PAGE).status_code == 403


def test_until_one_is_signed_the_page_says_what_that_means():
    page = signed_in(Role.NURSE).get(PAGE).content.decode()

    assert "Until the clinical lead signs one, no session can be signed" in page
    assert "sign version" not in page


def test_the_history_says_what_each_version_changed():
    lead = make_user(Role.CLINICAL_LEAD, name="Beatrix Alderman")
    make_signed_protocol(by=lead, note="As shipped")
    make_signed_protocol(by=lead, note="Shorter", overrides={"spider.continuous_days": 2})

    page = signed_in(Role.NURSE).get(PAGE).content.decode()

    assert "Stocking day and night, spider veins: 3 days → 2 days" in page
    assert "Protocol 2" in page
    assert "Signed by Beatrix Alderman" in page


# --- Signing -----------------------------------------------------------------------------------------------------


def test_the_lead_signs_the_first_version_as_it_was_shipped():
    client = signed_in(Role.CLINICAL_LEAD, name="Beatrix Alderman")

    answer = client.post(NEXT, typed())

    version = ProtocolVersion.in_force()
    assert answer.url == PAGE
    assert (version.number, version.signed_by.name, version.note) == (1, "Beatrix Alderman", "First version")
    assert version.protocol().settings == Protocol.default().settings


def test_the_lead_changes_a_value_and_signs_the_next_version():
    make_signed_protocol()
    client = signed_in(Role.CLINICAL_LEAD)

    sign(client, **{"reticular.continuous_days": "5", "walk_daily_days.spider": "4", "note": "Shorter"})

    version = ProtocolVersion.in_force()
    assert version.number == 2
    assert version.protocol().settings["reticular.continuous_days"] == 5
    event = AuditEvent.objects.get(action="protocol signed")
    assert event.details == {"number": 2, "changed": ["reticular.continuous_days", "walk_daily_days.spider"]}


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("max_total_ml", "8.5", "8.5"),
        ("max_mg_per_kg_day", "off", None),
        ("allow_foam", "yes", True),
        ("daytime_anchor", "AFTER_CONTINUOUS", "AFTER_CONTINUOUS"),
        ("reminder.text_from", "09:00", "09:00"),
        ("spider.strengths_percent", "0.5", ["0.5"]),
        ("shower_text", "Keep it dry for a day", "Keep it dry for a day"),
        ("reticular.continuous_days", "3", 3),
    ],
)
def test_each_kind_of_value_can_be_typed(key, value, stored):
    sign(signed_in(Role.CLINICAL_LEAD), **{key: value})

    assert ProtocolVersion.in_force().values["values"][key] == stored


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("spider.continuous_days", "9", "Enter 2 to 3 days"),
        ("spider.continuous_days", "", "Enter a whole number, for example 3"),
        ("spider.continuous_days", "1.5", "Enter a whole number, for example 3"),
        ("spider.continuous_days", "9" * 400, "Enter a whole number, for example 3"),
        ("max_total_ml", "11", "Enter"),
        ("max_total_ml", "ten", "Enter a number"),
        ("reminder.text_from", "9 o'clock", "Enter a time of day"),
        ("daytime_anchor", "NEVER", "Enter"),
        ("spider.strengths_percent", "", "Enter the strengths in %"),
        ("repeat_min_days", "20", "Enter at most 14, the value of “Repeat session: last usual day”."),
        ("max_total_ml", "2", "Enter at least 3.0, the value of “Ask for a reason above”."),
    ],
)
def test_a_value_outside_its_range_is_refused_next_to_it_and_kept(key, value, words):
    answer = signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(**{key: value}))

    page = answer.content.decode()
    assert (answer.status_code, ProtocolVersion.objects.count()) == (200, 0)
    assert words in page
    assert 'value="3"' in page


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("max_total_ml", "ten", "Enter a number, for example 2.5."),
        ("spider.strengths_percent", "", "Enter the strengths in %, for example 0.5, 1."),
        ("spider.strengths_percent", "half", "Enter the strengths in %, for example 0.5, 1."),
        ("reminder.text_from", "nine", "Enter a time of day, for example 09:00."),
        ("allow_foam", "perhaps", "Choose yes or no."),
    ],
)
def test_what_cannot_be_read_is_asked_for_as_it_is_typed_here_and_not_as_the_command_wants_it(key, value, words):
    form = signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(**{key: value})).context["form"]

    assert dict(form.errors) == {key: [words]}


def test_a_limit_below_the_value_above_which_one_asks_is_refused_at_the_field_that_was_changed():
    make_signed_protocol()

    form = signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(max_total_ml="2")).context["form"]

    assert dict(form.errors) == {"max_total_ml": ["Enter at least 3.0, the value of “Ask for a reason above”."]}
    assert ProtocolVersion.objects.count() == 1


def test_a_change_is_signed_only_below_the_list_of_what_was_and_what_becomes():
    make_signed_protocol()
    client = signed_in(Role.CLINICAL_LEAD)
    changes = {"spider.continuous_days": "2", "allow_foam": "yes"}

    first = client.post(NEXT, typed(**changes), follow=True)
    numbers = [ProtocolVersion.objects.count()]
    listed = [(each.title, each.before, each.after) for each in first.context["changed"]]
    page = first.content.decode()
    shown = first.context["form"]["shown"].value()
    other = client.post(NEXT, typed(**changes, watch_days="30") | {"shown": shown}, follow=True)
    numbers.append(ProtocolVersion.objects.count())
    client.post(NEXT, typed(**changes) | {"shown": shown})

    assert listed == [("Stocking day and night, spider veins", "3 days", "2 days"), ("Foam may be used", "no", "yes")]
    assert page.index("Read what changes, then sign") < page.index("Foam may be used</th><td>no</td><td><b>yes</b>")
    assert page.index("<b>yes</b>") < page.index("Sign version 2 as")
    assert f'name="shown" value="{shown}"' in page
    assert "Show the warning signs through day" in [each.title for each in other.context["changed"]]
    assert numbers == [1, 1]
    assert ProtocolVersion.in_force().number == 2


def test_back_after_the_signature_is_a_page_to_read_and_holds_nothing_of_the_version_that_was_signed():
    make_signed_protocol()
    client = signed_in(Role.CLINICAL_LEAD)
    listed = client.post(NEXT, typed(watch_days="30")).url
    before = client.get(listed).context

    sign(client, watch_days="30")
    back = client.get(listed).context

    assert [(c["number"], [each.after for each in c["changed"]], c["form"].is_bound) for c in (before, back)] == [
        (2, ["30 days"], True),
        (3, [], False),
    ]


def test_what_was_typed_before_the_list_is_of_no_use_once_somebody_else_signed():
    make_signed_protocol()
    client = signed_in(Role.CLINICAL_LEAD)
    listed = client.post(NEXT, typed(watch_days="30")).url
    make_signed_protocol(overrides={"spider.continuous_days": 2})

    page = client.get(listed).context

    assert (page["number"], page["changed"], page["form"].is_bound) == (3, (), False)


@pytest.mark.parametrize(
    ("key", "value", "usual"),
    [
        ("reticular.continuous_days", "3", "5 to 7 days"),
        ("reticular.continuous_days", "5", ""),
        ("allow_foam", "yes", "no"),
    ],
)
def test_a_change_that_leaves_the_usual_range_says_so_before_it_is_signed(key, value, usual):
    make_signed_protocol()

    answer = signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(**{key: value}), follow=True)

    assert [each.usual for each in answer.context["changed"]] == [usual]
    words = f"Usual: {usual}. Your signature is the recorded sign-off."
    assert (words in answer.content.decode()) == bool(usual)


def test_the_first_version_as_shipped_needs_no_list():
    assert signed_in(Role.CLINICAL_LEAD).post(NEXT, typed()).url == PAGE


@pytest.mark.parametrize("left_out", ["note", "confirmed"])
def test_a_signature_needs_a_note_and_a_tick(left_out):
    answer = signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(**{left_out: None}))

    assert (answer.status_code, ProtocolVersion.objects.count()) == (200, 0)


def test_a_version_signed_meanwhile_is_not_signed_over():
    client = signed_in(Role.CLINICAL_LEAD)
    opened = typed()
    make_signed_protocol()

    page = client.post(NEXT, opened).content.decode()

    assert "Protocol 1 was signed meanwhile" in page
    assert ProtocolVersion.objects.count() == 1


def test_extra_fields_and_fixed_values_change_nothing():
    signed_in(Role.CLINICAL_LEAD).post(NEXT, typed(ampoule_ml="5", signed_by="1", number="77", emergency_number="000"))

    version = ProtocolVersion.in_force()
    assert (version.number, version.protocol().settings == Protocol.default().settings) == (1, True)


@pytest.mark.parametrize("role", [Role.NURSE, Role.CLINICIAN, Role.ADMINISTRATOR, Role.FRONT_DESK, Role.PATIENT])
def test_nobody_else_signs(role):
    client = signed_in(role)

    assert [client.get(NEXT).status_code, client.post(NEXT, typed()).status_code] == [403, 403]
    assert ProtocolVersion.objects.count() == 0


def test_the_action_refuses_a_value_outside_its_range_too():
    with pytest.raises(NotSigned) as refusal:
        sign_version(
            changes={"watch_days": 5},
            note="Less",
            after=0,
            by=make_user(Role.CLINICAL_LEAD),
            now=at("2026-01-02 09:00"),
        )

    assert refusal.value.field == "watch_days"
    assert ProtocolVersion.objects.count() == 0
