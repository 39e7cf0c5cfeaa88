"""The bot and the world are killed again and again, and the engine loses instances: the night still ends as it should."""

import sys
from pathlib import Path

import pytest

from tests.crash.kill_rounds import KillRounds, Night

ROUNDS = 15


def assert_unharmed(night: Night) -> None:
    assert sum(night.kills[which] for which in ("bot", "world", "both")) == ROUNDS
    assert night.violations == ()
    assert night.messages_wrong == ()
    assert night.left_behind == ()
    assert night.not_justified == ()


@pytest.mark.timeout(600)
def test_a_night_with_15_kills_ends_as_it_should(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    night = KillRounds(tmp_path, seed=1).run(ROUNDS)
    with capsys.disabled():
        sys.stdout.write(f"\nkills: {dict(night.kills)}; begun: {dict(night.begun)}\n")
    assert_unharmed(night)
    assert {what.split()[0] for what in night.begun} >= {"upgrade-node-image", "restart"}
    assert night.kills["lost instances"]


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(100, 120))
def test_nights_with_300_kills_end_as_they_should(seed: int, tmp_path: Path) -> None:
    assert_unharmed(KillRounds(tmp_path, seed).run(ROUNDS))
