"""What must hold for every session, whatever its zone, date and mix."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.protocol import (
    Answer,
    AppointmentTime,
    BeforeFacts,
    CompressionState,
    DatedItem,
    InjectedSite,
    ItemKey,
    Leg,
    LoggingFacts,
    ProductForm,
    ProtocolError,
    SessionFacts,
    SiteFacts,
    TimedItem,
    VeinType,
    findings_before,
    findings_logged,
    plan_for,
    schedule_for,
    timeline_of,
)
from clinic.protocol.catalogue import catalogue
from clinic.protocol.checks.facts import AmpouleFacts
from clinic.protocol.values import LIMITS_NOT_BELOW, NOT_ABOVE
from clinic.protocol.vocabulary import StockingLegs
from tests.clinic.protocol.helpers import RETICULAR, SHIPPED, SPIDER

ZONES = sorted(name for name in available_timezones() if name not in {"localtime", "Factory", "posixrules"})
PER_LEG = SHIPPED.with_overrides({"compression_scope": "LEG"})
AFTER = SHIPPED.with_overrides({"daytime_anchor": "AFTER_CONTINUOUS"})

instants = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))
zones = st.sampled_from(ZONES)
sites = st.builds(
    InjectedSite,
    leg=st.sampled_from(Leg),
    vein_type=st.sampled_from(VeinType),
    volume_ml=st.decimals("0", "3", places=1),
)
sessions = st.builds(
    SessionFacts,
    session_end=instants,
    time_zone=zones,
    sites=st.lists(sites, min_size=1, max_size=6).map(tuple),
    extensive_days=st.none() | st.integers(8, 60),
    breastfeeding=st.booleans(),
    vte_risk=st.booleans(),
)
protocols = st.sampled_from([SHIPPED, PER_LEG, AFTER])
# Sessions of one patient: one zone, within three months.
courses = st.builds(
    lambda zone, start, several: [
        replace(each, time_zone=zone, session_end=start + timedelta(minutes=after)) for after, each in several
    ],
    zones,
    instants,
    st.lists(st.tuples(st.integers(0, 130_000), sessions), max_size=5),
)


def ends(plan):
    """End of every item: what a patient still has to do, by key and leg."""
    return {
        (item.key, item.leg): (item.ends_at, item.min_ends_at)
        if isinstance(item, TimedItem)
        else (item.last_date, item.min_last_date)
        for item in plan.items
    }


@given(sessions, protocols)
def test_no_end_is_early_on_the_wall_of_the_zone(facts, protocol):
    zone = ZoneInfo(facts.time_zone)
    plan = plan_for(facts, protocol)
    start = facts.session_end.astimezone(zone).replace(tzinfo=None)

    for item in plan.items:
        if isinstance(item, TimedItem) and item.key not in BY_THE_CLOCK:
            for end in (item.ends_at, item.min_ends_at):
                wall = end.astimezone(zone).replace(tzinfo=None)
                assert wall - start >= timedelta(days=round((wall - start) / timedelta(days=1)))
                later = end + timedelta(hours=1)
                # Of a repeated hour the second: an hour on, the wall shows another time.
                assert later.astimezone(zone).replace(tzinfo=None) != wall


BY_THE_CLOCK = {ItemKey.OBSERVATION, ItemKey.WALK_IMMEDIATE, ItemKey.BREASTFEEDING_PAUSE}


@given(sessions, protocols)
def test_every_item_starts_before_it_ends_and_its_least_is_not_after_its_end(facts, protocol):
    for item in plan_for(facts, protocol).items:
        if isinstance(item, DatedItem):
            assert item.first_date <= item.last_date
            assert item.min_last_date is None or item.min_last_date <= item.last_date
        else:
            assert item.starts_at < item.ends_at
            assert item.min_ends_at is None or item.starts_at < item.min_ends_at <= item.ends_at


def test_plans_around_every_clock_change_of_every_zone_end_on_the_wall_or_later():
    early_or_late = [
        (zone, start.isoformat(), off)
        for zone in ZONES
        for change in changes(ZoneInfo(zone), 2026)
        for hours in (-73, -72, -71, -49, -48, -47, -24, -1, 0, 1)
        if not timedelta() <= (off := off_the_wall(start := change + timedelta(hours=hours), zone)) <= MOST
    ]

    assert early_or_late == []


# The widest gap there is, Antarctica/Troll.
MOST = timedelta(hours=2)


def off_the_wall(start, zone):
    """How far after the wanted wall-clock time the continuous phase of a spider plan ends."""
    plan = plan_for(SessionFacts(start, zone, (InjectedSite(Leg.LEFT, SPIDER, Decimal(1)),)), SHIPPED)
    [continuous] = plan.timed(ItemKey.COMPRESSION_CONTINUOUS)
    wanted = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + timedelta(days=3)
    return continuous.ends_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - wanted


def changes(info, year):
    """The instants of a year at which a zone changes its offset, to the hour."""
    instant, found = datetime(year, 1, 1, tzinfo=UTC), []
    while instant.year == year:
        step = timedelta(days=1)
        if (instant + step).astimezone(info).utcoffset() != instant.astimezone(info).utcoffset():
            hours = [instant + timedelta(hours=hour) for hour in range(25)]
            found += [
                later
                for earlier, later in pairwise(hours)
                if earlier.astimezone(info).utcoffset() != later.astimezone(info).utcoffset()
            ]
        instant += step
    return found


@given(sessions)
def test_a_stricter_type_never_ends_earlier(facts):
    spider = plan_for(replace(facts, sites=as_type(facts, SPIDER)), SHIPPED)
    reticular = plan_for(replace(facts, sites=as_type(facts, RETICULAR)), SHIPPED)

    assert_not_earlier(spider, reticular)


def as_type(facts, vein_type):
    return tuple(replace(each, vein_type=vein_type) for each in facts.sites)


@given(sessions, sites)
def test_one_more_site_never_ends_anything_earlier(facts, more):
    assert_not_earlier(plan_for(facts, SHIPPED), plan_for(replace(facts, sites=(*facts.sites, more)), SHIPPED))


@given(sessions, st.integers(8, 60))
def test_extensive_veins_never_end_anything_earlier(facts, days):
    plain = replace(facts, extensive_days=None)

    assert_not_earlier(plan_for(plain, SHIPPED), plan_for(replace(plain, extensive_days=days), SHIPPED))


def assert_not_earlier(looser, stricter):
    later = ends(stricter)
    for name, (end, least) in ends(looser).items():
        assert later[name][0] >= end
        assert least is None or later[name][1] >= least


@given(sessions)
def test_an_injection_makes_a_plan_and_nothing_else_does(facts):
    assert plan_for(facts, SHIPPED).is_empty == all(each.volume_ml == 0 for each in facts.sites)


@given(courses, protocols, st.randoms(use_true_random=False))
def test_plans_merged_in_any_order_give_one_timeline_and_one_schedule(course, protocol, random):
    plans = [plan_for(facts, protocol) for facts in course]
    shuffled = random.sample(plans, len(plans))

    assert timeline_of(shuffled) == timeline_of(plans)
    assert schedule_for(shuffled, [], patient_zone="America/New_York", protocol=protocol) == schedule_for(
        plans, [], patient_zone="America/New_York", protocol=protocol
    )


@given(courses, protocols)
def test_a_timeline_is_at_each_instant_the_strictest_of_its_plans(course, protocol):
    plans = [plan_for(facts, protocol) for facts in course]
    timeline = timeline_of(plans)

    edges = sorted(
        {edge for plan in plans for each in timeline_of([plan]).stretches for edge in (each.starts_at, each.ends_at)}
    )
    for edge in edges:
        states = [timeline_of([plan]).state_at(edge) for plan in plans]
        merged = timeline.state_at(edge)
        assert merged.compression == max((each.compression for each in states), key=list(CompressionState).index)
        assert {each.key for each in merged.avoid} == {each.key for state in states for each in state.avoid}
        assert merged.walk_today == any(each.walk_today for each in states)


@given(courses, protocols)
def test_stretches_of_a_kind_never_overlap_and_neighbours_differ(course, protocol):
    timeline = timeline_of([plan_for(facts, protocol) for facts in course])

    for strand in (timeline.compression, timeline.avoid, timeline.walk):
        for each, after in pairwise(strand):
            assert each.starts_at < each.ends_at <= after.starts_at
            assert each.ends_at < after.starts_at or each.state != after.state


@given(courses, st.lists(instants, max_size=4), zones, st.times())
def test_texts_keep_the_caps_and_the_hours(course, visits, zone, send_at):
    plans = [plan_for(facts, SHIPPED) for facts in course]

    messages = schedule_for(
        plans,
        [AppointmentTime(at, ref=str(n)) for n, at in enumerate(visits)],
        patient_zone=zone,
        protocol=SHIPPED,
        send_at=send_at,
    )

    texts = sorted(each.local_due for each in messages if each.channel == "text")
    days = [each.date() for each in texts]
    assert len(set(days)) == len(days)
    assert all(fourth - first >= timedelta(days=7) for first, fourth in zip(days, days[3:], strict=False))
    assert all(8 <= each.hour < 21 for each in texts)
    assert all(each.due_at <= each.not_after for each in messages)
    assert len({(each.ref, each.key, each.occurrence) for each in messages}) == len(messages)


decimals = st.decimals("-1", "20", places=2, allow_nan=False)
texts = st.sampled_from(["", "C1", "C3", "well", "2026-05", "calf_medial", "face"])
# A few checks say "missing": the weight above 80 mg, and lot and expiry of an ampoule that is on the list.
MISSING_MAY_FIRE = {"L5b", "L6"}


def facts_of(kind, **known):
    values = {
        "bool | None": st.booleans(),
        "decimal.Decimal | None": decimals,
        "int | None": st.integers(0, 100),
        "str | None": texts,
    }
    drawn = {each.name: known.get(each.name, values.get(str(each.type))) for each in fields(kind)}
    return st.builds(kind, **{name: st.none() | how for name, how in drawn.items() if how is not None})


dates = st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 31).date())
whens = st.booleans() | dates
before_facts = facts_of(
    BeforeFacts,
    pregnant=st.sampled_from(Answer),
    session_date=dates,
    birth_date=dates,
    last_session_date=dates,
    major_surgery=whens,
    hospital_stay=whens,
    recent_pregnancy=whens,
    long_flight=whens,
    hard_training=whens,
)
site_facts = facts_of(
    SiteFacts,
    leg=st.sampled_from(Leg),
    vein_type=st.sampled_from(VeinType),
    injections=st.lists(decimals, max_size=5).map(tuple),
)
logging_facts = facts_of(
    LoggingFacts,
    form=st.sampled_from(ProductForm),
    compression_legs=st.sampled_from(StockingLegs),
    session_date=dates,
    signed_on=dates,
    started_at=instants,
    ended_at=instants,
    observation_started_at=instants,
    observation_ended_at=instants,
    now=instants,
    ampoules=st.lists(facts_of(AmpouleFacts), max_size=3).map(tuple),
).flatmap(lambda facts: st.lists(site_facts, max_size=3).map(lambda several: replace(facts, sites=tuple(several))))


@given(before_facts, st.data())
def test_a_question_not_asked_never_adds_a_finding_before(facts, data):
    left_out = data.draw(st.sampled_from([each.name for each in fields(BeforeFacts) if each.name != "starting"]))

    fewer = found(findings_before(replace(facts, **{left_out: None}), SHIPPED))

    assert fewer - found(findings_before(facts, SHIPPED)) <= set()


@given(logging_facts, st.data())
def test_a_fact_left_out_never_adds_a_finding_while_logging(facts, data):
    names = [
        each.name
        for each in fields(LoggingFacts)
        if each.name not in {"signing", "sites", "earlier_mg_today"} | RECORDED
    ]
    left_out = data.draw(st.sampled_from(names))

    fewer = found(findings_logged(replace(facts, **{left_out: None}), SHIPPED))

    assert fewer - found(findings_logged(facts, SHIPPED)) <= MISSING_MAY_FIRE | ASKED_WITH.get(left_out, set())


# Proof that a duty was done: without it the duty is open.
RECORDED = {"adverse_event_recorded", "actions_recorded", "vascular_surgeon_contacted"}
# A stocking was put on: its class and mmHg are then missing, not "not asked". The typed length hides the measured one.
# A walk that cannot be (L19) is no walk that came too early (L12b).
ASKED_WITH = {
    "compression_class": {"L11"},
    "compression_mmhg": {"L11"},
    "compression_applied": {"L11", "L11b"},
    "started_at": {"L12b"},
    "now": {"L12b"},
    "session_minutes": {"L17"},
}


@given(before_facts, logging_facts)
def test_every_finding_fits_its_column_and_comes_once(before, logging):
    findings = (*findings_before(before, SHIPPED), *findings_logged(logging, SHIPPED))

    assert all(0 < len(each.text) <= 400 and 0 < len(each.title) <= 60 for each in findings)
    assert len({each.id for each in findings}) == len(findings)


def found(findings):
    return {each.id for each in findings}


@given(site_facts, st.sampled_from([each.name for each in fields(SiteFacts)]))
def test_a_fact_of_a_site_left_out_never_adds_a_finding(site, left_out):
    fewer = found(findings_logged(LoggingFacts(sites=(replace(site, **{left_out: None}),)), SHIPPED))
    more = found(findings_logged(LoggingFacts(sites=(site,)), SHIPPED))

    # Volumes one by one replace the volume of the site: without them the other counts.
    assert left_out in {"injections", "volume_ml", "injection_count"} or fewer <= more


# --- Values that contradict each other ---------------------------------------------------------------------------


def allowed(key):
    """A value of the key within its range, as it is typed."""
    spec = catalogue()[key]
    if spec.kind == "whole":
        return st.integers(spec.at_least, spec.at_most)
    return st.decimals(spec.at_least, spec.at_most, places=1).map(str)


SIGNED_IN_ORDER = (*NOT_ABOVE, *LIMITS_NOT_BELOW)
ORDERED = sorted({key for pair in SIGNED_IN_ORDER for key in pair})


@given(typed=st.fixed_dictionaries({}, optional={key: allowed(key) for key in ORDERED}))
def test_no_protocol_has_a_least_above_its_most_or_asks_above_its_limit(typed):
    wanted = {**SHIPPED.settings, **{key: catalogue()[key].read(value) for key, value in typed.items()}}
    wrong = [(lower, upper) for lower, upper in SIGNED_IN_ORDER if wanted[lower] > wanted[upper]]

    if wrong:
        with pytest.raises(ProtocolError) as refused:
            SHIPPED.with_overrides(typed, to_be_signed=True)
        assert (refused.value.field, refused.value.other) in [*wrong, *((upper, lower) for lower, upper in wrong)]
        assert refused.value.field in typed
    else:
        assert SHIPPED.with_overrides(typed, to_be_signed=True).settings == wanted


def test_the_shipped_protocol_contradicts_nothing():
    assert [pair for pair in SIGNED_IN_ORDER if SHIPPED.settings[pair[0]] > SHIPPED.settings[pair[1]]] == []
