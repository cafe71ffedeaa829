"""The watch over pages: what a person would not see fails the test that met it."""

import pytest

from tests.support.accessibility import serious_problems

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_people_have_browsers_of_their_own(new_page):
    nurse, patient = new_page(size="tablet"), new_page(size="phone", scheme="dark")
    nurse.goto("/accounts/sign-in/")
    nurse.evaluate("document.cookie = 'mine=1; path=/'")
    patient.goto("/accounts/sign-in/")

    assert "mine=1" in nurse.evaluate("document.cookie")
    assert "mine=1" not in patient.evaluate("document.cookie")
    assert patient.evaluate("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [390, True]


def noticed(page, page_problems, script):
    page.goto("/accounts/sign-in/")
    page.evaluate(script)
    page.wait_for_load_state("networkidle")
    found = page_problems.copy()
    page_problems.clear()
    return found


def test_error_in_a_script_is_noticed(page, page_problems, live_server):
    found = noticed(page, page_problems, "console.error('lost the thread')")

    assert found == [f"{live_server.url}/accounts/sign-in/: lost the thread"]


def test_missing_file_is_noticed(page, page_problems, live_server):
    script = "new Promise(done => { const i = new Image(); i.onerror = done; i.src = '/static/none.svg' })"

    assert noticed(page, page_problems, script) == [
        f"{live_server.url}/accounts/sign-in/ misses {live_server.url}/static/none.svg: 404"
    ]


def test_request_to_another_host_is_noticed(page, page_problems):
    script = "new Promise(done => { const i = new Image(); i.onerror = done; i.src = 'http://127.0.0.1:9/x.svg' })"

    assert any("asked another host: http://127.0.0.1:9/x.svg" in line for line in noticed(page, page_problems, script))


def test_what_somebody_cannot_see_or_hear_is_found(page):
    page.goto("/accounts/sign-in/")
    assert serious_problems(page) == []

    page.evaluate("""() => {
      const words = document.createElement("p"), field = document.createElement("input");
      words.textContent = "hard to read";
      words.style.color = "rgb(200, 200, 200)";
      words.style.background = "white";
      document.querySelector("main").append(words, field);
    }""")

    found = [problem.removeprefix(f"{page.url} ").partition(":")[0] for problem in serious_problems(page)]
    assert found == ["color-contrast", "label"]
