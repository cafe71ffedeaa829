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
