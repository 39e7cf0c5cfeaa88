"""What the tests of the approval page share."""

import pytest

from simulator.gallery.requests import request
from tests.intake.visitor import Visitor, world_with


@pytest.fixture
def ana() -> Visitor:
    return Visitor(world_with(request()))
