"""What a person mistypes on the command line is refused in words, and no traceback shows."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ops.cli import main
from tests.fakes import CONFIG

TARGET = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop-dev"


def daytwo(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env=environment)


def refused(result: Result) -> str:
    """What was said; an exception that click had to catch is none of the refusals."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (1, 2)
    return result.stderr


def test_a_calendar_at_an_odd_address_is_a_problem_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "daytwo.yaml"
    file.write_text(f"{CONFIG}freezes: [{{ics: 'https://intranet.example:port/freeze.ics'}}]\n")
    said = refused(daytwo("validate", str(file)))
    assert "freezes[0].ics" in said
    assert "intranet.example: the calendar cannot be used: its address cannot be used" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("awake", "--target", TARGET, "--until", "2026-11-18T22:00+01:00"),
        ("skip", "--target", TARGET, "--until", "2026-11-18T22:00+01:00"),
        ("run", "node-image", "--target", TARGET),
    ],
)
def test_a_bot_at_an_odd_address_is_asked_about(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "daytwo.yaml"
    file.write_text(CONFIG)
    config = ("--config", str(file)) if arguments[0] == "run" else ()
    said = refused(daytwo(*arguments, *config, DAYTWO_URL="http://127.0.0.1:port"))
    assert "Invalid port: 'port'" in said
    assert "is DAYTWO_URL correct?" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--clusters", "-3"), "-3 is not in the range x>=1"),
        (("--clusters", "0"), "0 is not in the range x>=1"),
        (("--speed", "-1"), "-1.0 is not in the range x>=0"),
        (("--faults", "terrible"), "invalid choice: 'terrible'"),
    ],
)
def test_a_world_that_cannot_be_is_not_simulated(
    arguments: tuple[str, ...], says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = refused(daytwo("simulate", *arguments))
    assert says in said + capfd.readouterr().err
