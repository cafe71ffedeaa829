import pytest

from tools import linting


@pytest.fixture
def root(tmp_path):
    (tmp_path / "requirements.in").write_text("# ranges\nDjango>=5.2\ndjango-allauth[mfa]>=65\n")
    (tmp_path / "requirements-dev.in").write_text("-r requirements.in\npytest>=8\n")
    (tmp_path / "requirements.txt").write_text("django==5.2.19 \\\n    --hash=x\ndjango-allauth[mfa]==65.21 \\\n")
    (tmp_path / "requirements-dev.txt").write_text("django==5.2.19\ndjango-allauth[mfa]==65.21\npytest==9.0\n")
    return tmp_path


def test_locks_that_match_raise_no_problem(root):
    assert linting.lock_problems(root) == []


def test_name_without_a_lock_is_a_problem(root):
    with (root / "requirements.in").open("a") as file:
        file.write("segno>=1.6\n")

    assert linting.lock_problems(root) == ["segno is in requirements.in but not in its lock; run ./dev lock"]


def test_two_versions_of_one_name_are_a_problem(root):
    (root / "requirements-dev.txt").write_text("django==5.2.20\ndjango-allauth[mfa]==65.21\npytest==9.0\n")

    assert linting.lock_problems(root) == [
        "django differs between requirements.txt and requirements-dev.txt; run ./dev lock"
    ]
