"""The zip works with only the packages in requirements.txt installed: a run completes on the local host."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.running import running_simulation
from simulator.slack.api import TOKEN
from tests.flows.bot import started_operations, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, after, fleet
from tests.package.uv import ROOT, uv
from tools.package import pack

LOCKED, DEVELOPERS = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"


def installed(name: str, key: bytes, *arguments: str) -> Path:
    """A folder with these packages, kept between test runs for as long as the list stays the same."""
    cache = Path(os.environ.get("DAYTWO_CACHE", Path(tempfile.gettempdir()) / "daytwo-cache"))
    folder = cache / f"{name}-{hashlib.sha256(key).hexdigest()[:16]}"
    if not (folder / ".complete").exists():
        command = [uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder), *arguments]
        ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - uv, with our own files
        assert ended.returncode == 0, ended.stderr
        (folder / ".complete").touch()
    return folder


@pytest.fixture(scope="module")
def app_packages() -> Path:
    return installed("app", LOCKED.read_bytes(), "--require-hashes", "-r", str(LOCKED))


@pytest.fixture(scope="module")
def host_packages() -> Path:
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted: list[str] = tomllib.load(file)["dependency-groups"]["simulator"]
    key = DEVELOPERS.read_bytes() + "".join(wanted).encode()
    return installed("host", key, "--constraint", str(DEVELOPERS), *wanted)


@pytest.fixture(scope="module")
def outcome(
    app_packages: Path, host_packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("booted")
    (folder / "daytwo.yaml").write_text(CONFIG)
    pack(folder / "daytwo.zip", folder / "daytwo.yaml")
    with zipfile.ZipFile(folder / "daytwo.zip") as archive:
        archive.extractall(folder / "app")
    with running_simulation(fleet()) as simulation:
        settings = {
            "DAYTWO_STATE": str(folder / "state"),
            "DAYTWO_CONFIG": str(folder / "app" / "daytwo.yaml"),
            "SLACK_TOKEN": TOKEN,
        }
        places = [folder / "app", app_packages, host_packages, ROOT]
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("hosted.py")), *map(str, places)]
        ended = subprocess.run(  # noqa: S603 - this interpreter
            [*command, target_of(TWO_POOLS), after(minutes=45).isoformat()],
            env={"PATH": os.environ["PATH"], **simulation.environment, **settings},
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stderr[-4_000:]
        answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        yield {**answer, "started_operations": started_operations(simulation), "app": str(folder / "app")}


def test_a_run_completes_in_the_unzipped_package(outcome: dict[str, Any]) -> None:
    assert (outcome["without_key"], outcome["started"], outcome["state"]) == (401, 202, "done")
    assert outcome["started_operations"] == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]


def test_the_code_in_the_package_was_executed(outcome: dict[str, Any]) -> None:
    assert outcome["ops"] == f"{outcome['app']}/ops/__init__.py"
    assert outcome["imports"] > 1_000


@pytest.mark.parametrize("module", ["croniter", "trustme", "simulator.fleets"])
def test_the_isolation_blocks_modules_from_the_host_and_the_checkout(outcome: dict[str, Any], module: str) -> None:
    assert outcome["probes"][module].startswith("the wall: ")


@pytest.mark.parametrize("module", ["httpx", "json"])
def test_the_isolation_allows_the_apps_own_modules(outcome: dict[str, Any], module: str) -> None:
    assert outcome["probes"][module] == "came through"
