"""`daytwo validate` says which of two overlapping rings applies, and `daytwo plan` names the clusters that this concerns."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ops.cli.plan import _warn
from ops.cli.validate import validate
from tests.configurations import CONFIG, settings
from tests.fakes import cluster

OVERLAPPING = CONFIG.replace("select: {tags: {env: prod}}", "select: {names: [shop-*]}")


def validated(folder: Path, text: str) -> list[str]:
    file = folder / "daytwo.yaml"
    file.write_text(text)
    result = CliRunner().invoke(validate, [str(file)])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_validate_names_the_ring_that_applies_to_clusters_that_two_rings_can_select(tmp_path: Path) -> None:
    expected = "rings pre-production and production can select the same cluster: production applies"
    assert validated(tmp_path, OVERLAPPING)[0] == expected
    assert not [line for line in validated(tmp_path, CONFIG) if "can select" in line]


def test_plan_names_each_cluster_that_several_rings_select(capsys: pytest.CaptureFixture[str]) -> None:
    _warn(settings(OVERLAPPING), [cluster("shop-dev"), cluster("pay-dev")], "daytwo.yaml")
    shown = capsys.readouterr().err
    assert shown == (
        "shop-dev: the rings pre-production and production select it; production applies, because it is the last of them\n"
    )
