"""Reading the visit page: what is a value, what stays on the screen with an error, and that nothing typed is lost."""

import random
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.http import QueryDict

from clinic.protocol import BeforeFacts, Override, findings_before
from clinic.protocol.catalogue import extensive_days_range
from clinic.protocol.checks import Group, says_what_applies
from clinic.protocol.values import Protocol
from clinic.protocol.vocabulary import Severity
from sessions_app import actions
from sessions_app.forms.choices import ABSOLUTE_STOPS, RISK_ITEMS, STOP_ITEMS
from sessions_app.forms.fields import ClockField, CountField, ExpiryField, NumberField
from sessions_app.forms.nurse import VisitForms
from sessions_app.forms.stored import stored_as_data
from sessions_app.models import TreatedSite, TreatmentSession
from tests.makers import at, make_draft_session, make_patient, make_user
from tests.sessions_app.charts import END, ready_draft

pytestmark = pytest.mark.django_db
D = Decimal
PROTOCOL = Protocol.default()


def forms_of(session, **changes):
    data = stored_as_data(session, PROTOCOL)
    for name, value in changes.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)


def with_site(session, **typed):
    """The page with one site whose fields were typed as given."""
    site = {"place": "left:knee", "vein_type": "spider", "strength": "0.5", "injection_count": "4", "each_ml": "0.2"}
    data = stored_as_data(session, PROTOCOL)
    data.setlist("site", ["n1"])
    for name, value in {**site, **typed}.items():
        data[f"site-n1-{name}"] = value
    return VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)


def save(session, forms):
    return actions.save_draft(
        session=session, version=session.version, values=forms.values(), by=session.nurse, now=at("2026-01-13 11:00")
    )


# --- Impossible values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"each_ml": "-1"}, "Enter a number above 0."),
        ({"each_ml": "0"}, "Enter a number above 0."),
        ({"each_ml": "0.0001"}, "Enter at most 2 digits after the point, for example 0.2."),
        ({"each_ml": "1000"}, "Enter 100 mL or less."),
        ({"each_ml": "two"}, "Enter a number, for example 0.2."),
        ({"each_ml": "1e1"}, "Enter a number, for example 0.2."),
        ({"each_ml": "NaN"}, "Enter a number, for example 0.2."),
        ({"each_ml": "Infinity"}, "Enter a number, for example 0.2."),
        ({"each_ml": "٠٫٢"}, "Enter a number, for example 0.2."),
        ({"each_ml": "", "volume_ml": "-1"}, "Enter a number above 0."),
        ({"each_ml": "0.3", "volume_ml": "1"}, "4 × 0.3 mL is 1.2 mL. Clear one of the two."),
        ({"injection_count": "-1"}, "Enter 1 or more."),
        ({"injection_count": "0"}, "Enter 1 or more."),
        ({"injection_count": "1.5"}, "Enter a whole number, for example 8."),
        ({"injection_count": "1000000000"}, "Enter 300 or less."),
        ({"injection_count": "9" * 400}, "Enter a number, for example 8."),
        ({"injection_count": "300", "each_ml": "1"}, "300 mL cannot be. Correct the number or the volume."),
        ({"strength": "other", "strength_other": "-1"}, "Enter a number above 0."),
        ({"strength": "other", "strength_other": "50"}, "Enter 10 % or less."),
        ({"treated_length_cm": "0"}, "Enter a number above 0."),
        ({"diameter_mm": "-0.5"}, "Enter a number above 0."),
        ({"needle_gauge": "3"}, "Enter 10 G or more."),
        ({"vein_type": "artery"}, "Select a valid choice. artery is not one of the available choices."),
        ({"place": "left:arm"}, "Select a valid choice. left:arm is not one of the available choices."),
    ],
)
def test_an_impossible_site_is_an_error_beside_its_field_and_no_row(typed, error):
    session = make_draft_session(sites=0)
    forms = with_site(session, **typed)

    save(session, forms)

    assert list(forms.errors().values()) == [error]
    assert not TreatedSite.objects.exists()


def test_the_other_sites_of_a_page_with_an_impossible_one_are_saved():
    session = make_draft_session(sites=2)
    data = stored_as_data(session, PROTOCOL)
    data["site-2-each_ml"] = "-1"
    forms = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)

    save(session, forms)

    assert [site.position for site in session.sites.all()] == [1]
    assert forms.errors() == {"id_site-2-each_ml": "Enter a number above 0."}
    assert forms.error_words() == ["site 2"]


def test_what_could_not_be_saved_comes_back_with_its_error_in_its_place():
    session = make_draft_session(sites=3)
    data = stored_as_data(session, PROTOCOL)
    data["site-2-each_ml"], data["weight_kg"] = "-1", "6800"
    save(session, VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data))

    again = VisitForms(TreatmentSession.objects.get(), protocol=PROTOCOL, clinicians=[])

    assert [form["each_ml"].value() for form in again.sites] == ["0.2", "-1", "0.2"]
    assert again.before["weight_kg"].value() == "6800"
    assert again.errors() == {
        "id_weight_kg": "Enter 350 kg or less.",
        "id_site-2-each_ml": "Enter a number above 0.",
    }


def test_what_could_not_be_saved_stands_in_the_way_of_the_signature():
    session = ready_draft()
    chart = save(session, forms_of(session, weight_kg="6800"))

    assert [each.words for each in chart.missing] == ["Weight: not saved"]
    assert session.weight_kg == D("70.0")


def test_a_site_that_only_has_its_place_is_kept_and_named_as_missing():
    session = ready_draft(sites=0)
    forms = with_site(session, vein_type="", strength="", injection_count="", each_ml="")
    chart = save(session, forms)

    assert forms.errors() == {}
    assert [(each.words, each.anchor) for each in chart.missing] == [
        ("Site 1: vein type, strength, injections and volume", "site-1")
    ]


@pytest.mark.parametrize(
    ("count", "each", "whole", "expected"),
    [
        ("4", "0.2", "", D("0.8")),
        ("4", "0,2", "", D("0.8")),
        ("3", "", "1", D(1)),
        ("4", "0.25", "1.00", D(1)),
    ],
)
def test_the_volume_of_a_site_is_count_times_each_or_typed(count, each, whole, expected):
    session = make_draft_session(sites=0)

    save(session, with_site(session, injection_count=count, each_ml=each, volume_ml=whole))

    assert session.sites.get().volume_ml == expected


def test_limits_of_the_protocol_are_no_errors():
    session = make_draft_session(sites=0)
    forms = with_site(
        session,
        strength="other",
        strength_other="3",
        injection_count="100",
        each_ml="1",
        diameter_mm="12",
        needle_gauge="18",
    )

    save(session, forms)

    site = session.sites.get()
    assert forms.errors() == {}
    assert (site.volume_ml, site.strength_percent, site.diameter_mm, site.needle_gauge) == (D(100), D(3), D(12), 18)


def test_a_stored_draft_goes_through_the_page_unchanged():
    session = ready_draft(
        sites=[{}, {"leg": "right", "volume_ml": D(1), "injection_count": 3}, {"strength_percent": D("0.25")}],
        extensive_days=14,
        foam=True,
        note="A note.",
        screening={
            "pregnant": "unknown",
            "nyha_class": 3,
            "abpi": "0.7",
            "major_surgery": "2026-01-02",
            "cannot_walk": False,
            "groups": {"stop": "some", "risk": "some"},
        },
    )
    before = stored_as_data(session, PROTOCOL)
    session.responsible_clinician = None
    session.save()
    session = TreatmentSession.objects.get()

    save(session, VisitForms(session, protocol=PROTOCOL, clinicians=[]))

    session = TreatmentSession.objects.get()
    after = stored_as_data(session, PROTOCOL)
    before.pop("responsible_clinician")
    assert {name: after.getlist(name) for name in after} == {name: before.getlist(name) for name in before}
    assert (session.extensive_days, session.foam, session.sites.count()) == (14, True, 3)


# --- What a tick or a choice asks for ------------------------------------------------------------------------------


def test_extensive_veins_offer_the_days_of_the_protocol_and_keep_what_is_entered():
    longer = PROTOCOL.with_overrides({"extensive.prefill_days": 21})
    session = ready_draft()
    data = stored_as_data(session, longer)

    assert (data["extensive_days"], "extensive" in data) == ("21", False)

    save(session, VisitForms(session, protocol=longer, clinicians=[], data=data))
    assert session.extensive_days is None  # an offer is no answer

    data["extensive"] = "on"
    save(session, VisitForms(session, protocol=longer, clinicians=[], data=data))
    assert session.extensive_days == 21


def test_a_tick_says_that_nothing_is_injected_where_the_checks_let_nobody_lift_it():
    found = {name: findings_before(BeforeFacts(**{name: True}), PROTOCOL)[0] for name in STOP_ITEMS}

    assert {
        name for name, each in found.items() if (each.severity, each.override) == (Severity.BLOCK, Override.NONE)
    } == ABSOLUTE_STOPS


def test_the_longest_days_that_a_clinic_may_offer_for_extensive_veins_can_be_saved():
    _, most = extensive_days_range()
    longest = PROTOCOL.with_overrides({"extensive.prefill_days": most})
    session = ready_draft()
    data = stored_as_data(session, longest)
    data["extensive"] = "on"
    forms = VisitForms(session, protocol=longest, clinicians=[], data=data)

    save(session, forms)

    assert (forms.errors(), session.extensive_days) == ({}, most)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter for how many days, or clear the tick."),
        ("5", "Enter 8 days or more, or clear the tick."),
        ("366", "Enter 365 days or less."),
    ],
)
def test_extensive_veins_without_days_stand_in_the_way_until_days_are_entered_or_the_tick_is_cleared(typed, words):
    session = ready_draft()

    forms = forms_of(session, extensive="on", extensive_days=typed)
    chart = save(session, forms)

    assert forms.errors() == {"id_extensive_days": words}
    assert ("Days for extensive veins: not saved", "id_extensive_days") in [(m.words, m.anchor) for m in chart.missing]

    session = TreatmentSession.objects.get()
    again = stored_as_data(session, PROTOCOL)
    assert (again["extensive"], again["extensive_days"]) == ("on", typed)

    again.pop("extensive")
    cleared = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=again)
    chart = save(session, cleared)

    assert cleared.errors() == {}
    assert "id_extensive_days" not in [missing.anchor for missing in chart.missing]
    assert session.extensive_days is None


@pytest.mark.parametrize(
    ("group", "name", "typed"),
    [("stop", "abpi", "9"), ("risk", "long_flight", "tomorrow"), ("stop", "nyha_class", "7")],
)
def test_what_was_typed_for_a_group_that_does_not_apply_any_more_holds_nobody_up(group, name, typed):
    session = ready_draft()
    save(session, forms_of(session, **{group: "some", name: typed}))
    session = TreatmentSession.objects.get()
    assert session.screening["unfinished"]["fields"] == {name: typed}

    forms = forms_of(session, **{group: "none"})
    chart = save(session, forms)

    assert forms.errors() == {}
    assert f"id_{name}" not in [missing.anchor for missing in chart.missing]


# --- Times -------------------------------------------------------------------------------------------------------


def test_times_are_of_the_sessions_date_on_the_clinics_clock():
    session = make_draft_session()

    save(session, forms_of(session, started_at="9:58", ended_at="1030"))

    assert session.started_at == datetime(2026, 1, 13, 14, 58, tzinfo=UTC)
    assert session.ended_at == datetime(2026, 1, 13, 15, 30, tzinfo=UTC)


def test_an_end_before_the_start_is_an_error_and_the_start_is_saved():
    session = make_draft_session()
    forms = forms_of(session, started_at="10:05", ended_at="09:30")

    save(session, forms)

    assert forms.errors() == {
        "id_ended_at": "The stocking went on at 09:30, before the session began at 10:05. Correct one of the two times."
    }
    assert (session.started_at, session.ended_at) == (at("2026-01-13 10:05"), None)


def test_a_start_moved_behind_the_stored_end_is_not_saved_either():
    session = make_draft_session(ended_at=END)
    forms = forms_of(session, started_at="11:00")

    save(session, forms)

    assert set(forms.errors()) == {"id_started_at", "id_ended_at"}
    assert (session.started_at, session.ended_at) == (at("2026-01-13 10:00"), END)


def test_a_walk_that_ends_before_it_begins_is_an_error():
    session = make_draft_session()
    forms = forms_of(session, observation_started_at="10:30", observation_ended_at="10:20")

    save(session, forms)

    assert set(forms.errors()) == {"id_observation_ended_at"}
    assert session.observation_ended_at is None


@pytest.mark.parametrize("text", ["25:00", "10:60", "soon", "-1", "1:2:3", "10"])
def test_what_is_no_time_of_day_is_refused(text):
    session = make_draft_session()

    assert forms_of(session, ended_at=text).errors() == {"id_ended_at": "Enter a time such as 10:30."}


# --- Single fields -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("2027-05", "2027-05"), ("05/2027", "2027-05"), ("5.2027", "2027-05"), ("05/27", "2027-05"),
     ("2027-5-3", "2027-05-03"), ("", "")],
)  # fmt: skip
def test_expiry_dates_are_read_as_printed(typed, kept):
    assert ExpiryField().clean(typed) == kept


@pytest.mark.parametrize("typed", ["2027-13", "next year", "2027-02-30", "0", "13/27"])
def test_what_is_no_expiry_date_is_an_error(typed):
    session = make_draft_session(sites=0)
    data = stored_as_data(session, PROTOCOL)
    data["ampoule-1-expiry"], data["ampoule-1-opened"] = typed, "1"
    forms = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)

    assert list(forms.errors()) == ["id_ampoule-1-expiry"]
    assert forms.values().ampoules == []


@pytest.mark.parametrize(("field", "typed", "value"), [
    (NumberField(decimal_places=1), " 68,5 ", D("68.5")),
    (NumberField(decimal_places=2), "0.50", D("0.50")),
    (CountField(), "8", 8),
    (CountField(), "8.0", 8),
    (ClockField(), "", None),
])  # fmt: skip
def test_numbers_are_read_the_way_people_type_them(field, typed, value):
    assert field.clean(typed) == value


# --- Groups of questions ---------------------------------------------------------------------------------------------


def test_none_of_these_answers_every_question_of_the_group():
    session = make_draft_session()

    save(session, forms_of(session, stop="none", risk="none"))

    assert session.screening["groups"] == {"stop": "none", "risk": "none"}
    facts = {name: value for name, value in session.screening.items() if name != "groups"}
    assert set(facts.values()) == {False, "no"}
    assert {"acute_thromboembolism", "breastfeeding", "history_of_clot", "tetracycline"} <= set(facts)


def test_the_risks_on_file_are_confirmed_in_one_tap_and_shown_for_it():
    session = make_draft_session(patient=make_patient(risk_factors=["smoking", "obesity"]))
    forms = forms_of(session, risk="none")

    save(session, forms)

    assert (session.screening["smoking"], session.screening["obesity"]) == (True, True)
    assert session.screening["history_of_clot"] is False
    assert str(forms.before.fields["risk"].choices[0][1]) == "As on file: obesity, smokes"


def test_a_group_that_was_not_answered_says_nothing():
    session = make_draft_session()

    save(session, forms_of(session, stop_items=["cannot_walk"]))

    assert session.screening == {}


def test_single_reasons_are_taken_when_something_applies():
    session = make_draft_session()
    forms = forms_of(
        session, stop="some", stop_items=["breastfeeding"], pregnant="unknown", nyha_class="3", abpi="0.7", risk="some",
        risk_items=["thrombophilia"], major_surgery="2026-01-02", ceap="C2",
    )  # fmt: skip

    chart = save(session, forms)

    assert [each.finding.id for each in chart.findings if each.finding.id.startswith("P")] == [
        "P10", "P18", "P3b", "P4", "P5", "P5b", "P8b",
    ]  # fmt: skip


def test_something_applies_with_nothing_ticked_is_no_answer_and_no_pregnancy_is_preset():
    session = make_draft_session(patient=make_patient())

    chart = save(session, forms_of(session, stop="some", risk="some"))

    assert "pregnant" not in session.screening
    assert [gap.words for gap in chart.missing if gap.anchor.startswith("group-")][:3] == [
        "Reasons not to treat: tick what applies, or “None of these”",
        "Pregnant: no, possible or yes",
        "Risks and plans: tick what applies, or “None of these”",
    ]


def test_no_answer_on_the_heart_is_preset_and_not_severe_is_stored_as_nothing():
    session = make_draft_session()

    asked = str(forms_of(session, stop="some").before["nyha_class"])
    save(session, forms_of(session, stop="some", stop_items=["cannot_walk"], pregnant="no", nyha_class="no"))

    assert (asked.count('type="radio"'), "checked" in asked) == (3, False)
    assert "nyha_class" not in session.screening
    assert forms_of(session).errors() == {}


def test_the_no_of_none_of_these_is_not_preset_when_something_applies_after_all():
    session = make_draft_session()
    save(session, forms_of(session, stop="none"))

    assert session.screening["pregnant"] == "no"
    assert "pregnant" not in stored_as_data(session, PROTOCOL)


@pytest.mark.parametrize("said", [{"pregnant": "no", "cannot_walk": True}, {"pregnant": "unknown"}])
def test_a_pregnancy_answer_that_somebody_gave_is_shown_again(said):
    session = make_draft_session(screening={**said, "groups": {"stop": "some"}})

    assert stored_as_data(session, PROTOCOL)["pregnant"] == said["pregnant"]


def test_the_no_that_an_older_draft_got_by_itself_is_asked_again():
    session = make_draft_session(screening={"pregnant": "no", "cannot_walk": False, "groups": {"stop": "some"}})

    chart = save(session, forms_of(session))

    assert [gap.words for gap in chart.missing if gap.anchor == "group-stop"] == [
        "Reasons not to treat: tick what applies, or “None of these”",
        "Pregnant: no, possible or yes",
    ]


def test_that_nothing_on_file_is_true_any_more_has_an_answer_of_its_own():
    session = make_draft_session(patient=make_patient(risk_factors=["smoking"]))
    forms = forms_of(session, risk="cleared")

    chart = save(session, forms)

    assert forms.errors() == {}
    assert session.screening["smoking"] is False
    assert "group-risk" not in {gap.anchor for gap in chart.missing}
    session.patient.risk_factors = []
    assert stored_as_data(session, PROTOCOL)["risk"] == "none"


def test_every_tick_of_the_page_is_one_that_the_rule_knows():
    for group, items in ((Group.STOP, STOP_ITEMS), (Group.RISK, RISK_ITEMS)):
        assert [name for name in items if not says_what_applies(group, BeforeFacts(**{name: True}))] == []


# --- Rubbish -------------------------------------------------------------------------------------------------------


def test_fields_that_are_not_of_the_page_are_ignored():
    session = make_draft_session()
    signer = make_user()
    forms = forms_of(
        session,
        status="signed",
        signed_by=str(signer.pk),
        patient="1",
        nurse="1",
        version="99",
        lineage="x",
        started_by="x",
    )

    save(session, forms)

    stored = TreatmentSession.objects.get()
    assert (stored.status, stored.signed_by, stored.patient, stored.nurse) == (
        "draft",
        None,
        session.patient,
        session.nurse,
    )


def test_an_empty_page_saves_nothing_and_breaks_nothing():
    session = make_draft_session()
    forms = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=QueryDict("version=1"))

    save(session, forms)

    assert session.sites.count() == 0
    assert session.started_at == at("2026-01-13 10:00")


def test_row_keys_that_are_no_keys_are_left_out():
    session = make_draft_session(sites=0)
    data = QueryDict(mutable=True)
    data.setlist("site", ["../x", "a" * 50, "1", "1", "2 3", *map(str, range(200))])

    forms = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)

    assert len(forms.sites) == 60
    assert forms.sites[0].key == "1"


def test_a_note_that_is_too_long_is_kept_for_correction_and_not_saved():
    session = make_draft_session(note="short")
    forms = forms_of(session, note="x" * 10_000)

    save(session, forms)

    stored = TreatmentSession.objects.get()
    assert stored.note == "short"
    assert len(VisitForms(stored, protocol=PROTOCOL, clinicians=[]).after["note"].value()) == 10_000


RUBBISH = [
    "", " ", "0", "-1", "1", "0.3", "0,3", "1e400", "9" * 300, "None", "on", "some", "none", "left:knee", "10:30",
    "99:99", "2026-13-45", "2026-01-13", "\x00", "a\x00b", "' OR 1=1 --", "<b>x</b>", "{{ x }}", "%s %d", "\ud7ff",
    "😀" * 50, "../../etc", "null", "NaN", "[]", "{}", "\r\n", "x" * 12_000,
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_rubbish_in_any_field_breaks_nothing(seed):
    chance = random.Random(seed)
    session = ready_draft(sites=3)
    data = stored_as_data(session, PROTOCOL)
    names = [
        *data,
        "reaction_note",
        "stop_items",
        "ampoule-1-lot",
        "answer-L3-reason",
        "answer-L3-ack",
        "site-1-volume_ml",
    ]
    for name in chance.sample(names, k=chance.randint(1, 25)):
        data.setlist(name, chance.choices(RUBBISH, k=chance.randint(0, 3)))
    forms = VisitForms(session, protocol=PROTOCOL, clinicians=[], data=data)

    save(session, forms)

    # What comes back from the store can be shown and saved again.
    stored = TreatmentSession.objects.get()
    save(stored, VisitForms(stored, protocol=PROTOCOL, clinicians=[]))
    assert stored.sites.count() == session.sites.count()
