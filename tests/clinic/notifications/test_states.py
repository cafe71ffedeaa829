"""The table of moves, in code and in the database."""

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Delivery
from clinic.notifications.states import ENDED, MAY_BECOME, State, move
from tests.clinic.notifications.engine import make_due, reload

ALLOWED = {
    "pending": {"claimed", "cancelled", "expired", "review"},
    "claimed": {"pending", "sending", "cancelled"},
    "sending": {"sent", "pending", "failed", "uncertain"},
    "uncertain": {"pending", "sent", "failed"},
    "review": {"pending", "cancelled"},
    "sent": {"delivered", "bounced"},
}


def test_the_table_is_the_one_of_the_design():
    assert {state.value: {to.value for to in targets} for state, targets in MAY_BECOME.items() if targets} == ALLOWED


def test_every_state_is_in_the_table_and_the_ends_have_no_way_on():
    assert set(MAY_BECOME) == set(State)
    assert {"sent", "delivered", "bounced", "failed", "expired", "cancelled"} == ENDED


@pytest.mark.django_db
@pytest.mark.parametrize("came_from", State)
@pytest.mark.parametrize("to", State)
def test_only_moves_of_the_table_are_made(came_from, to):
    row = make_due(state=came_from)

    if to in ALLOWED.get(came_from, set()):
        assert move(Delivery.objects.filter(pk=row.pk), came_from, to) == 1
        assert reload(row).state == to
    else:
        with pytest.raises(ValueError, match="never moves"):
            move(Delivery.objects.filter(pk=row.pk), came_from, to)
        assert reload(row).state == came_from


@pytest.mark.django_db
def test_a_row_that_somebody_else_moved_stays_where_it_is():
    row = make_due(state="cancelled")

    assert move(Delivery.objects.filter(pk=row.pk), State.PENDING, State.CLAIMED) == 0
    assert reload(row).state == "cancelled"


@pytest.mark.django_db
@pytest.mark.parametrize("end", sorted(ENDED))
@pytest.mark.parametrize("to", ["pending", "claimed", "sending", "uncertain", "failed", "expired", "cancelled", "sent"])
def test_the_database_itself_lets_no_row_leave_its_end(end, to):
    row = make_due(state=end)
    if end == to:
        return

    with pytest.raises(IntegrityError, match="never moves back"), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(state=to)
