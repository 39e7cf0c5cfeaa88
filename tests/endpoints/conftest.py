"""Fixtures for the approval page and the Teams endpoint."""

import pytest

from simulator.gallery.requests import request
from tests.endpoints.teams_setup import Stand
from tests.endpoints.visitor import Visitor, world_with


@pytest.fixture
def ana() -> Visitor:
    return Visitor(world_with(request()))


@pytest.fixture
def stand() -> Stand:
    return Stand()
