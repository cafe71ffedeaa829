"""Two desks that register the same person at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connections

from clinic import actions
from clinic.access import Role
from clinic.duplicates import PossibleDuplicates
from clinic.models import Patient
from tests.makers import make_clinic, make_user

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
DESKS = 6


def test_one_registers_and_the_others_are_shown_who_it_was():
    make_clinic()
    desks, start = [make_user(Role.FRONT_DESK) for _ in range(DESKS)], Barrier(DESKS)

    def register(desk):
        start.wait()
        try:
            actions.register_patient(
                given_name="Marigold", family_name="Quillfeather", birth_date=date(1967, 3, 4), by=desk
            )
        except PossibleDuplicates as found:
            return [each.patient.name for each in found.namesakes]
        finally:
            connections.close_all()
        return "registered"

    with ThreadPoolExecutor(DESKS) as pool:
        answers = list(pool.map(register, desks))

    assert sorted(map(str, answers)) == ["['Marigold Quillfeather']"] * (DESKS - 1) + ["registered"]
    assert Patient.objects.count() == 1
