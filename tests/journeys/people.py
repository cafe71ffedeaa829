"""The people of the journeys: what each of them does on the pages, found by role and label as a person finds it."""

import re
from contextlib import contextmanager, suppress

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.makers import PASSWORD

# Parts of a page that the server sends answer to presses only after they are put in and made ready.
NEXT_SWAP = """part => { window.swapped = new Promise(done => {
  const listen = event => {
    if (event.detail.target.id !== part) return;
    document.removeEventListener("htmx:afterSettle", listen);
    done(true);
  };
  document.addEventListener("htmx:afterSettle", listen);
}); }"""
DIALOG, BOARD = "dialog-frame", "day"


class Person:
    """Somebody in front of a screen of their own."""

    def __init__(self, page, lookout, account=None):
        self.page, self.lookout, self.account = page, lookout, account

    def signs_in(self):
        # A page whose session ended leads itself to the sign-in, perhaps at this very moment.
        with suppress(PlaywrightError):
            self.page.goto("about:blank")
        self.page.goto("/accounts/sign-in/")
        self.page.get_by_label("Work e-mail").fill(self.account.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def signs_out(self):
        self.page.get_by_role("button", name="Your menu").click()
        self.page.get_by_role("button", name="Sign out").click()
        self.sees("Sign in")

    def goes_back(self):
        self.page.go_back()

    def sees(self, title):
        """The page's own heading."""
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()

    def is_told(self, words):
        """A line that appears by itself and goes again."""
        expect(self.page.get_by_role("status").get_by_text(words)).to_be_visible()

    def looks_around(self):
        self.lookout.judges(self.page)

    def reads(self, words):
        """A sentence somewhere on the page."""
        expect(self.page.get_by_text(words, exact=True)).to_be_visible()

    def comes_to_the_door(self):
        self.page.goto("/accounts/sign-in/")
        self.looks_around()


class ClinicalLead(Person):
    def signs_the_protocol(self, *, note):
        self.page.goto("/protocol/")
        self.looks_around()
        self.page.get_by_role("link", name="Read and sign version 1").click()
        self.looks_around()
        self.page.get_by_label("What this version is for").fill(note)
        self.page.get_by_label("I have read the values").check()
        self.page.get_by_role("button", name=re.compile("Sign version 1")).click()
        self.sees("Protocol 1")


class FrontDesk(Person):
    @property
    def dialog(self):
        return self.page.get_by_role("dialog")

    @contextmanager
    def waits_for(self, part):
        """What is done inside makes the dialog or the board show something new."""
        self.page.evaluate(NEXT_SWAP, part)
        yield
        self.page.evaluate("window.swapped")

    def begins_to_register(self, *, first, last, born, phone, email):
        self.page.goto("/patients/new/")
        self.looks_around()
        for label, words in (
            ("First name", first),
            ("Last name", last),
            ("Birth date", born),
            ("Phone", phone),
            ("E-mail", email),
        ):
            self.page.get_by_label(label, exact=True).fill(words)
        self.page.get_by_role("group", name="May we write e-mails?").get_by_text("Yes", exact=True).click()
        self.page.get_by_role("button", name="Register the patient").click()

    def registers_anyway(self):
        self.page.get_by_role("button", name="Register anyway: it is somebody else").click()

    def reads_the_warning(self, words):
        expect(self.page.get_by_role("region", name="Somebody like this is already registered")).to_contain_text(words)

    def opens_the_day(self, date=None):
        self.page.goto(f"/day/?date={date}" if date else "/day/")

    def opens_booking(self):
        """By the key B, on the page of a patient or of the day."""
        with self.waits_for(DIALOG):
            self.page.keyboard.press("b")

    def opens_the_free_place(self, words, *, nurse):
        with self.waits_for(DIALOG):
            self.page.get_by_role("group", name=nurse).get_by_role("link", name=words).click()

    def picks_the_patient(self, name):
        self.dialog.get_by_role("searchbox", name="Patient").press_sequentially(name[:8])
        with self.waits_for(DIALOG):
            self.dialog.get_by_role("button", name=re.compile(name)).click()

    def picks_the_service(self, words):
        with self.waits_for(DIALOG):
            self.dialog.get_by_label("Service").select_option(words)

    def picks_the_nurse(self, name):
        with self.waits_for(DIALOG):
            self.dialog.get_by_label("Nurse").select_option(name)

    def picks_the_day(self, words):
        with self.waits_for(DIALOG):
            self.dialog.get_by_role("button", name=re.compile(f"^{words}")).click()

    def picks_the_time(self, words, *, nurse):
        """One of the short times under a nurse's name, once a day is chosen."""
        times = self.dialog.locator(".day-times").filter(has=self.page.get_by_role("heading", name=nurse))
        times.locator("label").filter(has_text=re.compile(rf"^\s*{words}")).first.click()

    def books(self):
        """Presses the button that says what it books; returns those words."""
        button = self.dialog.get_by_role("button", name=re.compile("^Book [A-Z]"))
        words = button.locator("[data-confirm-words]").inner_text()
        button.click()
        return words

    def presses_twice_on_book(self):
        self.dialog.get_by_role("button", name=re.compile("^Book [A-Z]")).dblclick()

    def sees_that_it_is_booked(self):
        expect(self.dialog).to_have_count(0)
        self.is_told("Booked:")

    def books_and_the_dialog_closes(self):
        words = self.books()
        self.sees_that_it_is_booked()
        return words

    def is_warned(self, words):
        expect(self.dialog.get_by_role("alert")).to_contain_text(words)

    def days_of_the_best_times(self):
        """ "Thu 22" of every offered time."""
        offered = self.dialog.get_by_role("group", name="Best times").locator("label b").all_inner_texts()
        return [" ".join(words.split()[:2]) for words in offered]

    def notes(self, words):
        self.dialog.get_by_label("Note for the desk").fill(words)

    def note_in_the_dialog(self):
        return self.dialog.get_by_label("Note for the desk").input_value()

    def answers_about_travel(self, words):
        answers = self.dialog.get_by_role("group", name="Anything planned").locator("label")
        answers.filter(has_text=re.compile(rf"^\s*{words}\b")).click()

    def finds(self, words):
        """By the key that goes to the search, and the first suggestion."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(words)
        self.page.get_by_role("search").get_by_role("link", name=words).click()
        self.sees(words)

    def changes_the_language(self, language):
        self.page.get_by_role("link", name="Change").click()
        self.looks_around()
        self.page.get_by_role("group", name="Language").get_by_text(language).click()
        self.page.get_by_role("button", name="Save").click()
        self.page.wait_for_url(lambda url: "/edit/" not in url)

    def checks_in(self, visit):
        """By the keyboard: the block has the focus, C checks in."""
        self.opens_the_day()
        self.page.get_by_role("link", name=visit).focus()
        with self.waits_for(BOARD):
            self.page.keyboard.press("c")
        self.is_told("is here.")

    def says_the_visit_is_done(self, visit):
        """By the keyboard: Enter opens the visit, I calls in, F ends it."""
        for key, answer in (("i", "is called in."), ("f", "the visit is done.")):
            with self.waits_for(DIALOG):
                self.page.get_by_role("link", name=visit).press("Enter")
            with self.waits_for(BOARD):
                self.page.keyboard.press(key)
            self.is_told(answer)


class Nurse(Person):
    """At the chair, with a tablet; types where that is quicker."""

    def starts_the_visit(self, name):
        self.page.goto("/my-day/")
        self.looks_around()
        self.page.get_by_role("button", name=re.compile(f"{name}.*Start the visit")).click()
        self.sees(re.compile(name))

    def answers(self, question, words):
        """A tick per fact, a segment per group; segments are pressed by their words."""
        self.page.get_by_role("group", name=question).get_by_text(words, exact=True).click()

    def answers_the_safety_questions(self):
        """A healthy patient: two ticks and two groups; the consent is signed, kit and clinician stand for the day."""
        for fact in ("Name and birth date confirmed", "Medication and allergies"):
            self.page.get_by_role("checkbox", name=re.compile(fact)).check()
        self.answers("Reasons not to treat today", "None of these")
        self.answers("Risks and plans", "None of these")

    def readies_the_day(self, clinician):
        """One press for the emergency kit, one for who is responsible; it holds for everybody."""
        self.page.goto("/my-day/")
        self.page.get_by_role("button", name="Checked now").click()
        expect(self.page.get_by_text(re.compile(r"^Checked \d\d:\d\d"))).to_be_visible()
        self.page.get_by_role("button", name=clinician).click()
        expect(self.page.get_by_text(f"{clinician}, since")).to_be_visible()

    def has_the_consent_signed(self):
        """Hands the tablet over: the patient reads, allows photographs and signs with a finger."""
        self.page.get_by_role("link", name="Sign now").click()
        self.looks_around()
        self.page.get_by_role("group", name="Photographs of my legs").get_by_text("Yes, you may").click()
        box = self.page.get_by_role("img", name=re.compile("^Box to sign in")).bounding_box()
        mouse, top = self.page.mouse, box["y"] + box["height"] / 2
        mouse.move(box["x"] + 60, top)
        mouse.down()
        for step in range(1, 8):
            mouse.move(box["x"] + 60 + step * 30, top + (20 if step % 2 else -20))
        mouse.up()
        self.page.get_by_role("button", name="Sign the consent").click()
        expect(self.page.get_by_text(re.compile("^Signed .* photographs allowed"))).to_be_visible()

    def enters_the_weight(self, kg):
        self.page.locator("#weight > summary").click()
        self.page.get_by_label("Weight").fill(kg)

    def adds_a_site_on_the_map(self, place):
        self.page.get_by_role("group", name=re.compile("^Leg map")).get_by_role("link", name=place).click()

    def adds_a_site_from_the_list(self, place):
        self.page.get_by_role("group", name="Show the places as").get_by_text("List").click()
        self.page.get_by_role("link", name=place).click()

    def adds_a_site_by_the_keyboard(self, first_letters, *words_and_keys):
        """The place by its first letters, then the numbers from field to field; "Tab" and "Enter" are keys."""
        self.page.get_by_label("Place of the next site").focus()
        self.page.keyboard.type(first_letters)
        self.page.keyboard.press("Enter")
        self.site_at(first_letters)
        for each in words_and_keys:
            (self.page.keyboard.press if each in ("Tab", "Enter") else self.page.keyboard.type)(each)

    def site_at(self, place):
        """The card of a place, once it is open."""
        summary = self.page.locator("summary.site", has_text=place)
        card = self.page.locator("details.site-card[open]").filter(has=summary)
        expect(card).to_be_visible()
        return card

    def charts(self, place, vein_type, *, injections, each_ml, length_cm):
        site = self.site_at(place)
        site.get_by_role("group", name="Vein type").get_by_text(vein_type).click()
        for label, number in (("Injections", injections), ("Each", each_ml), ("Length", length_cm)):
            site.get_by_label(label, exact=True).fill(str(number))

    def sees_the_totals(self, *words):
        """They follow every change by themselves."""
        for each in words:
            expect(self.page.get_by_role("contentinfo").get_by_text(each, exact=True)).to_be_visible()

    def sees_the_finding(self, title):
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()

    def gives_the_reason(self, title, reason):
        finding = self.page.locator("details, section").filter(has=self.page.get_by_role("heading", name=title)).last
        finding.get_by_role("textbox", name="Reason").fill(reason)
        finding.get_by_role("checkbox", name="I have seen this and go on").check()

    def enters_the_ampoules(self, strength, *, lot, expiry, opened):
        line = self.page.get_by_role("group", name=f"Ampoules of {strength}", exact=True)
        for label, words in (("Lot", lot), ("Expiry", expiry), ("Opened", str(opened))):
            line.get_by_label(label, exact=True).fill(words)

    def puts_the_stocking_on(self, legs, garment, mmhg):
        self.answers("Stocking on", legs)
        for words in (garment, mmhg):
            self.page.get_by_role("button", name=words, exact=True).click()
        self.page.get_by_role("button", name="Stocking on at: now").click()

    def starts_the_walk(self):
        self.page.get_by_role("button", name="Start", exact=True).click()
        expect(self.page.get_by_role("timer")).to_be_visible()

    def notes(self, words):
        """Types a note, and goes on when the page has saved itself with it; nothing is under way then."""
        with self.page.expect_response(lambda answer: words in (answer.request.post_data or "")):
            self.page.get_by_role("textbox", name="Note", exact=True).fill(words)

    def loads_the_page_again(self):
        self.page.reload()

    def reads_the_draft(self):
        sites = self.page.locator("summary.site .site-words b").all_inner_texts()
        return {"Note": self.page.get_by_role("textbox", name="Note", exact=True).input_value(), "sites": sites}

    def ends_the_walk(self, how):
        self.page.get_by_role("button", name="Walk ended: now").click()
        self.answers("At the end", how)
        self.answers("Reaction during or after", "None seen")

    def checks_the_plan(self):
        self.page.get_by_role("link", name="Check the plan and sign").click()
        self.sees("Check the plan, then sign")

    def signs(self):
        self.page.get_by_role("button", name=re.compile("^Sign as")).click()
        self.sees(re.compile(": session of "))


class PatientAtHome(Person):
    """On a phone, without a password."""

    def opens(self, link):
        self.page.goto(link)

    def looks_again(self):
        self.page.reload()

    def asks_for_the_code(self, *, button="Send me the code"):
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_url("**/accounts/code/confirm/")

    def types_the_code(self, code):
        self.page.get_by_role("textbox").fill(code)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def puts_the_questions_off(self):
        """The message that asks how one is leads to the questions; the plan is one press away."""
        self.sees("How are you?")
        self.goes_to_today()

    def goes_to_today(self, link="Today"):
        self.page.get_by_role("link", name=link).first.click()
        self.page.wait_for_url("**/today/")

    def reads_of_today(self):
        """What there is to do, to leave and to come: each part's title with the line that says until when."""
        until = ".hero-until, h2 ~ p, .leave-when"
        parts = self.page.get_by_role("main").locator(f"section:has({until})").all()
        return {self._words(part, "h1, h2"): self._words(part, until) for part in parts}

    def _words(self, part, selector):
        return " ".join(part.locator(selector).first.inner_text().split())

    def says_of_today(self, words):
        """One press on the page of the day, which stays."""
        self.page.get_by_role("button", name=words, exact=True).click()
        self.is_told("Noted")

    def tells_of_the_walk(self, how, *, why):
        """What got in the way, on the page of the day's walk."""
        self.page.get_by_role("link", name="Only a little, or not today").click()
        self.sees("How did it go with the walk?")
        self.looks_around()
        self.page.get_by_text(how, exact=True).click()
        self.page.get_by_text(why, exact=True).click()
        self.page.get_by_role("button", name="Save the answer").click()

    def goes_back_to_today(self):
        self.page.get_by_role("link", name="Back to today").click()

    def has_said(self, task):
        """What stands under the question of today."""
        return self.page.get_by_role("group", name=task).locator(".tick-said").inner_text()

    def is_asked_how_she_is(self):
        self.page.get_by_role("link", name="How are you?").click()
        self.sees("How are you?")
        self.looks_around()

    def says_no_to_all(self):
        for question in self.page.get_by_role("main").get_by_role("group").all():
            question.get_by_text("No", exact=True).click()
        self.page.get_by_role("button", name="Next").click()

    def ticks(self, *symptoms):
        self.sees("What do you have?")
        self.looks_around()
        for words in symptoms:
            self.page.get_by_role("checkbox", name=words).check()
        self.page.get_by_role("button", name="Next").click()

    def adds_words_and_sends(self, words, *, leg):
        self.sees("Tell us more")
        self.page.get_by_text(leg, exact=True).click()
        self.page.get_by_label("Anything else, in your own words").fill(words)
        self.looks_around()
        self.page.get_by_role("button", name="Send to the clinic").click()

    def reads_of_her_report(self):
        """By when somebody answers, and what happened so far, newest last, without the times."""
        due = self.page.locator(".answer-by")
        steps = self.page.locator(".happened li > div").all()
        happened = [step.inner_text().split("\n")[0].strip() for step in steps]
        return (due.inner_text() if due.count() else "", happened)


class Clinician(Person):
    """Answers for what patients report."""

    def is_alerted(self, words):
        """The line on top of every page but the queue, which shows the report itself; it leads to it."""
        self.page.get_by_role("navigation").get_by_role("link", name="Patients").first.click()
        expect(self.page.locator(".page-alerts")).to_contain_text(words)

    def opens_the_report_of(self, name):
        self.page.locator(".page-alerts").get_by_role("link", name="Open it").first.click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def takes_it(self):
        self.page.get_by_role("button", name="Take it: I answer").click()
        expect(self.page.get_by_text("You have it since")).to_be_visible()

    def reads_the_patients_words(self):
        return self.page.locator(".quote").inner_text()

    def closes_it(self, *, outcome, note):
        self.page.get_by_text("Reached", exact=True).click()
        self.page.get_by_label("What happens now").select_option(outcome)
        self.page.get_by_label("Note").fill(note)
        if outcome in ("visit", "scan"):
            self.page.get_by_label("The result of the visit or scan is known").check()
        self.page.get_by_role("button", name="Close the report").click()
        expect(self.page.get_by_text("Hugo Ashdown closed it").first).to_be_visible()
