"""The contents of the zip. The same content always produces the same file, and an invalid configuration is not packaged."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from ops.config import ConfigError
from tests.flows.fleet import CONFIG
from tools.package import main, pack


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    (folder / "daytwo.yaml").write_text(CONFIG)
    pack(folder / "daytwo.zip", folder / "daytwo.yaml")
    return folder / "daytwo.zip"


def names(packed: Path) -> list[str]:
    with zipfile.ZipFile(packed) as archive:
        return archive.namelist()


def test_the_package_contains_everything_that_azure_loads(packed: Path) -> None:
    assert {"function_app.py", "host.json", "requirements.txt", "daytwo.yaml"} <= set(names(packed))
    assert "ops/engine/operation.py" in names(packed)
    assert "ops/settings/node_image.py" in names(packed)
    assert {"ops/render/templates/request.html", "ops/render/templates/page.css"} <= set(names(packed))


def test_the_simulator_the_tests_and_the_command_line_are_not_packaged(packed: Path) -> None:
    folders = {name.split("/")[0] for name in names(packed) if "/" in name}
    assert folders == {"ops"}
    assert [name for name in names(packed) if name.startswith("ops/cli")] == []
    with zipfile.ZipFile(packed) as archive:
        assert "simulator" not in archive.read("requirements.txt").decode()
        assert json.loads(archive.read("host.json"))["version"] == "2.0"


@pytest.mark.parametrize(
    ("extras", "present", "absent"),
    [
        ((), "slack-sdk", "microsoft-agents-hosting-core"),
        ((), "opentelemetry-api", "azure-monitor-opentelemetry-exporter"),
        (("teams-bot",), "microsoft-agents-hosting-core", "azure-monitor-opentelemetry-exporter"),
        (("telemetry",), "azure-monitor-opentelemetry-exporter", "microsoft-agents-hosting-core"),
        (("teams-bot", "telemetry"), "microsoft-agents-hosting-core", "rich"),
        (("teams-bot", "telemetry"), "azure-monitor-opentelemetry-exporter", "croniter"),
    ],
)
def test_azure_installs_the_chosen_extras_but_not_the_command_line(
    tmp_path: Path, extras: tuple[str, ...], present: str, absent: str
) -> None:
    pack(tmp_path / "daytwo.zip", extras=extras)
    with zipfile.ZipFile(tmp_path / "daytwo.zip") as archive:
        installed = re.findall(r"^([a-z0-9-]+)==", archive.read("requirements.txt").decode(), re.MULTILINE)
    assert present in installed
    assert absent not in installed
    assert len(installed) == len(set(installed))


def test_the_same_content_produces_the_same_file(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "daytwo.yaml").write_text(CONFIG)
    pack(tmp_path / "again.zip", tmp_path / "daytwo.yaml")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


def test_an_invalid_configuration_is_not_packaged(tmp_path: Path) -> None:
    (tmp_path / "daytwo.yaml").write_text(CONFIG.replace("node-image:", "node-imag:"))
    with pytest.raises(ConfigError):
        pack(tmp_path / "daytwo.zip", tmp_path / "daytwo.yaml")
    assert not (tmp_path / "daytwo.zip").exists()


def test_exactly_the_calendars_in_the_configuration_are_packaged(tmp_path: Path) -> None:
    """The app itself fetches a calendar at an address, so it does not matter whether the address responds here."""
    calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    (tmp_path / "company").mkdir()
    for name in ("freeze.ics", "company/holidays.ics", "private.ics"):
        (tmp_path / name).write_bytes(calendar)
    freezes = "".join(
        f"  - {{ics: '{name}'}}\n"
        for name in ("freeze.ics", "./company/holidays.ics", "https://127.0.0.1:9/freeze.ics")
    )
    (tmp_path / "daytwo.yaml").write_text(f"{CONFIG}freezes:\n{freezes}")
    pack(tmp_path / "daytwo.zip", tmp_path / "daytwo.yaml")
    packed = [name for name in names(tmp_path / "daytwo.zip") if name.endswith(".ics")]
    assert packed == ["company/holidays.ics", "freeze.ics"]


def test_a_missing_calendar_makes_the_configuration_invalid(tmp_path: Path) -> None:
    (tmp_path / "daytwo.yaml").write_text(f"{CONFIG}freezes: [{{ics: missing.ics}}]\n")
    with pytest.raises(ConfigError, match=r"missing\.ics"):
        pack(tmp_path / "daytwo.zip", tmp_path / "daytwo.yaml")


def test_the_command_rejects_an_invalid_configuration_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "daytwo.yaml").write_text(CONFIG.replace("node-image:", "node-imag:"))
    assert main(["--config", str(tmp_path / "daytwo.yaml"), "--out", str(tmp_path / "daytwo.zip")]) == 2
    assert "daytwo.yaml:8:" in capsys.readouterr().err
    assert not (tmp_path / "daytwo.zip").exists()


def test_the_command_prints_the_path_of_the_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "daytwo.yaml").write_text(CONFIG)
    assert main(["--config", str(tmp_path / "daytwo.yaml"), "--out", str(tmp_path / "daytwo.zip")]) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path / 'daytwo.zip'}: ")
