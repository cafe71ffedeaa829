"""`--no-skips`: a test that was skipped, or was expected to fail, counts as failed. `./dev test --all` asks for it."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="count skipped and xfailed tests as failed")


def _fail_if_skipped(report, config):
    if report.skipped and config.getoption("no_skips"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} did not run, and --no-skips allows no gap: {reason}"
        vars(report).pop("wasxfail", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _fail_if_skipped(report, item.config)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _fail_if_skipped(report, collector.config)
    return report
