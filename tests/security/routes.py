"""Every address of the product, written down: who may, by which methods, with which answer, for which objects.

This table is a second opinion on `clinic.access`: it is written by hand, and a route that is missing here fails a test.
"""

from dataclasses import dataclass, field

EVERYBODY = frozenset({"everybody"})
NURSE, DESK, CLINICIAN, LEAD, ADMIN = "nurse", "front_desk", "clinician", "clinical_lead", "administrator"
PATIENTS = frozenset({"patient_a", "patient_b"})
READERS = PATIENTS | {"carer"}  # of pages about patients; the carer is patient B's
STAFF = frozenset({NURSE, DESK, CLINICIAN, LEAD, ADMIN})
TREATING = frozenset({NURSE, CLINICIAN, LEAD})
BOOKING = TREATING | {DESK}
ADMINISTRATOR = frozenset({ADMIN})
CLINICIANS = frozenset({CLINICIAN, LEAD})
SCHEDULING = frozenset({LEAD, ADMIN})
STOCKING = TREATING | {ADMIN}

OK, GOES_ON, NOT_SENT = frozenset({200}), frozenset({302}), frozenset({401})
PAGE_OR_GOES_ON = frozenset({200, 302})
# A form posted empty comes back with its errors.
FORM = frozenset({200, 302, 400, 422})
# The visit in the world is patient B's; to patient A it is not there.
OWN_ONLY = frozenset({200, 302, 404})

LOOK = {"GET": OK, "HEAD": OK}
LOOK_ONLY = {"GET": OK}  # without HEAD
FILL = {**LOOK, "POST": FORM}
POST = {"POST": FORM}
# A later step of several goes back to the first one while that is not done.
STEP = {"GET": PAGE_OR_GOES_ON, "HEAD": PAGE_OR_GOES_ON, "POST": FORM}
LOOK_OR_404 = dict.fromkeys(LOOK, frozenset({200, 404}))  # patient B's; to patient A it is not there
LOOK_NOT_THERE = dict.fromkeys(LOOK, frozenset({404}))
NOT_THERE = {**LOOK_NOT_THERE, "POST": frozenset({404})}
GONE_ON = dict.fromkeys(("GET", "HEAD", "POST", "PUT", "DELETE"), GOES_ON)
ANY_METHOD = dict.fromkeys(("GET", "HEAD", "POST", "PUT", "DELETE"), OK)
# Django's administration answers any method with the page; what it must not do is write, which is looked at apart.
SET_UP = {**ANY_METHOD, "POST": PAGE_OR_GOES_ON}
NEVER = dict.fromkeys(("GET", "HEAD", "POST", "PUT", "DELETE"), frozenset({403}))


@dataclass(frozen=True)
class Route:
    who: frozenset[str]
    methods: dict[str, frozenset[int]]
    # Parameter of the address -> name of an object in the world.
    params: dict[str, str] = field(default_factory=dict)
    # What people who are signed in get from pages for those who are not, and the other way round.
    signed_in: dict[str, frozenset[int]] | None = None
    no_csrf: bool = False
    # What a carer gets where it is not what patients get.
    carer: dict[str, frozenset[int]] | None = None
    # What a form gets that is sent after the session ended: a page that says so, where the way to the sign-in loses it.
    signed_out: frozenset[int] = GOES_ON
    # What looking at the page may write besides the trail: who has a draft open.
    presence: frozenset[str] = frozenset()

    def expected(self, who: str, method: str) -> frozenset[int]:
        """The statuses that may answer, for one person and one method."""
        is_known = who not in ("anonymous", "deactivated")
        if self.who != EVERYBODY:
            if not is_known:
                return self.signed_out if method == "POST" else GOES_ON
            if who not in self.who:
                return frozenset({403})
        if who == "carer" and self.carer is not None:
            return self.carer.get(method, frozenset({405}))
        methods = self.signed_in if is_known and self.signed_in is not None else self.methods
        return methods.get(method, frozenset({405}))


def _set_up(name: str, row: str, *, may_add: bool = True) -> dict[str, Route]:
    """The six addresses of a model in the administration; nothing is deleted there, by nobody."""
    at_row = {"object_id": row}
    app, _, model = name.rpartition("_")
    return {
        f"admin:/admin/{app}/{model}/<path:object_id>/": Route(ADMINISTRATOR, GONE_ON, at_row),
        f"admin:{name}_changelist": Route(ADMINISTRATOR, SET_UP),
        f"admin:{name}_add": Route(ADMINISTRATOR, SET_UP if may_add else NEVER),
        f"admin:{name}_change": Route(ADMINISTRATOR, SET_UP, at_row),
        f"admin:{name}_history": Route(ADMINISTRATOR, ANY_METHOD, at_row),
        f"admin:{name}_delete": Route(ADMINISTRATOR, NEVER, at_row),
    }


ROUTES: dict[str, Route] = {
    "home": Route(EVERYBODY, GONE_ON),
    "healthz": Route(EVERYBODY, LOOK),
    # --- Accounts
    "account_login": Route(EVERYBODY, FILL, signed_in=GONE_ON),
    "account_logout": Route(
        EVERYBODY, dict.fromkeys(("GET", "HEAD", "POST"), GOES_ON), signed_in={**LOOK, "POST": GOES_ON}
    ),
    "account_signup": Route(EVERYBODY, ANY_METHOD, signed_in=GONE_ON),
    "account_inactive": Route(EVERYBODY, LOOK),
    "account_request_login_code": Route(EVERYBODY, FILL, signed_in=GONE_ON),
    "account_confirm_login_code": Route(EVERYBODY, GONE_ON),
    "account_reauthenticate": Route(STAFF, FILL),
    "account_change_password": Route(STAFF, FILL),
    "account_reset_password": Route(EVERYBODY, FILL),
    "account_reset_password_done": Route(EVERYBODY, LOOK),
    "account_reset_password_from_key": Route(EVERYBODY, GONE_ON, {"uidb36": "uid", "key": "token"}),
    "account_reset_password_from_key_done": Route(EVERYBODY, LOOK),
    "clinic:audit": Route(frozenset({LEAD, ADMIN}), LOOK),
    # --- Patients, messages, the protocol
    "clinic:patients": Route(BOOKING, FILL),
    "clinic:patient_suggestions": Route(BOOKING, POST),
    "clinic:patient_new": Route(BOOKING, FILL),
    "clinic:patient": Route(BOOKING, LOOK, {"patient_id": "patient_b"}),
    "clinic:patient_edit": Route(BOOKING, FILL, {"patient_id": "patient_b"}),
    "clinic:alerts": Route(STAFF, LOOK),
    "clinic:messages": Route(BOOKING, LOOK),
    "clinic:message_called": Route(BOOKING, POST, {"item": "task"}),
    "clinic:message_verdict": Route(BOOKING, POST, {"item": "task"}),
    "clinic:message_review": Route(BOOKING, {"POST": frozenset({404})}, {"item": "held"}),
    "clinic:protocol": Route(TREATING | {ADMIN}, LOOK),
    "clinic:protocol_next": Route(frozenset({LEAD}), FILL),
    "clinic:stop": Route(EVERYBODY, FILL, {"token": "stop"}, no_csrf=True),
    # --- The visit
    "sessions_app:get_started": Route(EVERYBODY, FILL),
    # Without the promise of who asked it leads to the form.
    "sessions_app:get_started_thanks": Route(EVERYBODY, dict.fromkeys(LOOK, GOES_ON)),
    "sessions_app:visit_request": Route(BOOKING, FILL, {"public_id": "visit_request"}),
    "sessions_app:request_register": Route(BOOKING, FILL, {"public_id": "visit_request"}),
    "sessions_app:request_reopen": Route(BOOKING, POST, {"public_id": "visit_request"}),
    "sessions_app:portal_visits": Route(PATIENTS, LOOK),
    "sessions_app:portal_confirm": Route(PATIENTS, {"POST": OWN_ONLY}, {"public_id": "visit_booked"}),
    "sessions_app:portal_change": Route(
        PATIENTS, dict.fromkeys(("GET", "HEAD", "POST"), OWN_ONLY), {"public_id": "visit_booked"}
    ),
    "sessions_app:portal_ask": Route(PATIENTS, {"POST": OWN_ONLY}, {"public_id": "visit_booked"}),
    "sessions_app:day": Route(STAFF, LOOK),
    "sessions_app:week": Route(STAFF, LOOK),
    "sessions_app:board_changes": Route(STAFF, LOOK),
    "sessions_app:print_day": Route(STAFF, LOOK),
    "sessions_app:calls": Route(BOOKING, LOOK),
    "sessions_app:calls_beside": Route(STAFF, LOOK),
    "sessions_app:visit_task_done": Route(BOOKING, POST, {"public_id": "outside"}),
    "sessions_app:visit_task_open": Route(BOOKING, POST, {"public_id": "outside"}),
    "sessions_app:waiting": Route(BOOKING, LOOK),
    "sessions_app:wait_join": Route(BOOKING, FILL),
    "sessions_app:wait_patients": Route(BOOKING, POST),
    "sessions_app:wait_change": Route(BOOKING, FILL, {"public_id": "waiting"}),
    "sessions_app:wait_leave": Route(BOOKING, POST, {"public_id": "waiting"}),
    "sessions_app:wait_back": Route(BOOKING, POST, {"public_id": "waiting"}),
    "sessions_app:wait_offer": Route(BOOKING, FILL, {"public_id": "waiting"}),
    "sessions_app:freed": Route(BOOKING, dict.fromkeys(LOOK, frozenset({404}))),  # of no time: there is none
    "sessions_app:offer_accept": Route(BOOKING, POST, {"public_id": "offer"}),
    "sessions_app:offer_decline": Route(BOOKING, POST, {"public_id": "offer"}),
    "sessions_app:offer_take_back": Route(BOOKING, POST, {"public_id": "offer"}),
    "sessions_app:book": Route(BOOKING, FILL),
    "sessions_app:book_patients": Route(BOOKING, POST),
    "sessions_app:book_course": Route(BOOKING, FILL),
    "sessions_app:undo_course": Route(BOOKING, POST, {"public_id": "course"}),
    "sessions_app:undo": Route(BOOKING, POST, {"public_id": "visit_booked"}),
    "sessions_app:confirm_visit": Route(BOOKING, POST, {"public_id": "visit_booked"}),
    "sessions_app:hold_place": Route(CLINICIANS, FILL, {"patient_id": "patient_b"}),
    "sessions_app:hold_lift": Route(CLINICIANS, FILL, {"patient_id": "patient_held"}),
    "sessions_app:appointment": Route(STAFF, LOOK, {"public_id": "visit_booked"}),
    "sessions_app:move": Route(BOOKING, FILL, {"public_id": "visit_booked"}),
    "sessions_app:cancel": Route(BOOKING, FILL, {"public_id": "visit_booked"}),
    "sessions_app:status": Route(BOOKING, POST, {"public_id": "visit_booked"}),
    "sessions_app:appointment_ics": Route(
        STAFF | READERS, LOOK_OR_404, {"public_id": "visit_booked"}, carer=LOOK_NOT_THERE
    ),
    "sessions_app:calendar": Route(TREATING, LOOK),
    "sessions_app:calendar_address": Route(TREATING, POST),
    "sessions_app:calendar_end": Route(TREATING, POST),
    "sessions_app:feed": Route(EVERYBODY, LOOK, {"secret": "feed"}),
    "sessions_app:setup": Route(SCHEDULING, LOOK),
    "sessions_app:setup_hours": Route(SCHEDULING, LOOK),
    "sessions_app:setup_nurse": Route(SCHEDULING, FILL, {"nurse_id": "nurse"}),
    "sessions_app:setup_date": Route(SCHEDULING, POST, {"nurse_id": "nurse"}),
    "sessions_app:setup_date_clear": Route(SCHEDULING, POST, {"nurse_id": "nurse"}),
    "sessions_app:setup_closures": Route(SCHEDULING, FILL),
    "sessions_app:setup_closure_end": Route(SCHEDULING, POST, {"closure_id": "closure_row"}),
    "sessions_app:setup_rooms": Route(SCHEDULING, FILL),
    "sessions_app:setup_room": Route(SCHEDULING, FILL, {"room_id": "room_row"}),
    "sessions_app:setup_services": Route(SCHEDULING, LOOK),
    "sessions_app:setup_service_new": Route(SCHEDULING, FILL),
    "sessions_app:setup_service": Route(SCHEDULING, FILL, {"service_id": "service_row"}),
    "sessions_app:setup_rules": Route(SCHEDULING, FILL),
    "sessions_app:record": Route(TREATING, LOOK, {"patient_id": "patient_a"}),
    "sessions_app:scores": Route(TREATING, LOOK, {"patient_id": "patient_a"}),
    "sessions_app:score_new": Route(TREATING, FILL, {"patient_id": "patient_a"}),
    "sessions_app:handover": Route(TREATING, LOOK, {"patient_id": "patient_a"}),
    "sessions_app:my_day": Route(TREATING, LOOK_ONLY),
    "sessions_app:visit": Route(
        TREATING,
        {**LOOK, "POST": GOES_ON},
        {"public_id": "visit_now"},
        presence=frozenset({"sessions_app_treatmentsession"}),
    ),
    "sessions_app:session": Route(TREATING, LOOK_ONLY, {"public_id": "session_a"}),
    "sessions_app:session_save": Route(TREATING, {"POST": frozenset({200, 302, 409})}, {"public_id": "draft"}),
    "sessions_app:not_treated": Route(TREATING, FILL, {"public_id": "draft"}),
    "sessions_app:amend": Route(TREATING, FILL, {"public_id": "session_a"}),
    "sessions_app:correction": Route(
        TREATING, LOOK, {"public_id": "correction"}, presence=frozenset({"sessions_app_treatmentsession"})
    ),
    "sessions_app:give_up": Route(TREATING, {"POST": GOES_ON}, {"public_id": "draft"}),
    "sessions_app:session_hold": Route(TREATING, {"POST": OK}, {"public_id": "draft"}),
    "sessions_app:session_take_over": Route(TREATING, {"POST": GOES_ON}, {"public_id": "draft"}),
    "sessions_app:ask_clinician": Route(TREATING, {"POST": GOES_ON}, {"public_id": "draft"}),
    "sessions_app:hand_back": Route(frozenset({CLINICIAN, LEAD}), {"POST": GOES_ON}, {"public_id": "draft"}),
    "sessions_app:to_sign": Route(TREATING, LOOK),
    "sessions_app:stock": Route(STOCKING, LOOK),
    "sessions_app:stock_receive": Route(STOCKING, FILL),
    "sessions_app:stock_product_new": Route(STOCKING, FILL),
    "sessions_app:stock_product": Route(STOCKING, FILL, {"public_id": "product"}),
    "sessions_app:stock_lot": Route(STOCKING, FILL, {"public_id": "lot"}),
    "sessions_app:stock_use_today": Route(STOCKING, {"POST": GOES_ON}, {"public_id": "lot"}),
    "sessions_app:stock_offer_again": Route(STOCKING, {"POST": GOES_ON}, {"public_id": "lot"}),
    "sessions_app:lot_patients": Route(TREATING, LOOK),
    "sessions_app:review_override": Route(frozenset({LEAD}), {"POST": GOES_ON}, {"task_id": "task"}),
    "sessions_app:day_check": Route(TREATING, {"POST": GOES_ON}),
    "sessions_app:consents": Route(TREATING, LOOK, {"patient_id": "patient_a"}),
    "sessions_app:consent_sign": Route(TREATING, FILL, {"patient_id": "patient_b"}),
    "sessions_app:consent": Route(TREATING, LOOK, {"public_id": "consent_b"}),
    "sessions_app:consent_end": Route(TREATING, FILL, {"public_id": "consent_b"}),
    "sessions_app:consent_text": Route(frozenset({LEAD}), FILL),
    "sessions_app:allergies": Route(TREATING, FILL, {"public_id": "draft"}),
    "sessions_app:own_consents": Route(PATIENTS, LOOK),
    "sessions_app:own_consent": Route(PATIENTS, dict.fromkeys(LOOK, frozenset({200, 404})), {"public_id": "consent_b"}),
    "sessions_app:versions": Route(TREATING, LOOK, {"public_id": "session_a"}),
    "sessions_app:events": Route(TREATING, LOOK),
    "sessions_app:event_begin": Route(TREATING, FILL, {"patient_id": "patient_b"}),
    "sessions_app:event": Route(TREATING, FILL, {"public_id": "event"}),
    "sessions_app:event_seen": Route(CLINICIANS, POST, {"public_id": "event"}),
    "sessions_app:event_allergy": Route(CLINICIANS, POST, {"public_id": "event"}),
    "sessions_app:event_close": Route(CLINICIANS, POST, {"public_id": "event"}),
    "sessions_app:event_withdraw": Route(TREATING, POST, {"public_id": "event"}),
    "sessions_app:event_reopen": Route(CLINICIANS, POST, {"public_id": "event"}),
    "sessions_app:event_report": Route(TREATING, LOOK, {"public_id": "event"}),
    "sessions_app:photographs": Route(TREATING, LOOK, {"patient_id": "patient_a"}),
    "sessions_app:photographs_add": Route(TREATING, FILL, {"patient_id": "patient_a"}),
    "sessions_app:photographs_compare": Route(
        TREATING, dict.fromkeys(LOOK, GOES_ON), {"patient_id": "patient_a"}
    ),  # of none: to the album
    "sessions_app:photograph": Route(TREATING, LOOK, {"public_id": "photograph"}),
    "sessions_app:photograph_remove": Route(TREATING, FILL, {"public_id": "photograph"}),
    "sessions_app:photograph_file": Route(TREATING, LOOK, {"public_id": "photograph"}),
    "sessions_app:photograph_thumbnail": Route(TREATING, LOOK, {"public_id": "photograph"}),
    # --- After the visit
    "aftercare:today": Route(PATIENTS, LOOK),
    "aftercare:answer_stocking": Route(PATIENTS, FILL),
    "aftercare:answer_walk": Route(PATIENTS, FILL),
    "aftercare:care_answer_stocking": Route(READERS, NOT_THERE, {"carer_id": "carer_b"}, carer=FILL),
    "aftercare:care_answer_walk": Route(READERS, NOT_THERE, {"carer_id": "carer_b"}, carer=FILL),
    "aftercare:help_done": Route(BOOKING, {"POST": GOES_ON}, {"public_id": "help"}),
    "aftercare:course_words": Route(frozenset({LEAD}), {**LOOK, "POST": frozenset({404})}),
    "aftercare:sign": Route(TREATING, {**LOOK, "POST": frozenset({200, 409})}, {"public_id": "draft"}),
    "aftercare:plan": Route(TREATING, LOOK, {"public_id": "patient_a"}),
    "aftercare:phone_report": Route(BOOKING, FILL, {"public_id": "patient_b"}),
    "aftercare:report_told": Route(BOOKING, LOOK, {"report_id": "report_b"}),
    "aftercare:how": Route(READERS, FILL, carer=NOT_THERE, signed_out=NOT_SENT),
    "aftercare:how_symptoms": Route(READERS, STEP, carer=NOT_THERE, signed_out=NOT_SENT),
    "aftercare:how_words": Route(READERS, STEP, carer=NOT_THERE, signed_out=NOT_SENT),
    "aftercare:how_well": Route(READERS, LOOK, carer=LOOK_NOT_THERE),
    "aftercare:how_reports": Route(READERS, LOOK, carer=LOOK_NOT_THERE),
    "aftercare:how_report": Route(READERS, LOOK_OR_404, {"report_id": "report_b"}, carer=LOOK_NOT_THERE),
    # A carer's addresses; to patients they are not there.
    "aftercare:care_how": Route(READERS, NOT_THERE, {"carer_id": "carer_b"}, carer=FILL, signed_out=NOT_SENT),
    "aftercare:care_how_symptoms": Route(READERS, NOT_THERE, {"carer_id": "carer_b"}, carer=STEP, signed_out=NOT_SENT),
    "aftercare:care_how_words": Route(READERS, NOT_THERE, {"carer_id": "carer_b"}, carer=STEP, signed_out=NOT_SENT),
    "aftercare:care_how_well": Route(READERS, LOOK_NOT_THERE, {"carer_id": "carer_b"}, carer=LOOK),
    "aftercare:care_how_reports": Route(READERS, LOOK_NOT_THERE, {"carer_id": "carer_b"}, carer=LOOK),
    "aftercare:care_how_report": Route(READERS, LOOK_NOT_THERE, {"carer_id": "carer_b", "report_id": "report_b"}),
    "aftercare:care": Route(READERS, LOOK, carer=dict.fromkeys(LOOK, GOES_ON)),
    "aftercare:care_today": Route(READERS, LOOK_NOT_THERE, {"carer_id": "carer_b"}, carer=LOOK),
    "aftercare:care_print": Route(READERS, LOOK_NOT_THERE, {"carer_id": "carer_b"}, carer=LOOK),
    "aftercare:care_leave": Route(
        READERS, {"POST": frozenset({404})}, {"carer_id": "carer_b"}, carer={"POST": GOES_ON}
    ),
    "aftercare:preferences": Route(READERS, FILL),
    "aftercare:speak": Route(READERS, {"POST": GOES_ON}),
    "aftercare:start_messages": Route(PATIENTS, {"POST": GOES_ON}),
    "aftercare:stop_messages": Route(PATIENTS, {"POST": GOES_ON}),
    "aftercare:carers": Route(PATIENTS, FILL),
    "aftercare:carer": Route(PATIENTS, {"POST": OWN_ONLY}, {"carer_id": "carer_b"}),
    "aftercare:patient_carers": Route(TREATING, FILL, {"patient_id": "patient_b"}),
    "aftercare:patient_carer": Route(TREATING, {"POST": GOES_ON}, {"patient_id": "patient_b", "carer_id": "carer_b"}),
    # A patient who is signed in already is led on to the own page.
    "aftercare:plan_link": Route(
        EVERYBODY, {"GET": PAGE_OR_GOES_ON, "HEAD": PAGE_OR_GOES_ON, "POST": GOES_ON}, {"secret": "link"}
    ),
    "aftercare:kept": Route(PATIENTS, LOOK),
    "aftercare:offline": Route(EVERYBODY, LOOK),
    "aftercare:service_worker": Route(EVERYBODY, LOOK),
    "aftercare:manifest": Route(EVERYBODY, LOOK),
    "aftercare:print": Route(PATIENTS, LOOK),
    "aftercare:plan_print": Route(TREATING, LOOK, {"public_id": "patient_a"}),
    "aftercare:queue": Route(BOOKING, LOOK),
    "aftercare:queue_list": Route(BOOKING, LOOK),
    "aftercare:queue_report": Route(BOOKING, LOOK, {"public_id": "report_b"}),
    "aftercare:queue_take": Route(TREATING, {"POST": GOES_ON}, {"public_id": "report_b"}),
    # Without a version the page is older than the report.
    "aftercare:queue_take_over": Route(TREATING, {"POST": frozenset({409})}, {"public_id": "report_b"}),
    "aftercare:queue_save": Route(TREATING, {"POST": frozenset({422})}, {"public_id": "report_b"}),
    "aftercare:queue_hand_over": Route(TREATING, {"POST": frozenset({422})}, {"public_id": "report_b"}),
    # Nurses close what is expected; of the rest they read that a clinician does.
    "aftercare:queue_close": Route(TREATING, {"POST": frozenset({422})}, {"public_id": "report_b"}),
    "aftercare:queue_stocking_on": Route(CLINICIANS, {"POST": GOES_ON}, {"public_id": "report_b"}),
    # --- Set-up
    "admin:index": Route(ADMINISTRATOR, ANY_METHOD),
    "admin:login": Route(ADMINISTRATOR, GONE_ON),
    "admin:logout": Route(ADMINISTRATOR, GONE_ON),
    "admin:password_change": Route(ADMINISTRATOR, GONE_ON),
    "admin:password_change_done": Route(ADMINISTRATOR, GONE_ON),
    "admin:autocomplete": Route(ADMINISTRATOR, {"GET": frozenset({403}), "HEAD": frozenset({403})}),
    "admin:jsi18n": Route(ADMINISTRATOR, LOOK),
    "admin:view_on_site": Route(
        ADMINISTRATOR,
        dict.fromkeys(ANY_METHOD, frozenset({404})),
        {"content_type_id": "person_type", "object_id": "person_row"},
    ),
    "admin:app_list": Route(ADMINISTRATOR, ANY_METHOD, {"app_label": "app"}),
    "admin:/admin/<url>": Route(ADMINISTRATOR, dict.fromkeys(ANY_METHOD, frozenset({404})), {"url": "nowhere"}),
    **_set_up("clinic_clinic", "clinic_row", may_add=False),
    **_set_up("clinic_user", "person_row"),
}
