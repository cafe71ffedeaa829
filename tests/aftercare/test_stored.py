"""A plan goes into rows and comes back as it was computed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.models import AftercarePlan
from aftercare.stored import end_of, plan_of, rule_of
from clinic.protocol import InjectedSite, Leg, Protocol, SessionFacts, VeinType, plan_for
from tests.aftercare.people import RETICULAR, SPIDER, make_plan
from tests.makers import at, make_signed_protocol

SITES = st.lists(
    st.builds(InjectedSite, st.sampled_from(Leg), st.sampled_from(VeinType), st.just(Decimal("0.4"))),
    min_size=1,
    max_size=4,
)


@pytest.mark.django_db
@pytest.mark.parametrize("scope", ["SESSION", "LEG"])
def test_a_stored_plan_comes_back_equal(scope):
    make_signed_protocol(overrides={"compression_scope": scope})
    sites = [{**SPIDER, "leg": "left"}, {**RETICULAR, "leg": "right"}]
    row = make_plan(
        "2026-03-06 16:00", *sites, screening={"breastfeeding": True, "history_of_clot": True}, extensive_days=9
    )

    facts = SessionFacts(
        session_end=at("2026-03-06 16:00"),
        time_zone="America/New_York",
        sites=(
            InjectedSite(Leg.LEFT, VeinType.SPIDER, Decimal("0.40")),
            InjectedSite(Leg.RIGHT, VeinType.RETICULAR, Decimal("0.60")),
        ),
        extensive_days=9,
        breastfeeding=True,
        vte_risk=True,
        ref=str(row.lineage),
    )
    computed = plan_for(facts, Protocol.default().with_overrides({"compression_scope": scope}))
    stored = plan_of(AftercarePlan.objects.prefetch_related("items").get(pk=row.pk))
    assert stored == computed


@given(
    sites=SITES,
    extensive=st.none() | st.integers(8, 40),
    flags=st.tuples(st.booleans(), st.booleans()),
    minutes=st.integers(0, 400 * 24 * 60),
)
def test_a_rule_reads_back_from_its_text(sites, extensive, flags, minutes):
    facts = SessionFacts(
        session_end=at("2026-01-01 00:00") + timedelta(minutes=minutes),
        time_zone="America/New_York",
        sites=tuple(sites),
        extensive_days=extensive,
        breastfeeding=flags[0],
        vte_risk=flags[1],
    )
    rules = [item.rule for item in plan_for(facts, Protocol.default()).items]

    assert [rule_of(str(rule)) for rule in rules] == rules
    assert max(len(str(rule)) for rule in rules) <= 200


def test_a_plan_ends_at_the_midnight_after_its_last_date():
    facts = SessionFacts(
        session_end=at("2026-01-13 10:30"),
        time_zone="America/New_York",
        sites=(InjectedSite(Leg.LEFT, VeinType.SPIDER, Decimal("0.4")),),
    )

    assert end_of(plan_for(facts, Protocol.default())) == at("2026-02-11 00:00")
