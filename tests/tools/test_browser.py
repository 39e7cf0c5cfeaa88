"""Which browser the tests use. Stand-ins replace the programs on the machine."""

import os
from pathlib import Path

import pytest

from tools.browser import NoBrowserError, browser

APT = """#!/bin/sh
echo "$@" >> {log}
[ "$1" = install ] && {then}
exit 0
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("DAYTWO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tools.browser._MAC", tmp_path / "none")
    return folder


def program(folder: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)
    return folder / name


def as_user(monkeypatch: pytest.MonkeyPatch, uid: int) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
def test_an_installed_browser_is_used(programs: Path, name: str) -> None:
    installed = program(programs, name)
    assert browser() == installed


def test_root_installs_the_debian_package(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    chromium, log = programs / "chromium", tmp_path / "log"
    program(programs, "apt-get", APT.format(log=log, then=f"echo '#!/bin/sh' > {chromium} && /bin/chmod +x {chromium}"))
    assert browser() == chromium
    assert log.read_text().splitlines() == [
        "update -qq",
        "install -qq -y --no-install-recommends chromium fonts-noto-color-emoji",
    ]


def test_apt_is_not_run_by_users_other_than_root(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, 1000)
    program(programs, "apt-get", APT.format(log=tmp_path / "log", then="exit 0"))
    with pytest.raises(
        NoBrowserError, match="node and npm are not installed on this machine: install Chromium or Google"
    ):
        browser()
    assert not (tmp_path / "log").exists()


def test_npm_is_tried_if_apt_fails(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    as_user(monkeypatch, 0)
    program(programs, "apt-get", APT.format(log=tmp_path / "log", then="exit 100"))
    with pytest.raises(NoBrowserError, match="node and npm"):
        browser()
    assert "apt-get cannot install chromium" in capfd.readouterr().err


def test_nothing_is_left_behind_if_npm_fails(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    program(programs, "node")
    program(programs, "npm", "#!/bin/sh\nexit 1\n")
    with pytest.raises(NoBrowserError, match="npm cannot install @sparticuz/chromium"):
        browser()
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.name.startswith("chromium-")] == [
        "chromium-153.0.0.lock"
    ]


def test_an_unpacked_chromium_is_reused(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 1000)
    for name in ("node", "npm"):
        program(programs, name, "#!/bin/sh\nexit 1\n")
    unpacked = tmp_path / "cache" / "chromium-153.0.0"
    unpacked.mkdir(parents=True)
    assert browser() == unpacked / "chrome"
