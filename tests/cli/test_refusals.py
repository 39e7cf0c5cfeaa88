"""A mistake on the command line is rejected with a message instead of a traceback."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ops.adapters.state_folder import lock_folder
from ops.cli import main
from tests.fakes import CONFIG

TARGET = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop-dev"


def daytwo(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


def refused(result: Result) -> str:
    """The error message. The test fails if an unexpected exception reached click."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2)
    return result.stderr


def test_a_calendar_with_an_invalid_address_is_reported_as_a_problem_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "daytwo.yaml"
    file.write_text(f"{CONFIG}freezes: [{{ics: 'https://intranet.example:port/freeze.ics'}}]\n")
    message = refused(daytwo("validate", str(file)))
    assert "freezes[0].ics" in message
    assert "intranet.example: the calendar cannot be used: it cannot be fetched: its address cannot be used" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ("awake", "--target", TARGET, "--until", "2026-11-18T22:00+01:00"),
        ("skip", "--target", TARGET, "--until", "2026-11-18T22:00+01:00"),
        ("run", "node-image", "--target", TARGET),
    ],
)
def test_an_invalid_daytwo_url_causes_an_error_that_names_the_variable(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "daytwo.yaml"
    file.write_text(CONFIG)
    config = ("--config", str(file)) if arguments[0] == "run" else ()
    message = refused(daytwo(*arguments, *config, DAYTWO_URL="http://127.0.0.1:port"))
    assert "Invalid port: 'port'" in message
    assert "is DAYTWO_URL correct?" in message


@pytest.mark.parametrize("command", [("serve",), ("run", "node-image", "--target", TARGET)], ids=["serve", "run"])
def test_a_folder_of_records_that_another_process_uses_is_refused_with_one_sentence(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "daytwo.yaml").write_text(CONFIG)
    folder = tmp_path / "state"
    held = lock_folder(folder)
    message = refused(daytwo(*command, "--state", str(folder), "--config", str(tmp_path / "daytwo.yaml")))
    os.close(held)
    why = "another process uses this folder. Stop that process, or use another folder, and try again."
    assert message == f"Error: {folder}/lock: {why}\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--clusters", "-3"), "-3 is not in the range x>=1"),
        (("--clusters", "0"), "0 is not in the range x>=1"),
        (("--speed", "-1"), "-1.0 is not in the range x>=0"),
        (("--faults", "terrible"), "invalid choice: 'terrible'"),
    ],
)
def test_an_invalid_world_is_not_simulated(
    arguments: tuple[str, ...], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    message = refused(daytwo("simulate", *arguments))
    assert says in message + capfd.readouterr().err
