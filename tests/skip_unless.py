"""What a test needs of the machine: missing, it skips with the reason; where CI is set, that is a failure."""

import os

import pytest


def need(condition: object, why: str) -> None:
    """Skip the test unless `condition` holds; `why` says what is missing and how to get it."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI has to have what every test needs: {why}")
    pytest.skip(why)
