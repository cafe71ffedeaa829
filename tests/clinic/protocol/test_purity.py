import json
import subprocess
import sys


def test_the_package_loads_without_django():
    program = (
        "import sys, clinic.protocol, clinic.protocol.command, clinic.protocol.door\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'django', 'celery', 'allauth'}])"
    )

    printed = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{program}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert printed.stdout == "[]\n"


def test_the_package_is_a_command_of_its_own():
    asked = '{"last_session_end": "2026-05-04T14:00:00Z", "time_zone": "UTC", "asked_date": "2026-05-11"}'

    told = subprocess.run(
        [sys.executable, "-m", "clinic.protocol", "booking"], input=asked, capture_output=True, text=True, check=True
    )

    assert json.loads(told.stdout)["rule"] == "B2"
