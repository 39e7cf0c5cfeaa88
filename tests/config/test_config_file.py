"""A deployed app's configuration: the last valid one, together with any current problem."""

import os
from pathlib import Path

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.config import FeedError
from ops.config.config_file import ConfigFile
from tests.fakes import CONFIG, MONDAY


def no_feed(url: str) -> bytes:
    raise FeedError(f"{url} must not be read in this test")


def write(file: Path, text: str, number: int) -> None:
    file.write_text(text)
    os.utime(file, (number, number))


def test_a_valid_file_is_read_and_is_reread_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "daytwo.yaml"
    write(file, CONFIG, 1)
    config = ConfigFile(file, SqliteStore(":memory:"), no_feed)
    first = config.current(MONDAY)
    write(file, CONFIG.replace("proven-nodes: 3", "proven-nodes: 5"), 2)
    second = config.current(MONDAY)
    assert first.settings is not None
    assert second.settings is not None
    assert (first.problem, second.problem) == ("", "")
    assert first.settings.hash != second.settings.hash


def test_the_last_valid_configuration_remains_and_the_problem_is_shown_if_the_file_is_invalid(tmp_path: Path) -> None:
    file = tmp_path / "daytwo.yaml"
    write(file, CONFIG, 1)
    config = ConfigFile(file, SqliteStore(":memory:"), no_feed)
    valid = config.current(MONDAY).settings
    write(file, CONFIG + "nonsense: 1\n", 2)
    broken = config.current(MONDAY)
    assert broken.settings == valid
    assert "nonsense" in broken.problem
    write(file, CONFIG, 3)
    assert config.current(MONDAY).problem == ""


def test_a_process_that_starts_with_an_invalid_file_reads_the_last_valid_file_from_the_store(tmp_path: Path) -> None:
    file, store = tmp_path / "daytwo.yaml", SqliteStore(":memory:")
    write(file, CONFIG, 1)
    valid = ConfigFile(file, store, no_feed).current(MONDAY).settings
    write(file, "fleet: [", 2)
    broken = ConfigFile(file, store, no_feed).current(MONDAY)
    assert broken.settings == valid
    assert broken.problem


@pytest.mark.parametrize("text", [None, "fleet: ["])
def test_there_are_no_settings_until_there_is_a_valid_configuration(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "daytwo.yaml"
    if text is not None:
        file.write_text(text)
    state = ConfigFile(file, SqliteStore(":memory:"), no_feed).current(MONDAY)
    assert state.settings is None
    assert "daytwo.yaml" in state.problem
