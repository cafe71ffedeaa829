"""Passwords: what is refused, how a new one is chosen by mail, and what a change ends."""

import re
from urllib.parse import urlsplit

import pytest
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.access import Role
from clinic.accounts import password_link
from clinic.models import AuditEvent
from tests.makers import PASSWORD, make_clinic, make_user

RESET = reverse("account_reset_password")
CHANGE = reverse("account_change_password")
GOOD = "quiet-lanterns-over-water"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("sevenup", "password_too_short"),
        ("elevensigns", "password_too_short"),
        ("cookiemonster", "password_too_common"),
        ("123456789101112", "password_too_common"),
        ("8402957163048", "password_entirely_numeric"),
        ("Fernhollow Vein Clinic 2026", "clinic_name"),
        ("fernhollow-2026!", "clinic_name"),
        ("Sclerotherapy2026", "clinic_name"),
        ("legwork-legwork", "clinic_name"),
        ("superman!!2026!!", "common_with_ornament"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abababababababab", "repeats"),
        ("Ada Birchwood 1", "password_too_similar"),
        ("x" * 1025, "password_too_long"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(nurse, password, code):
    make_clinic(name="Fernhollow Vein Clinic")
    with pytest.raises(ValidationError) as refusal:
        validate_password(password, nurse)

    assert code in {error.code for error in refusal.value.error_list}


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "fernhollow purple kettle",
        "correct horse battery staple",
        "Tr0ub4dor&3-and-more",
        "0123456789abcdef" * 4,
        "lanterns " * 22,
        "🦊🌿🪁🧊🎈🪵🧵🫖🌙🐚🪴🧭",
        "пароль для светлячков",
    ],
)
def test_a_password_of_ones_own_is_accepted(nurse, password):
    make_clinic(name="Fernhollow Vein Clinic")

    assert validate_password(password, nurse) is None


@pytest.mark.parametrize("password", ["lanterns " * 22, "🦊🌿🪁🧊🎈🪵🧵🫖🌙🐚🪴🧭", "  spaces at both ends  "])
def test_one_signs_in_with_exactly_what_was_chosen(client, nurse, sign_in, is_signed_in, password):
    nurse.set_password(password)
    nurse.save()

    sign_in(client, nurse.email, password)
    assert is_signed_in(client)
    other = Client()
    sign_in(other, nurse.email, password.strip()[:-1])
    assert not is_signed_in(other)


def follow_the_link(client):
    path = re.search(r"https?://[^/]+(/\S+)", mail.outbox[-1].body)[1]
    return client.get(path, follow=True)


def choose(client, form, password=GOOD):
    return client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})


def test_a_nurse_chooses_a_new_password_by_a_link_that_works_once(client, nurse, sign_in, is_signed_in):
    client.post(RESET, {"email": nurse.email})
    form = follow_the_link(client)
    choose(client, form)
    sign_in(client, nurse.email, GOOD)

    assert is_signed_in(client)
    assert "This link no longer works" in Client().get(form.redirect_chain[0][0]).content.decode()
    assert AuditEvent.objects.filter(action="password chosen by link", subject_id=nurse.public_id).count() == 1


def test_a_password_that_others_would_guess_is_refused_at_its_field(client, nurse):
    client.post(RESET, {"email": nurse.email})
    form = follow_the_link(client)
    page = choose(client, form, "sclerotherapy2026").content.decode()

    assert "Anybody would guess this" in page
    assert nurse.check_password(PASSWORD)


def test_the_token_leaves_the_address_before_the_form_is_shown(client, nurse):
    client.post(RESET, {"email": nurse.email})

    assert follow_the_link(client).request["PATH_INFO"].endswith("-set-password/")


def test_the_link_is_built_from_the_clinics_own_address(client, nurse, settings):
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://portal.example.com", ["*"]
    client.post(RESET, {"email": nurse.email}, headers={"host": "evil.example"})

    [message] = mail.outbox
    assert ("https://portal.example.com/accounts/password/reset/key/" in message.body, "evil" in message.body) == (
        True,
        False,
    )


def test_who_chose_a_new_password_hears_of_it_by_mail(client, nurse):
    client.post(RESET, {"email": nurse.email})
    choose(client, follow_the_link(client))

    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([nurse.email], "Your password was changed")


def test_a_new_password_by_mail_lifts_the_lock_of_the_account(client, nurse, sign_in, is_signed_in):
    for _ in range(10):
        sign_in(Client(), nurse.email, "not this one")
    client.post(RESET, {"email": nurse.email})
    choose(client, follow_the_link(client))
    sign_in(client, nurse.email, GOOD)

    assert is_signed_in(client)


def test_a_new_password_by_mail_does_not_free_the_address_it_came_from(client, nurse, sign_in):
    for number in range(30):
        sign_in(client, f"person{number}@x.example", "not this one")
    client.post(RESET, {"email": nurse.email})
    choose(client, follow_the_link(client))

    assert sign_in(client, nurse.email, "not this one").status_code == 429


def test_everybody_gets_the_same_answer_and_only_active_staff_get_a_link(nurse, patient, plain):
    gone = make_user(role=Role.NURSE, email="gone@clinic.example", is_active=False)
    answers = []
    for address in (nurse.email, patient.email, gone.email, "who@clinic.example"):
        answer = Client().post(RESET, {"email": address}, follow=True)
        answers.append((answer.status_code, answer.redirect_chain, plain(answer)))

    assert answers == [answers[0]] * 4
    assert [message.to for message in mail.outbox] == [[nurse.email]]


def test_ten_requests_bring_three_links_and_ten_equal_answers(nurse, plain):
    answers = [plain(Client().post(RESET, {"email": nurse.email}, follow=True)) for _ in range(10)]

    assert (answers, len(mail.outbox)) == ([answers[0]] * 10, 3)


def test_one_address_asks_for_twenty_links_and_then_waits():
    answers = [Client().post(RESET, {"email": f"p{number}@x.example"}) for number in range(21)]

    assert [answer.status_code for answer in answers] == [302] * 20 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 900


@pytest.mark.parametrize("who", ["patient", "gone"])
def test_a_link_of_somebody_who_may_have_no_password_does_not_work(client, patient, who):
    person = patient if who == "patient" else make_user(role=Role.NURSE, is_active=False)
    link = password_link(f"{user_pk_to_url_str(person)}-{default_token_generator.make_token(person)}")
    page = client.get(urlsplit(link).path, follow=True)

    assert "This link no longer works" in page.content.decode()


def test_a_link_ends_with_the_address_it_was_sent_to(client, nurse):
    client.post(RESET, {"email": nurse.email})
    nurse.email = "ada@elsewhere.example"
    nurse.save()

    assert "This link no longer works" in follow_the_link(client).content.decode()


@pytest.mark.parametrize("uid", ["zzzzzzzzzzzz", "0", "ffffffffffffffffffffffff"])
def test_an_invented_link_is_refused(client, uid):
    assert "This link no longer works" in client.get(f"/accounts/password/reset/key/{uid}-abc/").content.decode()


def change(client, old=PASSWORD, new=GOOD):
    return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new})


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(
    client, another_browser, nurse, sign_in, is_signed_in
):
    sign_in(client, nurse.email)
    sign_in(another_browser, nurse.email)
    answer = change(client)

    assert answer.url == "/my-day/"
    assert (is_signed_in(client), is_signed_in(another_browser)) == (True, False)


def test_who_changed_the_password_hears_of_it_by_mail_and_it_is_on_record(client, nurse, sign_in):
    sign_in(client, nurse.email)
    change(client)

    [notice] = mail.outbox
    assert (notice.to, notice.subject) == ([nurse.email], "Your password was changed")
    assert AuditEvent.objects.filter(action="password changed", by_id=nurse.pk).count() == 1


def test_the_notice_goes_to_the_present_address_of_the_account(client, nurse, sign_in):
    client.post(RESET, {"email": nurse.email})
    nurse.email = "ada@elsewhere.example"
    nurse.save()
    sign_in(client, nurse.email)
    change(client)

    assert mail.outbox[-1].to == ["ada@elsewhere.example"]


def test_an_open_screen_is_no_way_to_guess_the_password(client, nurse, checks, sign_in):
    sign_in(client, nurse.email)
    checks.clear()
    answers = [change(client, old="not this one").status_code for _ in range(5)]
    again = Client()
    more = [sign_in(again, nurse.email, "not this one").status_code for _ in range(6)]

    assert (answers, more, len(checks)) == ([200] * 5, [200] * 5 + [429], 10)


def test_a_wrong_present_password_is_said_at_the_field(client, nurse, sign_in):
    sign_in(client, nurse.email)
    page = change(client, old="not this one").content.decode()

    assert "This is not your present password. Try again." in page


def test_a_screen_asked_too_often_says_to_wait(client, nurse, sign_in):
    sign_in(client, nurse.email)
    for _ in range(10):
        sign_in(Client(), nurse.email, "not this one")
    answer = client.post(reverse("account_reauthenticate"), {"password": "not this one"})

    assert (answer.status_code, "Too many tries. Wait 15 minutes" in answer.content.decode()) == (429, True)


def test_is_it_still_you_takes_the_password_of_this_account_only(client, nurse, sign_in):
    make_user(role=Role.NURSE, email="other@clinic.example", password="another-long-password")
    sign_in(client, nurse.email)
    answers = [
        client.post(reverse("account_reauthenticate"), {"password": password}).status_code
        for password in ("another-long-password", PASSWORD)
    ]

    assert answers == [200, 302]


def test_a_patient_has_no_password_to_change(client, patient):
    client.force_login(patient)

    assert [client.get(url).status_code for url in (CHANGE, reverse("account_reauthenticate"))] == [403, 403]


def test_a_person_without_a_password_is_sent_to_choose_one(client):
    client.force_login(make_user(role=Role.NURSE, password=None))

    assert client.get(CHANGE).url == RESET


def test_both_password_pages_say_what_a_good_one_is_in_one_sentence(client, nurse, sign_in):
    sign_in(client, nurse.email)
    page = client.get(CHANGE).content.decode()

    assert (page.count("At least 12 characters"), "<li>Your password" in page) == (1, False)
