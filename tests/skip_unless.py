"""A test's requirements for the machine. If one is not met, the test is skipped with the reason, or fails if CI is set."""

import os

import pytest


def need(condition: object, why: str) -> None:
    """Skip the test unless `condition` holds. `why` says what is missing and how to get it. If CI is set, fail instead."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must have what every test needs: {why}")
    pytest.skip(why)
