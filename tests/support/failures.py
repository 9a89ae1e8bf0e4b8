"""What fails is told at once: of a test run that is ended before its summary, nothing else would be known.

The hooks of pytest here are those of the whole run (`conftest`).
"""

from __future__ import annotations

import pytest


class Failures:
    """Tells of each failure as it comes.

    Args:
        config: Of the run; in its workers nothing is told.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write what has failed, and why."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal is not None:
            terminal.ensure_newline()
            terminal.write_line(f"{report.nodeid} failed in its {report.when}")
            terminal.write_line(report.longreprtext)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to tell."""
    session.config.pluginmanager.register(Failures(session.config))
