"""A browser test that failed and was run once more says at the end what it had met, so that somebody mends it."""


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"run a second time after {report.when}: {report.nodeid}", "_")
        terminalreporter.line(report.longreprtext)
