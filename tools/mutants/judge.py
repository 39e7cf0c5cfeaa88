"""The parts of pytest that a recording and the runs of mutants share."""

from collections.abc import Mapping

import hypothesis
import pytest

from tools.mutants.children import limit_cpu_of_test

OPTIONS = (
    *("-q", "-s", "-p", "no:cacheprovider", "-o", "addopts=", "--import-mode=importlib", "--timeout=120"),
    *("-m", "not soak and not az"),
)


class Judge:
    """A plugin that limits each test's processor time and notes the first test that fails."""

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds
        self.failed = ""
        self.skipped = False

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Starts the time limit: far more than the test needs, but finite."""
        if nodeid in self._seconds:
            limit_cpu_of_test(2 + 4 * self._seconds[nodeid])

    def pytest_runtest_logfinish(self) -> None:
        """Ends the time limit."""
        limit_cpu_of_test(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes a failure."""
        self.skipped = report.skipped
        if report.failed and not self.failed:
            self.failed = report.nodeid


def settle_hypothesis() -> None:
    """Makes property tests try the same examples in each run, keep none, and stop at the first failure without simplifying it."""
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", derandomize=True, database=None, phases=phases, report_multiple_bugs=False
    )
    hypothesis.settings.load_profile("mutants")
