"""The control plane itself: where its binaries come from, and that it leaves nothing behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulator.controlplane.binaries import PROGRAMS, MissingError, find_binaries
from simulator.controlplane.boot import running_control_plane
from tests.skip_unless import need


def command(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m simulator.controlplane`` in a custom environment."""
    kept = {name: value for name, value in os.environ.items() if name not in ("KUBEBUILDER_ASSETS", "DAYTWO_CACHE")}
    return subprocess.run(  # This project's own module.
        [sys.executable, "-m", "simulator.controlplane"],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def programs_in(folder: Path) -> Path:
    """A folder with an empty file for each binary."""
    for name in PROGRAMS:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_folder_with_all_the_binaries_is_used(tmp_path: Path) -> None:
    ended = command(KUBEBUILDER_ASSETS=str(programs_in(tmp_path)))
    assert (ended.returncode, ended.stdout.strip()) == (0, str(tmp_path))


def test_the_error_states_the_remedy_when_binaries_and_go_are_missing(tmp_path: Path) -> None:
    """A folder that contains only etcd and kube-apiserver, as created by setup-envtest, is not sufficient."""
    assets = programs_in(tmp_path)
    (assets / "kwok").unlink()
    ended = command(KUBEBUILDER_ASSETS=str(assets), DAYTWO_CACHE=str(tmp_path / "cache"), PATH=str(tmp_path))
    assert ended.returncode == 1
    assert "No control plane is cached in" in ended.stderr
    assert "Install Go 1.25 or later, or point KUBEBUILDER_ASSETS at a folder with etcd" in ended.stderr


def test_an_old_go_version_is_rejected(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho go1.24.9\n")
    go.chmod(0o755)
    ended = command(DAYTWO_CACHE=str(tmp_path / "cache"), PATH=f"{tmp_path}:/usr/bin:/bin")
    assert ended.returncode == 1
    assert "go1.24.9, which is too old to build a control plane" in ended.stderr


@pytest.mark.timeout(1800)
def test_a_stopped_control_plane_leaves_nothing_behind() -> None:
    try:
        binaries = find_binaries()
    except MissingError as missing:
        need(condition=False, why=str(missing))
        raise
    with running_control_plane(binaries) as plane:
        port = urlsplit(plane.url).port or 0
        assert sorted(path.stem for path in plane.folder.glob("*.log")) == sorted(PROGRAMS)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))
    assert not plane.folder.exists()
