"""Provides both engines: the same contract applies in memory and with a file."""

from pathlib import Path

import pytest


@pytest.fixture(params=["memory", "file"])
def state_dir(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "file" else None
