"""Fixtures for the adapter tests: one Azurite per session."""

from collections.abc import Iterator

import pytest

from tests.skip_unless import need
from tests.tools.azurite import Azurite, missing, running


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    need(not missing(), missing())
    with running() as emulator:
        yield emulator
