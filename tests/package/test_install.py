"""`uv tool install .`, run from a clean clone into an empty home directory, installs a working `daytwo`."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.cli.extras import SIMULATOR
from tests.package.uv import ROOT, uv

NOT_IN_A_CLONE = (".git", ".venv", ".uv", "build", "__pycache__", ".*_cache", ".hypothesis", ".daytwo")


def run(arguments: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - uv, and what it installed
        arguments,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


@dataclass(frozen=True)
class Installed:
    """A home directory that contains only the tool."""

    home: Path

    def daytwo(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command in the home directory, so that no module from the checkout can be imported."""
        return run(
            [str(self.home / ".local" / "bin" / "daytwo"), *arguments], self.home, **self.settings, **environment
        )

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables, of which none points outside the home directory."""
        return {
            "HOME": str(self.home),
            "XDG_DATA_HOME": "",
            "XDG_BIN_HOME": "",
            "UV_TOOL_DIR": "",
            "UV_TOOL_BIN_DIR": "",
        }


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working tree without build products. It does not need Git, because a source archive has no Git data."""
    target = tmp_path_factory.mktemp("clone") / "daytwo"
    shutil.copytree(ROOT, target, ignore=shutil.ignore_patterns(*NOT_IN_A_CLONE))
    return target


def install(what: str, clone: Path, home: Path) -> Installed:
    found = Installed(home)
    cache = run([uv(), "cache", "dir"], ROOT).stdout.strip()
    ended = run(
        [uv(), "tool", "install", "--quiet", what],
        clone,
        **found.settings,
        UV_CACHE_DIR=cache,
        UV_PYTHON=sys.executable,
    )
    assert ended.returncode == 0, ended.stderr
    return found


@pytest.fixture(scope="module")
def plain(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    home = tmp_path_factory.mktemp("plain")
    yield install(".", clone, home)
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def with_simulator(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    home = tmp_path_factory.mktemp("with-simulator")
    yield install(".[simulator]", clone, home)
    shutil.rmtree(home)


def test_the_installed_command_has_the_projects_version(plain: Installed) -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert plain.daytwo("--version").stdout == f"daytwo {version}\n"


def test_the_installed_command_validates_a_configuration(plain: Installed, clone: Path) -> None:
    valid = clone / "simulator" / "demo" / "daytwo.yaml"
    wrong = plain.home / "wrong.yaml"
    wrong.write_text(f"{valid.read_text()}\nno-such-section: 1\n")
    assert plain.daytwo("validate", str(valid)).returncode == 0
    ended = plain.daytwo("validate", str(wrong))
    assert (ended.returncode, "no-such-section" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", ["demo", "simulate", "serve", "gallery"])
def test_a_simulation_command_states_which_extra_to_install_if_it_is_missing(plain: Installed, command: str) -> None:
    ended = plain.daytwo(command)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        2,
        "",
        "This command needs the simulated world: run `uv tool install '.[simulator]'` in a checkout of Daytwo.\n",
    )


@pytest.mark.parametrize(("shell", "answer"), [("bash", "plain,validate\n"), ("zsh", "plain\nvalidate\n")])
def test_a_shell_completes_the_tools_commands(plain: Installed, shell: str, answer: str) -> None:
    assert "_DAYTWO_COMPLETE" in plain.daytwo("completion", shell).stdout
    typed = {"COMP_WORDS": "daytwo vali", "COMP_CWORD": "1"}
    assert plain.daytwo(_DAYTWO_COMPLETE=f"{shell}_complete", **typed).stdout.startswith(answer)


def test_a_day_can_be_simulated_with_the_extra_installed(with_simulator: Installed) -> None:
    ended = with_simulator.daytwo("demo", "--headless", "--days", "1")
    assert ended.returncode == 0, ended.stderr[-4_000:]
    assert "Rules violated               0" in ended.stdout


def test_each_package_in_the_extra_is_detected_by_one_of_its_modules() -> None:
    packages = {"azure_functions_runtime": "azure-functions-runtime", "jwt": "pyjwt"}
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["dependency-groups"]["simulator"]
    named = {requirement.split(">")[0].split("=")[0] for requirement in wanted}
    assert {packages.get(module, module) for module in SIMULATOR} == named
