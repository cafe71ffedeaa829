"""The clean-up between transactional tests, and the address that other processes get."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import IntegrityError, connection

from clinic import audit, database_rules
from clinic.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("turn", [1, 2])
def test_rules_hold_and_tables_are_empty_in_every_transactional_test(turn):
    assert AuditEvent.objects.count() == 0
    audit.record("tried", by=None, turn=turn)

    with pytest.raises(IntegrityError, match="append-only"):
        AuditEvent.objects.all().delete()
    assert database_rules.missing(connection) == []


def test_another_process_sees_what_this_test_committed(child_environment):
    audit.record("seen from elsewhere", by=None)
    command = "from clinic.models import AuditEvent; print(AuditEvent.objects.get().action)"

    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", command],
        cwd=settings.BASE_DIR,
        env=child_environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "seen from elsewhere\n"
