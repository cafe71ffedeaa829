import subprocess
import sys

import pytest
from django.conf import settings

from tools import postgres, testing


def test_own_options_are_taken_and_the_rest_is_for_pytest():
    options, rest = testing.parse(["--all", "--only", "sqlite", "tests/dev", "-k", "stamp"])

    assert (options.all, options.only, rest) == (True, ["sqlite"], ["tests/dev", "-k", "stamp"])


def test_every_test_belongs_to_one_leg_on_sqlite():
    legs = [leg.marks for leg in testing.LEGS if not leg.on_postgres or leg.needs]

    assert legs == ["not browser and not redis and not faults", "faults and not redis", "browser", "redis"]


def leg(**changes):
    return testing.Leg(**{"name": "redis", "marks": "redis", "needs": "redis-server", **changes})


@pytest.mark.parametrize(("strict", "good"), [(False, True), (True, False)])
def test_missing_program_is_one_line_and_a_failure_only_with_all(monkeypatch, strict, good):
    monkeypatch.setattr(testing.shutil, "which", lambda _name: None)

    outcomes = testing.run_legs([leg()], [], strict=strict)

    assert [(outcome.word, outcome.good) for outcome in outcomes] == [("not run: redis-server is not installed", good)]


@pytest.mark.parametrize(
    ("status", "arguments", "strict", "expected"),
    [
        (0, [], True, ("passed", True)),
        (1, [], False, ("FAILED", False)),
        (5, ["-k", "x"], True, ("no test selected", True)),
        (5, [], True, ("no test selected", False)),
        (5, [], False, ("no test selected", True)),
    ],
)
def test_outcome_of_a_leg(monkeypatch, status, arguments, strict, expected):
    monkeypatch.setattr(testing, "run_to_end", lambda *_args, **_options: status)

    outcome = testing.run_leg(leg(), arguments, strict=strict, database_url=None)

    assert (outcome.word, outcome.good) == expected


def test_a_leg_has_its_own_database_and_no_other(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres:///of-the-shell")
    monkeypatch.setenv("REDIS_URL", "redis://of-the-shell")

    assert "DATABASE_URL" not in testing.environment_of_a_leg(None)
    assert "REDIS_URL" not in testing.environment_of_a_leg(None)
    assert testing.environment_of_a_leg("postgres:///of-the-leg")["DATABASE_URL"] == "postgres:///of-the-leg"


BYTECODE = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": str(testing.ROOT / "var" / "bytecode")}),
        ({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/own"}, {"PYTHONPYCACHEPREFIX": "/own"}),
    ],
)
def test_bytecode_that_nobody_wants_beside_the_sources_is_kept_elsewhere(monkeypatch, given, expected):
    for name in BYTECODE:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    environment = testing.environment_of_a_leg(None)

    assert {name: environment[name] for name in BYTECODE if name in environment} == expected


def test_summary_has_one_line_per_leg():
    outcomes = [
        testing.Outcome(leg(name="sqlite"), "passed", 12.34, good=True),
        testing.Outcome(leg(), "not run: redis-server is not installed", 0.0, good=False),
    ]

    assert testing.summary(outcomes).splitlines() == [
        "sqlite      12.3 s  passed",
        "redis        0.0 s  not run: redis-server is not installed",
        "together    12.3 s  FAILED",
    ]


SAMPLE = """
import pytest
def test_runs(): pass
def test_is_skipped(): pytest.skip("nothing to run on")
@pytest.mark.xfail
def test_is_expected_to_fail(): raise ValueError
"""


@pytest.mark.parametrize(
    ("options", "last_line"), [([], "1 passed, 1 skipped, 1 xfailed"), (["--no-skips"], "2 failed, 1 passed")]
)
def test_no_skips_counts_a_skip_as_a_failure(tmp_path, options, last_line):
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "tests.support.strictness"]
    where = ["-c", "/dev/null", "--rootdir", tmp_path, tmp_path / "test_sample.py"]

    done = subprocess.run(
        [*command, *options, *where], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines()[-1].startswith(last_line)


SHAKY = """
import pytest
from pathlib import Path
@pytest.mark.parametrize("number", range({tests}))
def test_shaky(number):
    seen = Path(__file__).with_name(f"seen-{{number}}")
    if {always} or not seen.exists():
        seen.touch()
        pytest.fail("the page was not there yet")
"""


@pytest.mark.parametrize(
    ("tests", "always", "last_line"),
    [(2, False, "2 passed, 2 rerun"), (1, True, "1 failed, 1 rerun"), (3, False, "1 failed, 2 passed, 2 rerun")],
)
def test_a_browser_test_has_a_second_run_that_is_told_and_only_two_have_one(tmp_path, tests, always, last_line):
    (tmp_path / "test_sample.py").write_text(SHAKY.format(tests=tests, always=always))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "tests.support.second_look"]
    where = ["-c", "/dev/null", "--rootdir", tmp_path, tmp_path / "test_sample.py"]

    done = subprocess.run(
        [*command, *testing.SECOND_LOOK, *where], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines()[-1].startswith(last_line)
    assert "run a second time after call: test_sample.py::test_shaky[0]" in done.stdout
    assert "the page was not there yet" in done.stdout


def test_no_other_leg_runs_a_test_again():
    assert [leg.name for leg in testing.LEGS if "--reruns" in leg.options] == ["browser"]


def test_throwaway_postgres_answers_and_leaves_nothing(tmp_path):
    if postgres.programs() is None:
        pytest.skip("the wheel has no PostgreSQL for this machine")
    with postgres.throwaway(database="try out") as server:
        ask = [server.programs / "psql", "-h", server.socket_dir, "-U", "postgres", "try out", "-Atc", "SELECT 6 * 7"]
        answer = subprocess.run(ask, capture_output=True, text=True, check=True).stdout

    assert (answer, server.socket_dir.exists()) == ("42\n", False)


DATABASE_SAMPLE = """
import pytest
def test_pure(): pass
@pytest.mark.django_db
def test_marked(): pass
def test_by_fixture(db): pass
def test_through_another_fixture(database_url): pass
"""


def test_second_database_is_spared_what_never_asks_one(tmp_path):
    sample = tmp_path / "test_sample.py"
    sample.write_text(DATABASE_SAMPLE)
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "--database-tests-only"]
    plugins = ["-p", "tests.support.databases", "-c", settings.BASE_DIR / "pytest.ini", "--rootdir", tmp_path]

    done = subprocess.run(
        [*command, *plugins, sample], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert [line.rpartition("::")[2] for line in done.stdout.splitlines() if "::" in line] == [
        "test_marked",
        "test_by_fixture",
        "test_through_another_fixture",
    ]
