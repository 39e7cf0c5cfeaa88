"""Each contract test runs both on the simulated API server and on a real one."""

from collections.abc import Iterator

import pytest

from simulator.controlplane.binaries import MissingError, find_binaries
from simulator.controlplane.boot import ControlPlane, running_control_plane
from tests.kubernetes.clusters import Platform, real, simulated
from tests.skip_unless import need

BUILD_WITHIN_S = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Extend the timeout for the first test, which may have to build the control plane."""
    for item in items:
        if "[real" in item.name:
            item.add_marker(pytest.mark.timeout(BUILD_WITHIN_S))


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    try:
        binaries = find_binaries()
    except MissingError as missing:
        need(condition=False, why=str(missing))
        raise
    with running_control_plane(binaries) as running:
        yield running


@pytest.fixture(params=["simulated", "real"])
def platform(request: pytest.FixtureRequest) -> Platform:
    if request.param == "simulated":
        return simulated
    plane: ControlPlane = request.getfixturevalue("plane")
    return real(plane)
