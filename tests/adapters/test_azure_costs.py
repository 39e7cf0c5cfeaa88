"""Costs with the unmodified client, in every shape in which Cost Management answers."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from ops.bootstrap import Wiring, wire
from ops.model.money import CostReport
from ops.ports.errors import DeniedError
from simulator.running import Running, running_simulation
from simulator.world.scripted_faults import CostAnswer

GROUP = "mc_rg-shop_shop-prod-we_westeurope"


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    with running_simulation() as running:
        yield running


@pytest.fixture
def wired(simulation: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wiring:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.setenv(name, simulation.environment[name])
    return wired_at(simulation, tmp_path / "one")


def wired_at(simulation: Running, state: Path) -> Wiring:
    """A process with an empty cache."""
    return wire({**simulation.environment, "DAYTWO_STATE": str(state)})


def ask(simulation: Running, wired: Wiring) -> CostReport:
    now = datetime.fromisoformat(str(simulation.control("/clock")["now"]))
    return wired.ports.costs.month_to_date(simulation.environment["SUBSCRIPTION"], now)


def arm(simulation: Running, shape: str) -> None:
    simulation.world.arm(CostAnswer(shape, simulation.environment["SUBSCRIPTION"]))  # type: ignore[arg-type]  # a literal


@pytest.mark.parametrize("shape", ["none", "null"])
def test_no_costs_are_an_empty_report(simulation: Running, wired: Wiring, shape: str) -> None:
    arm(simulation, shape)
    report = ask(simulation, wired)
    assert (report.costs, report.unreadable) == ((), 0)


def test_columns_of_other_agreements_are_read_and_rows_without_an_amount_are_counted(
    simulation: Running, wired: Wiring, tmp_path: Path
) -> None:
    simulation.advance(datetime.fromisoformat(str(simulation.control("/clock")["now"])).replace(day=20, hour=12))
    arm(simulation, "renamed")
    renamed, plain = ask(simulation, wired), ask(simulation, wired_at(simulation, tmp_path / "two"))
    assert renamed.costs == plain.costs
    assert {cost.currency for cost in plain.costs} == {"EUR"}
    assert (renamed.unreadable, plain.unreadable) == (1, 0)


def test_a_denied_subscription_is_a_port_error(simulation: Running, wired: Wiring) -> None:
    arm(simulation, "denied")
    with pytest.raises(DeniedError, match="AuthorizationFailed"):
        ask(simulation, wired)
